#include <catch2/catch.hpp>
#include <chrono>
#include <pare/nn/advise.hpp>
#include <pare/nn/linear_cells.hpp>
#include <pare/nn/threads.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

/// Owned channel cells; whatever the view may not touch, and whatever no value was given, has a fixed pattern.
template <class T>
class loose_cells {
 public:
  loose_cells(index pixels, index channels, index gap)
      : pixels_(pixels),
        channels_(channels),
        plane_((pare::round_up(pixels, 16) + gap) * view_type::depth),
        memory_(static_cast<std::size_t>(pare::ceil_div(channels, view_type::depth) * plane_ + 2), T(0x5b)) {}
  using view_type = pare::cells_view<T>;
  view_type view() { return {memory_.data() + 1, pixels_, channels_, plane_}; }
  pare::cells_view<const T> view() const { return const_cast<loose_cells&>(*this).view(); }
  /// True if nothing was written outside the planes.
  bool kept_gaps() const {
    const index used = pare::round_up(pixels_, 16) * view_type::depth;
    bool kept = memory_.front() == T(0x5b) && memory_.back() == T(0x5b);
    for (index i = 0; i + 2 < static_cast<index>(memory_.size()); ++i)
      kept &= i % plane_ < used || memory_[static_cast<std::size_t>(i + 1)] == T(0x5b);
    return kept;
  }

 private:
  index pixels_, channels_, plane_;
  std::vector<T> memory_;
};

/// Zeroes blocks of R channels by one cell: about `share` of 8, every one of some groups, or none.
template <index R, class T>
void drop_blocks(generator& random, loose_matrix<T>& weights, int share) {
  const auto view = weights.view();
  for (index group = 0; group < view.rows; group += R) {
    const bool empty = share != 0 && random.next() % 8 == 0;
    for (index l = 0; l < view.columns; l += pare::cell_depth<T>) {
      if (!empty && static_cast<int>(random.next() % 8) >= share) continue;
      for (index j = group; j < std::min(view.rows, group + R); ++j)
        for (index c = l; c < std::min(view.columns, l + pare::cell_depth<T>); ++c) view(j, c) = T{0};
    }
  }
}

template <class F, index R>
void check_sums(std::uint64_t seed, const extents& size, int share, filling how = filling::any) {
  using T = typename F::a_type;
  generator random{seed};
  const auto x = filled<typename F::A>(random, size.m, size.k, how);
  auto w = filled<typename F::W>(random, size.n, size.k, how);
  drop_blocks<R>(random, w, share);
  std::int32_t zero_point = 0;
  if constexpr (sizeof(T) == 1) zero_point = draw<typename F::A>(random, how);
  using reference_sum = std::conditional_t<F::kind == pare::value_kind::real, double, std::int64_t>;
  loose_matrix<reference_sum> expected(size.m, size.n, 0);
  pare::reference::gemm<reference_sum>(x.view(), zero_point, std::as_const(w).view(), 0, expected.view());
  const pare::packed_weights<typename F::W, typename F::structure> packed(std::as_const(w).view());

  loose_cells<T> cells(size.m, size.k, random.between(0, 3));
  for (index i = 0; i < size.m; ++i)
    for (index l = 0; l < size.k; ++l) cells.view()(i, l) = x(i, l);
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " rows " << R << " on " << name(t) << ", m " << size.m << ", n " << size.n << ", k " << size.k
                       << ", zero point " << zero_point << ", seed " << seed);
    loose_cells<typename F::sum> y(size.m, size.n, 1);
    pare::linear<typename F::A, F::depth>(std::as_const(cells).view(), zero_point, packed, pare::as_is, y.view(), t);
    bool same = true;
    for (index i = 0; i < size.m; ++i) {
      for (index j = 0; j < size.n; ++j) {
        if constexpr (F::kind == pare::value_kind::real) {
          double sizes = 0;  // see the bound of gemm_test.cpp
          for (index l = 0; l < size.k; ++l) sizes += std::abs(double{x(i, l)} * double{w(j, l)});
          same &= std::abs(y.view()(i, j) - expected(i, j)) <= static_cast<double>(size.k) * 0x1.1p-24 * sizes;
        } else {
          same &= y.view()(i, j) == expected(i, j);
        }
      }
    }
    REQUIRE(same);
    REQUIRE(y.kept_gaps());
  }
}

