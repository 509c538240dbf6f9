#include <catch2/catch.hpp>
#include <cmath>
#include <pare/nn/bytes.hpp>

#include "../cases/conv_inputs.hpp"
#include "property.hpp"

namespace cases {
namespace {

/// Weights that are halves of every size, subnormal ones and zeros of both signs among them, as floats.
loose_matrix<float> draw_halves(generator& random, index n, index k) {
  loose_matrix<float> w(n, k, static_cast<index>(random.between(0, 3)));
  for (index j = 0; j < n; ++j) {
    for (index l = 0; l < k; ++l) {
      pare::half weight;
      weight.bits = static_cast<std::uint16_t>(random.between(0, 0x7bff) | (random.next() % 2 == 0 ? 0x8000 : 0));
      w(j, l) = random.next() % 4 == 0 ? static_cast<float>(weight) : 0x1p-12f * static_cast<float>(weight.bits % 2048);
    }
  }
  return w;
}

/// The bits of the product by f32 weights, whose order of sums f16 weights keep; and near the exact sums.
void check_sums(std::uint64_t seed, const extents& size) {
  generator random{seed};
  const auto x = filled<pare::f32>(random, size.m, size.k);
  const auto w = draw_halves(random, size.n, size.k);
  const pare::packed_weights<pare::f16> packed(std::as_const(w).view());
  const pare::packed_weights<pare::f32> floats(std::as_const(w).view());
  loose_matrix<double> exact(size.m, size.n, 0);
  pare::reference::gemm<double>(x.view(), 0, std::as_const(w).view(), 0, exact.view());
  for (const pare::target t : available_targets()) {
    INFO(name(t) << ", m " << size.m << ", n " << size.n << ", k " << size.k << ", seed " << seed);
    loose_matrix<float> expected(size.m, size.n, static_cast<index>(random.between(0, 3)));
    auto y = expected.blank(), parted = expected.blank();
    pare::linear(x.view(), 0, floats, pare::as_is, expected.view(), t);
    pare::linear(x.view(), 0, packed, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
    pare::linear(x.view(), 0, packed, pare::as_is, parted.view(), t, in_parts{3});
    REQUIRE(difference(parted, expected) == "");
    for (index i = 0; i < size.m; ++i) {
      for (index j = 0; j < size.n; ++j) {
        double magnitude = 0;
        for (index l = 0; l < size.k; ++l) magnitude += std::abs(double{x(i, l)} * double{w(j, l)});
        REQUIRE(std::abs(double{y(i, j)} - exact(i, j)) <= static_cast<double>(size.k) * 0x1p-24 * magnitude);
      }
    }
  }
}

void check_convolution(generator& random, const conv_shape& s) {
  const conv_operands<f32_f32<pare::dense>> o(random, s);
  auto rounded = o.w.blank();
  for (index i = 0; i < o.w.view().size(); ++i) rounded.view().data[i] = pare::half(o.w.view().data[i]);
  const pare::packed_conv<pare::f16> packed(o.w.view(), s.geometry.groups);
  const pare::packed_conv<pare::f32> floats(std::as_const(rounded).view(), s.geometry.groups);
  const auto extents = s.out();
  owned_image<float> expected(s.batch, extents.height, extents.width, s.outputs);
  for (const pare::target t : available_targets()) {
    INFO("on " << name(t) << ": " << s.describe());
    auto y = expected.blank();
    pare::conv2d(o.x.view(), 0, floats, s.geometry, pare::as_is, expected.view(), t);
    pare::conv2d(o.x.view(), 0, packed, s.geometry, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
  }
}

const added_property halves{"f32 by weights stored as halves", check_sums};

}  // namespace

TEST_CASE("products by halves have the bits of products by the same floats") {
  constexpr index widths[] = {1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 70, 129};
  std::uint64_t seed = 800;
  for (index m = 1; m <= 18; ++m)
    for (index k = 0; k <= 9; ++k, ++seed) check_sums(seed, {m, widths[seed % std::size(widths)], k});
  for (const extents& size : {extents{0, 3, 8}, {3, 0, 8}, {5, 70, 64}, {2, 17, 129}, {1, 33, 1001}})
    check_sums(++seed, size);
  check_sums(++seed, {3, 600, 1001});  // more weights than far_bytes
}

TEST_CASE("convolutions by halves have the bits of convolutions by the same floats") {
  generator random{9};
  for (int i = 0; i < 80; ++i) check_convolution(random, draw_shape(random));
  check_convolution(random, {2, 5, 7, 33, 70, {1, 1}, {}});                    // a product
  check_convolution(random, {1, 3, 3, 5, 20, {3, 3}, {}});                     // the same, of whole images
  check_convolution(random, {1, 4, 4, 1101, 3, {2, 2}, {1, 1, 1, 1, 1, 1}});   // runs longer than a row of zeros
  check_convolution(random, {1, 20, 20, 3, 5, {17, 17}, {1, 1, 8, 8, 8, 8}});  // more taps than the table has places
}

TEST_CASE("floats are rounded as they are packed, as halves that a caller has are taken") {
  const float w[] = {1 + 0x1p-11f, 1 + 0x3p-11f, -7, 0x1p-25f, 0x1.8p-25f, -3};
  std::vector<pare::half> rounded;
  for (const float weight : w) rounded.push_back(pare::half(weight));
  const pare::packed_weights<pare::f16> from_floats(pare::matrix_view<const float>(w, 2, 3));
  const pare::packed_weights<pare::f16> from_halves(pare::matrix_view<const pare::half>(rounded.data(), 2, 3));
  const auto strips = from_floats.parts()[0], same = from_halves.parts()[0];
  CHECK(std::equal(strips.begin(), strips.end(), same.begin(), same.end()));
  const float one[] = {1, 1, 0};
  float y[2] = {};
  pare::linear(pare::matrix_view<const float>(one, 1, 3), 0, from_floats, pare::as_is,
               pare::matrix_view<float>(y, 1, 2));
  CHECK(y[0] == 1 + (1 + 0x1p-9f));
  CHECK(y[1] == 0x1p-24f);
}

TEST_CASE("halves take half of the bytes, and come back from a file as nothing else") {
  generator random{5};
  const auto w = draw_halves(random, 33, 128);
  const pare::packed_weights<pare::f16> packed(std::as_const(w).view());
  const pare::packed_weights<pare::f32> floats(std::as_const(w).view());
  CHECK(2 * packed.bytes() == floats.bytes());
  const auto bytes = pare::to_bytes(packed);
  const auto again = pare::packed_from_bytes<pare::f16>(bytes.as_bytes());
  CHECK(again.n() == 33);
  CHECK(again.view().strips != packed.view().strips);
  CHECK(std::equal(packed.parts()[0].begin(), packed.parts()[0].end(), again.view().strips));
  CHECK_THROWS_WITH(pare::packed_from_bytes<pare::f32>(bytes.as_bytes()),
                    "pare: bytes.format: expected f32 dense, got f16 dense");
}

}  // namespace cases
