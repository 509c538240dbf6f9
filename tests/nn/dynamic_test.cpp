#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <pare/nn.hpp>
#include <pare/reference/dynamic.hpp>

#include "property.hpp"

namespace cases {
namespace {

using pare::s4;
using pare::s8;

/// Floats [m, k], their codes by the definition, and the maps of their rows.
struct rows {
  loose_matrix<float> reals;
  loose_matrix<std::int8_t> codes;
  std::vector<pare::affine_map> maps;
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;

  rows(generator& random, index m, index k) : reals(filled<pare::f32>(random, m, k)), codes(m, k, 2) {
    for (index i = 0; i < m; ++i) {
      const float offset = static_cast<float>(random.between(-40, 40));
      float low = 0, high = 0;
      for (index l = 0; l < k; ++l) {
        reals(i, l) += offset;
        low = std::min(low, reals(i, l));
        high = std::max(high, reals(i, l));
      }
      maps.push_back(pare::choose_affine_tflite<s8>(double{low}, double{high}));
      scales.push_back(maps.back().scale);
      zero_points.push_back(maps.back().zero_point);
      for (index l = 0; l < k; ++l) codes(i, l) = pare::quantize_value<s8>(reals(i, l), maps.back());
    }
  }
};

/// y of float activations and of codes on every target, alone and in parts, against `expected`, bit by bit.
template <class W>
void check(const rows& x, const W& w, const loose_matrix<float>& expected, std::uint64_t seed) {
  const index m = x.reals.view().rows;
  // One byte off: a workspace may lie anywhere.
  std::vector<std::byte> memory(static_cast<std::size_t>(pare::dynamic_workspace(m, w)) + 1, std::byte{0xee});
  const pare::dynamic_rows how{std::span(memory).subspan(1)};
  const pare::coded_rows coded{x.scales, x.zero_points,
                               how.workspace.first(static_cast<std::size_t>(pare::coded_workspace(m, w)))};
  const in_parts executor{3};
  for (const pare::target t : available_targets()) {
    INFO(name(t) << ", m " << m << ", n " << w.n() << ", k " << w.k() << ", seed " << seed);
    auto y = expected.blank(), parted = expected.blank(), from_codes = expected.blank();
    pare::linear(x.reals.view(), how, w, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
    pare::linear(x.reals.view(), how, w, pare::as_is, parted.view(), t, executor);
    REQUIRE(difference(parted, expected) == "");
    pare::linear(x.codes.view(), coded, w, pare::as_is, from_codes.view(), t);
    REQUIRE(difference(from_codes, expected) == "");
  }
}

std::vector<float> draw_scales(generator& random, index count) {
  std::vector<float> scales;
  for (index i = 0; i < count; ++i) scales.push_back(std::abs(draw<pare::f32>(random, filling::any)) + 0.01f);
  return scales;
}

template <class W>
void check_per_channel(std::uint64_t seed, const extents& size, filling how = filling::any) {
  generator random{seed};
  const rows x(random, size.m, size.k);
  const auto w = filled<W>(random, size.n, size.k, how);
  const auto scales = draw_scales(random, size.n);
  loose_matrix<float> expected(size.m, size.n, 1);
  pare::reference::scaled_gemm<std::int8_t>(x.codes.view(), x.maps, w.view(), scales, expected.view());
  check(x, pare::scaled_weights<W>(w.view(), scales), expected, seed);
}

template <index G, class Scale>
void check_grouped(std::uint64_t seed, const extents& size, filling how = filling::any) {
  generator random{seed};
  const rows x(random, size.m, size.k);
  const auto w = filled<s4>(random, size.n, size.k, how);
  const index groups = pare::ceil_div(size.k, G);
  auto scales = draw_scales(random, size.n * groups);
  const pare::matrix_view<const float> view(scales.data(), size.n, groups);
  const pare::grouped_weights<G, Scale> packed(w.view(), view);
  for (float& scale : scales) scale = static_cast<float>(Scale(scale));
  loose_matrix<float> expected(size.m, size.n, 1);
  pare::reference::grouped_gemm<std::int8_t>(x.codes.view(), x.maps, w.view(), G, view, expected.view());
  check(x, packed, expected, seed);
}

// In random cases the weights' filling follows from the seed.
template <void Check(std::uint64_t, const extents&, filling)>
void check_any(std::uint64_t seed, const extents& size) {
  generator random{seed};
  Check(seed, size, draw_filling(random));
}
const added_property nibbles{"4 bits per channel", check_any<check_per_channel<s4>>};
const added_property bytes{"8 bits per channel", check_any<check_per_channel<s8>>};
const added_property groups{"4 bits in groups", check_any<check_grouped<32, pare::bfloat16>>};

}  // namespace

TEST_CASE("4-bit and 8-bit weights per channel give the definition's bits, rows quantized on the way") {
  std::uint64_t seed = 6000;
  for (index m = 1; m <= 11; m += 2)
    for (index k = 0; k <= 50; k += 3, ++seed) {
      const extents size{m, 1 + static_cast<index>(seed * 7 % 70), k};
      check_per_channel<s4>(seed, size);
      check_per_channel<s8>(seed, size);
    }
  for (const filling how : {filling::least, filling::greatest}) {
    check_per_channel<s4>(++seed, {2, 17, 4099}, how);
    check_per_channel<s8>(++seed, {2, 17, 4099}, how);
  }
}

TEST_CASE("4-bit weights with scales of groups give the definition's bits") {
  std::uint64_t seed = 7000;
  for (index m = 1; m <= 9; m += 2)
    for (index k = 0; k <= 140; k += 7, ++seed) {
      const extents size{m, 1 + static_cast<index>(seed * 7 % 70), k};
      check_grouped<32, pare::bfloat16>(seed, size);
      if (seed % 3 == 0) check_grouped<64, float>(seed, size);
    }
  for (const filling how : {filling::least, filling::greatest})
    check_grouped<32, pare::bfloat16>(++seed, {3, 17, 4099}, how);
}

TEST_CASE("empty operands need no workspace of their own") {
  check_per_channel<s4>(1, {0, 17, 5});
  check_per_channel<s4>(2, {3, 0, 5});
  check_grouped<32, pare::bfloat16>(3, {0, 17, 5});
}

TEST_CASE("infinities are the ends of a row's range and not-a-numbers its zero") {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x{1, -inf, std::nanf(""), inf, 0, 3e38f};
  const std::vector<std::int8_t> w(6, 1);
  const std::vector<float> one{1};
  const pare::scaled_weights<s4> packed(pare::matrix_view<const std::int8_t>(w.data(), 1, 6), one);
  std::vector<std::byte> memory(static_cast<std::size_t>(pare::dynamic_workspace(1, packed)));
  for (const pare::target t : available_targets()) {
    float y[1];
    pare::linear(pare::matrix_view(x.data(), 1, 6), pare::dynamic_rows{memory}, packed, pare::as_is,
                 pare::matrix_view(y, 1, 1), t);
    CHECK(std::isfinite(y[0]));
  }
}

TEST_CASE("a workspace that is too small and extents of scales are named") {
  const std::vector<std::int8_t> w(20 * 64, 1);
  const std::vector<float> x(3 * 64), scales(40, 1.f);
  std::vector<float> y(60);
  const pare::matrix_view<const std::int8_t> codes(w.data(), 20, 64);
  const pare::grouped_weights<32, pare::bfloat16> packed(codes, {scales.data(), 20, 2});
  std::vector<std::byte> memory(static_cast<std::size_t>(pare::dynamic_workspace(3, packed) - 1));
  CHECK_THROWS_WITH(pare::linear(pare::matrix_view(x.data(), 3, 64), pare::dynamic_rows{memory}, packed, pare::as_is,
                                 pare::matrix_view(y.data(), 3, 20)),
                    Catch::StartsWith("pare: workspace.size: expected at least "));
  CHECK_THROWS_WITH((pare::grouped_weights<32>(codes, {scales.data(), 20, 1})),
                    "pare: scales.columns: expected 2, got 1");
  CHECK_THROWS_WITH((pare::scaled_weights<s4>(codes, scales)), "pare: scales.size: expected 20, got 40");
  const std::vector<std::int8_t> eight(16, 8);
  CHECK_THROWS_WITH((pare::packed_weights<s4>(pare::matrix_view<const std::int8_t>(eight.data(), 1, 16))),
                    "pare: weights[0, 0]: expected a value in [-8, 7], got 8");
}

TEST_CASE("float to bfloat16 rounds to the nearest, ties to even") {
  CHECK(static_cast<float>(pare::bfloat16(1.f)) == 1.f);
  CHECK(static_cast<float>(pare::bfloat16(1 + 0x1p-8f)) == 1.f);
  CHECK(static_cast<float>(pare::bfloat16(1 + 0x3p-8f)) == 1 + 0x4p-8f);
  CHECK(static_cast<float>(pare::bfloat16(1 + 0x1p-8f + 0x1p-20f)) == 1 + 0x1p-7f);
  CHECK(std::isnan(static_cast<float>(pare::bfloat16(std::nanf("")))));
}

}  // namespace cases
