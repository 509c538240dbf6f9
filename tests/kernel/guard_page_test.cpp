#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <new>
#include <pare/nn/reordered.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

enum class trap { before, after };

// `count` elements with a page that traps right before the first or right after the last.
template <class T>
class guarded {
 public:
  guarded(index count, trap where) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T), inside = (bytes + page - 1) / page * page;
    size_ = inside + 2 * page;
    base_ = mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED) throw std::bad_alloc{};
    std::byte* first = static_cast<std::byte*>(base_) + page;
    if (inside != 0 && mprotect(first, inside, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc{};
    data_ = reinterpret_cast<T*>(where == trap::before ? first : first + inside - bytes);
  }
  guarded(const T* values, index count, trap where) : guarded(count, where) {
    if (count != 0) std::memcpy(data_, values, static_cast<std::size_t>(count) * sizeof(T));
  }
  guarded(const guarded&) = delete;
  ~guarded() { munmap(base_, size_); }
  T* data() const { return data_; }

 private:
  std::size_t size_ = 0;
  void* base_ = nullptr;
  T* data_ = nullptr;
};

// The arrays of packed weights, guarded.
template <class F>
struct guarded_weights {
  using view_type = pare::panel_view<typename F::structure>;
  guarded<std::byte> strips;
  guarded<std::int32_t> sums;
  guarded<std::uint32_t> first;
  guarded<std::uint16_t> cells;

  guarded_weights(const view_type& view, const extents& size, trap where)
      : strips(view.strips, kept(view, size) * pare::strip_bytes, where),
        sums(view.sums, view.sums == nullptr ? 0 : pare::panel_count(size.n) * pare::strip_lanes, where),
        first(first_of(view), listed ? pare::panel_count(size.n) + 1 : 0, where),
        cells(cells_of(view), listed ? kept(view, size) : 0, where) {}

  void put_into(view_type& view) const {
    view.strips = strips.data();
    if (view.sums != nullptr) view.sums = sums.data();
    if constexpr (listed) {
      view.first = first.data();
      view.cells = cells.data();
    }
  }

 private:
  static constexpr bool listed = std::is_same_v<typename F::structure, pare::block16>;
  static index kept(const view_type& view, const extents& size) {
    const index panels = pare::panel_count(size.n);
    if constexpr (listed) {
      return view.first[panels];
    } else {
      return panels * pare::strips_per_panel<typename F::w_type>(size.k);
    }
  }
  static const std::uint32_t* first_of(const view_type& view) {
    if constexpr (listed) return view.first;
    return nullptr;
  }
  static const std::uint16_t* cells_of(const view_type& view) {
    if constexpr (listed) return view.cells;
    return nullptr;
  }
};

// Runs with every operand between guard pages. Rows have no gaps, so the last one ends where memory ends.
template <class F, class Out, class Epilogue>
void check_guarded(std::uint64_t seed, const extents& size, trap where, const Epilogue& epilogue) {
  generator random{seed};
  const auto o = draw_operands<F>(random, size);
  std::vector<typename F::a_type> values;
  for (index i = 0; i < size.m; ++i) values.insert(values.end(), o.x.view().row(i), o.x.view().row(i) + size.k);
  const guarded<typename F::a_type> x(values.data(), size.m * size.k, where);
  const guarded_weights<F> weights(o.packed.view(), size, where);
  const guarded<Out> y(size.m * size.n, where);
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " on " << name(t) << ", m " << size.m << ", n " << size.n << ", k " << size.k << ", seed "
                       << seed << (where == trap::before ? ", trap before" : ", trap after"));
    loose_matrix<Out> expected(size.m, size.n, 0), copy = expected.blank();
    run(whole_call(o, epilogue, expected.view()), t);
    auto call = whole_call(o, epilogue, pare::matrix_view<Out>(y.data(), size.m, size.n));
    call.a = x.data();
    call.a_stride = size.k;
    weights.put_into(call.weights);
    run(call, t);
    for (index i = 0; i < size.m * size.n; ++i) copy.view().data[i] = y.data()[i];
    REQUIRE(difference(copy, expected) == "");
  }
}

