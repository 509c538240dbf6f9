#include <catch2/catch.hpp>
#include <pare/nn/constant.hpp>
#include <pare/nn/reordered.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

using byte_formats =
    std::tuple<s8_s8n<pare::dense>, s8_s8<pare::dense>, u8_s8n<pare::dense>, u8_s8<pare::dense>, s8_s8_deep>;

/// On every target, with the copy of that target and without one.
template <class F>
void check_sums(std::uint64_t seed, const extents& size, filling x = filling::any, filling w = filling::any) {
  generator random{seed};
  const auto o = draw_operands<F>(random, size, x, w);
  const auto exact = reference_sums(o);
  loose_matrix<typename F::sum> expected(size.m, size.n, random.between(0, 3));
  for (index i = 0; i < size.m; ++i)
    for (index j = 0; j < size.n; ++j) expected(i, j) = static_cast<typename F::sum>(exact(i, j));
  for (const pare::target t : available_targets()) {
    for (const pare::target copied_for : {t, pare::target::scalar}) {
      INFO(describe<F>() << " on " << name(t) << ", reordered for " << name(copied_for) << ", m " << size.m << ", n "
                         << size.n << ", k " << size.k << ", seed " << seed);
      const pare::reordered_weights reordered(o.packed, copied_for);
      auto y = expected.blank();
      pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, reordered, pare::as_is, y.view(), t);
      REQUIRE(difference(y, expected) == "");
    }
  }
}

}  // namespace

TEST_CASE("a pair of strips has the 8 weights of a channel side by side, and zeros beyond k") {
  constexpr index n = 16, k = 19, strips = 5;
  const pare::packed_weights<pare::s8> packed(n, k, [](index, auto tile) {
    for (index j = 0; j < n; ++j)
      for (index l = 0; l < k; ++l) tile(j, l) = static_cast<std::int8_t>(1 + j + 5 * l);
  });
  std::vector<std::byte> pairs(static_cast<std::size_t>(pare::pair_panel_bytes(k)), std::byte{0x77});
  REQUIRE(pairs.size() == 3 * 16 * 8);
  pare::pair_strips(packed.view().strips, strips, pairs.data());
  for (index l = 0; l < 24; ++l) {
    for (index j = 0; j < n; ++j) {
      INFO("channel " << j << ", element " << l);
      const std::byte got = pairs[static_cast<std::size_t>(l / 8 * 128 + j * 8 + l % 8)];
      CHECK(std::to_integer<int>(got) == (l < k ? (1 + j + 5 * l) % 256 : 0));
    }
  }
}

TEMPLATE_LIST_TEST_CASE(
    "sums of reordered weights are the reference's for every height of a tile and every partial cell", "",
    byte_formats) {
  constexpr index widths[] = {1, 15, 16, 17, 31, 33, 48, 64, 65};
  std::uint64_t seed = 0;
  for (index m = 0; m <= 20; ++m)
    for (index k = 0; k <= 40; ++k, ++seed) check_sums<TestType>(seed, {m, widths[seed % std::size(widths)], k});
}

TEMPLATE_LIST_TEST_CASE("sums of reordered weights are exact at the ends of the ranges", "", byte_formats) {
  std::uint64_t seed = 5000;
  for (const index k : {index{1000}, std::min(TestType::depth, index{65536})})
    for (const filling x : {filling::least, filling::greatest, filling::ends})
      for (const filling w : {filling::least, filling::greatest}) check_sums<TestType>(++seed, {3, 17, k}, x, w);
}