template <class F, index R>
struct cells_case {
  static void check() {
    constexpr index heights[] = {1, 3, 15, 16, 17, 31, 33, 48, 64, 65, 79, 130};
    std::uint64_t seed = 100 * R;
    for (index n = 1; n <= 21; ++n, ++seed)
      check_sums<F, R>(seed, {heights[seed % std::size(heights)], n, static_cast<index>(seed * 7 % 43)},
                       static_cast<int>(seed % 9));
    check_sums<F, R>(++seed, {0, 5, 8}, 3);
    check_sums<F, R>(++seed, {5, 0, 8}, 3);
    check_sums<F, R>(++seed, {20, 9, 0}, 3);
    // So many blocks that single channels run over copies of strips; at the last depth not all of these fit.
    for (const index k : {5, 37, 150, 1100}) {
      ++seed;
      check_sums<F, R>(seed, {heights[seed % std::size(heights)] + 64, 70, std::min(F::depth, k)}, 4);
    }
    if constexpr (F::kind != pare::value_kind::real) {
      check_sums<F, R>(++seed, {17, 9, std::min(F::depth, index{3000})}, 0, filling::least);
      check_sums<F, R>(++seed, {17, 9, std::min(F::depth, index{3000})}, 0, filling::greatest);
      check_sums<F, R>(++seed, {17, 9, std::min(F::depth, index{3000})}, 2, filling::ends);
    }
  }
};

template <index R, index C = 4>
using blocks = pare::block<R, C>;
using all_cases =
    std::tuple<cells_case<s8_s8n<blocks<4>>, 4>, cells_case<s8_s8<blocks<1>>, 1>, cells_case<u8_s8n<blocks<2>>, 2>,
               cells_case<u8_s8<blocks<8>>, 8>, cells_case<q12_q12_shallow<blocks<4>>, 4>,
               cells_case<s16_s16<blocks<2>>, 2>, cells_case<f32_f32<blocks<1>>, 1>, cells_case<f32_f32<blocks<4>>, 4>>;

}  // namespace

TEMPLATE_LIST_TEST_CASE("block-sparse sums in channel cells are the reference's at every edge", "", all_cases) {
  TestType::check();
}

TEMPLATE_TEST_CASE("rows become channel cells and come back as they were", "", std::uint8_t, std::int16_t, float) {
  generator random{6};
  for (const index pixels : {0, 1, 4, 17, 70}) {
    for (const index channels : {0, 1, 2, 3, 4, 7, 19, 64}) {
      const auto x = filled<typename pare::element_of<TestType>::type>(random, pixels, channels);
      for (const pare::target t : available_targets()) {
        loose_cells<TestType> cells(pixels, channels, 2);
        pare::to_cells(x.view(), cells.view(), t);
        bool same = true;
        for (index i = 0; i < pixels; ++i)
          for (index c = 0; c < channels; ++c) same &= cells.view()(i, c) == x(i, c);
        CHECK(same);
        CHECK(cells.kept_gaps());
        auto back = x.blank();
        pare::to_rows(std::as_const(cells).view(), back.view(), t);
        CHECK(difference(back, x) == "");
      }
    }
  }
}