template <class Check>
void for_each_edge(const Check& check) {
  constexpr index widths[] = {1, 15, 16, 17, 33, 63, 64, 70};
  std::uint64_t seed = 0;
  for (const trap where : {trap::before, trap::after}) {
    for (const index m : {1, 2, 5, 9, 14}) {
      for (const index k : {1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33}) {
        check(seed, extents{m, widths[seed % std::size(widths)], k}, where);
        ++seed;
      }
    }
  }
}

using formats = decltype(std::tuple_cat(integer_formats{}, float_formats{}, std::tuple<f32_f16>{}));

}  // namespace

TEMPLATE_LIST_TEST_CASE("sums read and write nothing outside the operands", "", formats) {
  for_each_edge([](std::uint64_t seed, const extents& size, trap where) {
    check_guarded<TestType, typename TestType::sum>(seed, size, where, pare::as_is);
  });
}

TEST_CASE("reordered weights: nothing is read or written outside the operands and the copy") {
  for_each_edge([](std::uint64_t seed, const extents& size, trap where) {
    using format = s8_s8n<pare::dense>;
    generator random{seed};
    const auto o = draw_operands<format>(random, size);
    std::vector<std::int8_t> values;
    for (index i = 0; i < size.m; ++i) values.insert(values.end(), o.x.view().row(i), o.x.view().row(i) + size.k);
    const guarded<std::int8_t> x(values.data(), size.m * size.k, where);
    const guarded<std::int32_t> y(size.m * size.n, where);
    for (const pare::target t : available_targets()) {
      INFO(name(t) << ", m " << size.m << ", n " << size.n << ", k " << size.k);
      const index bytes = pare::reordered_bytes(size.n, size.k, t);
      const guarded<std::byte> memory(bytes, where);
      const pare::reordered_weights reordered(o.packed, std::span(memory.data(), static_cast<std::size_t>(bytes)), t);
      loose_matrix<std::int32_t> expected(size.m, size.n, 0), copy = expected.blank();
      run(whole_call(o, pare::as_is, expected.view()), t);
      pare::linear(pare::matrix_view<const std::int8_t>(x.data(), size.m, size.k), o.zero_point, reordered, pare::as_is,
                   pare::matrix_view<std::int32_t>(y.data(), size.m, size.n), t);
      for (index i = 0; i < size.m * size.n; ++i) copy.view().data[i] = y.data()[i];
      REQUIRE(difference(copy, expected) == "");
    }
  });
}

TEST_CASE("codes are written nowhere outside the output, and whole strips of channels are read") {
  for_each_edge([](std::uint64_t seed, const extents& size, trap where) {
    const index padded = pare::round_up(size.n, pare::strip_lanes);
    const std::vector<std::int32_t> ones(static_cast<std::size_t>(padded), 1 << 30);
    const guarded<std::int32_t> bias(ones.data(), padded, where), value(ones.data(), padded, where);
    const guarded<std::int32_t> shift(std::vector<std::int32_t>(ones.size(), -6).data(), padded, where);
    pare::bias_stage<std::int32_t> add_bias;
    pare::requantize_stage<pare::tflite> requantize;
    add_bias.values = bias.data();
    requantize.terms[0] = value.data();
    requantize.terms[1] = shift.data();
    requantize.output = {5, -128, 127};
    check_guarded<s8_s8n<pare::dense>, std::int8_t>(seed, size, where, add_bias | requantize);
  });
}

TEST_CASE("a residual is read nowhere outside its elements") {
  for_each_edge([](std::uint64_t seed, const extents& size, trap where) {
    const index padded = pare::round_up(size.n, pare::strip_lanes);
    const guarded<float> scales(std::vector<float>(static_cast<std::size_t>(padded), 0.01f).data(), padded, where);
    const guarded<std::int8_t> residual(size.m * size.n, where);
    pare::dequantize_stage dequantize;
    dequantize.scales = scales.data();
    const pare::matrix_view<const std::int8_t> other(residual.data(), size.m, size.n);
    check_guarded<s8_s8n<pare::dense>, std::int8_t>(
        seed, size, where,
        dequantize | pare::add(other, 0.5f, 3) | pare::relu | pare::quantize_to(0.1f, {-128, -128, 127}));
  });
}

}  // namespace cases