TEST_CASE("reordered weights give the codes of the weights, also in parts and with extents known to the compiler") {
  using format = s8_s8n<pare::dense>;
  generator random{7};
  for (const extents& size : {extents{196, 70, 96}, {13, 192, 40}, {61, 100, 33}}) {
    const auto o = draw_operands<format>(random, size);
    const pare::channels<std::int32_t> bias(size.n, 1234);
    const pare::multipliers<pare::tflite> scale(std::vector<double>(static_cast<std::size_t>(size.n), 0.003));
    const auto epilogue = pare::bias(bias) | pare::requantize(scale, {-3, -128, 127});
    for (const pare::target t : available_targets()) {
      INFO(name(t) << ", " << size.m << " x " << size.n << " x " << size.k);
      const pare::reordered_weights reordered(o.packed, t);
      loose_matrix<std::int8_t> expected(size.m, size.n, 1);
      auto y = expected.blank();
      pare::linear(o.x.view(), o.zero_point, o.packed, epilogue, expected.view(), t);
      pare::linear(o.x.view(), o.zero_point, reordered, epilogue, y.view(), t);
      CHECK(difference(y, expected) == "");
      auto part_of_y = expected.blank(), expected_part = expected.blank();
      auto part = whole_call(o, epilogue, expected_part.view());
      part.part = {1, size.m - 2, 5, size.n - 3};
      run(part, t);
      part.out = part_of_y.view().data;
      run(pare::with_weights(part, reordered.view()), t);
      CHECK(difference(part_of_y, expected_part) == "");
    }
  }
  const auto o = draw_operands<format>(random, {13, 192, 40});
  for (const pare::target t : available_targets()) {
    const pare::reordered_weights reordered(o.packed, t);
    loose_matrix<std::int32_t> expected(13, 192, 0), y(13, 192, 0);
    pare::linear(o.x.view(), o.zero_point, o.packed, pare::as_is, expected.view(), t);
    pare::linear(o.x.view(), o.zero_point, pare::with_extents(reordered, pare::extent<192>, pare::extent<40>),
                 pare::as_is, y.view(), t);
    CHECK(difference(y, expected) == "");
  }
}

TEST_CASE("weights of other memory are reordered: views and constants") {
  static constexpr pare::constant_weights<pare::s8_narrow, 2, 3> w({{1, 2, 3}, {4, 5, 6}});
  const std::int8_t x[] = {1, 10, 100};
  for (const pare::target t : available_targets()) {
    std::int32_t y[2];
    pare::linear(pare::matrix_view<const std::int8_t>(x, 1, 3), 0, pare::reordered_weights(w, t), pare::as_is,
                 pare::matrix_view<std::int32_t>(y, 1, 2), t);
    CHECK(y[0] == 321);
    CHECK(y[1] == 654);
  }
}

TEST_CASE("memory for the copy is the caller's if wanted, and refused where it does not do") {
  const pare::packed_weights<pare::s8_narrow> w(20, 9, [](index, auto tile) {
    for (index j = 0; j < tile.rows; ++j)
      for (index l = 0; l < tile.columns; ++l) tile(j, l) = static_cast<std::int8_t>(j - l);
  });
  const std::vector<std::int8_t> x(5 * 9, 3);
  const pare::matrix_view<const std::int8_t> view(x.data(), 5, 9);
  for (const pare::target t : available_targets()) {
    const index bytes = pare::reordered_bytes(20, 9, t);
    CHECK(bytes == (t == pare::target::neon_i8mm ? 2 * 2 * 128 : 0));
    pare::aligned_storage<std::byte> memory(bytes + 64);
    std::fill_n(memory.data(), memory.size(), std::byte{0x55});
    const pare::reordered_weights reordered(w, std::span(memory.data(), static_cast<std::size_t>(bytes)), t);
    CHECK(reordered.bytes() == static_cast<std::size_t>(bytes));
    CHECK(pare::reordered_weights(w, t).bytes() == reordered.bytes());
    for (index i = bytes; i < memory.size(); ++i) CHECK(memory[i] == std::byte{0x55});
    std::vector<std::int32_t> y(100), expected(100);
    pare::linear(view, 1, w, pare::as_is, pare::matrix_view<std::int32_t>(expected.data(), 5, 20), t);
    pare::linear(view, 1, reordered, pare::as_is, pare::matrix_view<std::int32_t>(y.data(), 5, 20), t);
    CHECK(y == expected);
    if (bytes == 0) continue;
    CHECK_THROWS_WITH(pare::reordered_weights(w, std::span(memory.data(), 511), t),
                      "pare: memory: expected at least 512 bytes, got 511");
    CHECK_THROWS_WITH(pare::reordered_weights(w, std::span(memory.data() + 8, 512), t),
                      "pare: memory: expected bytes aligned to 64, got others");
  }
}

}  // namespace cases