TEST_CASE("codes go into the cells of the next layer as they come out of rows") {
  generator random{5};
  const pare::output_map outputs[] = {{-5, -128, 127}, {10, 10, 90}, {-128, -127, -60}};
  int round = 0;
  for (const extents& size : {extents{70, 37, 45}, {16, 4, 9}, {33, 2, 64}, {64, 16, 80}, {128, 8, 20}, {70, 12, 80}}) {
    const auto x = filled<pare::s8>(random, size.m, size.k);
    auto w = filled<pare::s8_narrow>(random, size.n, size.k);
    drop_blocks<4>(random, w, 5);
    pare::channels<std::int32_t> bias(size.n, 0);
    std::vector<double> scales;
    for (index j = 0; j < size.n; ++j) {
      bias[j] = static_cast<std::int32_t>(random.between(-9000, 9000));
      scales.push_back(static_cast<double>(random.between(1, 100)) * (size.n == 12 ? 1e6 : 1e-5));  // beyond int32 too
    }
    const pare::multipliers<pare::float_nearest_even> multipliers(scales);
    const auto epilogue = pare::bias(bias) | pare::requantize(multipliers, outputs[round++ % 3]);
    const pare::packed_weights<pare::s8_narrow> dense(std::as_const(w).view());
    loose_matrix<std::int8_t> expected(size.m, size.n, 0);
    pare::linear(x.view(), 7, dense, epilogue, expected.view(), pare::target::scalar);

    const pare::packed_weights<pare::s8_narrow, blocks<4>> packed(std::as_const(w).view());
    loose_cells<std::int8_t> cells(size.m, size.k, 0);
    for (index i = 0; i < size.m; ++i)
      for (index l = 0; l < size.k; ++l) cells.view()(i, l) = x(i, l);
    const pare::threads two(2);
    for (const pare::target t : available_targets()) {
      for (const bool parallel : {false, true}) {
        loose_cells<std::int8_t> y(size.m, size.n, 0);
        if (parallel) {
          pare::linear(std::as_const(cells).view(), 7, packed, epilogue, y.view(), t, two);
        } else {
          pare::linear(std::as_const(cells).view(), 7, packed, epilogue, y.view(), t);
        }
        INFO(name(t) << (parallel ? ", two threads" : ""));
        bool same = true;
        for (index i = 0; i < size.m; ++i)
          for (index j = 0; j < size.n; ++j) same &= y.view()(i, j) == expected(i, j);
        CHECK(same);
        auto rows = expected.blank();
        if (parallel) {
          pare::linear(x.view(), 7, packed, epilogue, rows.view(), t, two);
        } else {
          pare::linear(x.view(), 7, packed, epilogue, rows.view(), t);
        }
        CHECK(difference(rows, expected) == "");
      }
    }
  }
}

TEST_CASE("blocks take their weights, two bytes each for their place, and their groups' beginnings") {
  const auto half = [](index, pare::matrix_view<std::int8_t> tile) {
    for (index j = 0; j < tile.rows; ++j)
      for (index l = 0; l < tile.columns; ++l) tile(j, l) = l < 16;
  };
  const pare::packed_weights<pare::s8_narrow, blocks<4>> packed(32, 32, half);
  CHECK(packed.bytes() == 8 * 4 * (16 + 2) + 4 * 32 + 4 * 9);
  CHECK(packed.density() == 0.5);
}

TEST_CASE("channel cells that do not fit are refused in words") {
  const pare::packed_weights<pare::s8_narrow, blocks<4>> w(4, 8, [](index, auto) {});
  using cells = pare::cells_view<const std::int8_t>;
  using sums = pare::cells_view<std::int32_t>;
  const std::int8_t memory[128] = {};
  std::int32_t y[64];
  const auto product = [&](const cells& in, const sums& out) { pare::linear(in, 0, w, pare::as_is, out); };
  CHECK_NOTHROW(product({memory, 16, 8}, {y, 16, 4}));
  CHECK_THROWS_WITH(product({memory, 16, 7}, {y, 16, 4}), "pare: x.channels: expected 8, got 7");
  CHECK_THROWS_WITH(product({memory, 16, 8}, {y, 15, 4}), "pare: y.pixels: expected 16, got 15");
  CHECK_THROWS_WITH(product({memory, 16, 8}, {y, 16, 5}), "pare: y.channels: expected 4, got 5");
  CHECK_THROWS_WITH(product({memory, 15, 8, 60}, {y, 15, 4}),
                    "pare: x.plane: expected at least 64, a multiple of 16 pixels, got 60");
  CHECK_THROWS_WITH(product({nullptr, 16, 8}, {y, 16, 4}),
                    "pare: x.data: expected memory for a view that is not empty, got a null pointer");
  CHECK_THROWS_WITH((pare::packed_weights<pare::f32, blocks<1, 1>>(1, 65537, [](index, auto) {})),
                    "pare: weights.columns: expected at most 65536 cells of 1, got 65537");
}

namespace {
/// A clock that goes on by a second whenever it is read.
struct steps_clock {
  using duration = std::chrono::seconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<steps_clock>;
  [[maybe_unused]] static constexpr bool is_steady = true;
  static inline int reads = 0;
  static time_point now() { return time_point(duration(++reads)); }
};
}  // namespace

TEST_CASE("advice has a row for every structure, layout and sparsity, and says from which on it is faster") {
  generator random{8};
  const auto w = filled<pare::s8_narrow>(random, 20, 40);
  const double sparsities[] = {0.5, 0.9};
  const pare::advice timed = pare::advise<pare::structures<blocks<4>>, pare::s8_narrow, steps_clock>(
      w.view(), pare::target::scalar, 17, sparsities);
  CHECK(timed.dense_seconds == 1);
  CHECK(timed.dense_bytes == pare::packed_weights<pare::s8_narrow>(w.view()).bytes());
  REQUIRE(timed.rows.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(timed.rows[i].structure == "block<4, 4>");
    CHECK(timed.rows[i].layout == (i < 2 ? "rows" : "cells"));
    CHECK(timed.rows[i].sparsity == (i % 2 == 0 ? 0.5 : 0.9));
    CHECK(timed.rows[i].seconds == 1);
    CHECK(timed.rows[i].bytes == timed.rows[i % 2].bytes);
  }
  CHECK(timed.rows[1].bytes < timed.rows[0].bytes);
  CHECK(!pare::pays_from(timed, "block<4, 4>", "rows"));

  pare::advice a{.m = 1, .n = 2, .k = 3, .target = "scalar", .dense_seconds = 1, .dense_bytes = 8, .rows = {}};
  for (const auto& [sparsity, seconds] : {std::pair(0.1, 0.9), {0.5, 1.5}, {0.7, 0.5}, {0.9, 0.25}})
    a.rows.push_back({"block<4, 4>", "rows", sparsity, seconds, 4});
  CHECK(pare::pays_from(a, "block<4, 4>", "rows") == 0.7);
  CHECK(!pare::pays_from(a, "block<4, 4>", "cells"));
  const std::string table = pare::to_text(a);
  CHECK(table.find("1x2x3 on scalar, dense: 1000000.00 us, 8 bytes\n") == 0);
  CHECK(table.find("90.0 % pruned: 250000.00 us,  4.00 times as fast, 0.500 of the bytes\n") != std::string::npos);
  CHECK(table.find("block<4, 4> in rows is faster from 70.0 % on\n") != std::string::npos);
  a.rows.resize(1);
  CHECK(pare::to_json(a) ==
        "{\"m\": 1, \"n\": 2, \"k\": 3, \"target\": \"scalar\", \"dense_seconds\": 1, \"dense_bytes\": 8, "
        "\"rows\": [\n{\"structure\": \"block<4, 4>\", \"layout\": \"rows\", \"sparsity\": 0.1, "
        "\"seconds\": 0.9, \"bytes\": 4}\n]}\n");
  CHECK_THROWS_WITH((pare::advise<pare::structures<blocks<4>>>(w.view(), pare::target::scalar, 0)),
                    "pare: m: expected at least 1, got 0");
}

}  // namespace cases
