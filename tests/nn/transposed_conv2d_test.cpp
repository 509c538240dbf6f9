#include <catch2/catch.hpp>
#include <pare/nn/transposed_conv2d.hpp>
#include <pare/reference/transposed_conv2d.hpp>

#include "../cases/conv_inputs.hpp"
#include "property.hpp"

namespace cases {
namespace {

using bytes = s8_s8<pare::dense>;

/// An image s of a convolution that leads to the input: the output of the transposed one.
void check_transposed(generator& random, conv_shape s) {
  s.geometry.groups = s.geometry.dilation_y = s.geometry.dilation_x = 1;
  s.inputs = std::min(s.inputs, index{40});
  s.outputs = std::min(s.outputs, index{40});
  const pare::image_extents small = s.out();
  owned_image<std::int8_t> x(s.batch, small.height, small.width, s.inputs);
  owned_image<std::int8_t> w(s.outputs, s.window.height, s.window.width, s.inputs);
  x.fill<pare::s8>(random);
  w.fill<pare::s8>(random);
  const auto zero_point = static_cast<std::int32_t>(random.between(-128, 127));
  owned_image<std::int32_t> expected(s.batch, s.height, s.width, s.outputs);
  pare::reference::transposed_conv2d(std::as_const(x).view(), zero_point, std::as_const(w).view(), s.geometry,
                                     expected.view());
  const pare::packed_transposed_conv<pare::s8> packed(std::as_const(w).view(), s.geometry.stride_y,
                                                      s.geometry.stride_x);
  for (const pare::target t : available_targets()) {
    INFO(name(t) << ": " << s.describe());
    auto y = expected.blank();
    pare::transposed_conv2d(std::as_const(x).view(), zero_point, packed, s.geometry, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
    auto parts = expected.blank();
    pare::prepare_transposed_conv2d(std::as_const(x).view(), zero_point, packed, s.geometry, pare::as_is, parts.view(),
                                    t)
        .run(in_parts{3});
    REQUIRE(difference(parts, expected) == "");
  }
}

}  // namespace

TEST_CASE("transposed convolutions of any geometry are those of the definition") {
  generator random{1};
  for (int i = 0; i < 120; ++i) check_transposed(random, draw_shape(random));
}

TEST_CASE("a transposed convolution spreads one input over its window") {
  const std::int8_t x[] = {3}, w[] = {1, 2, 3, 4, 5, 6};
  std::int32_t sums[6] = {};
  const pare::packed_transposed_conv<pare::s8> packed({w, 1, 2, 3, 1}, 2, 2);
  pare::transposed_conv2d(pare::image_view<const std::int8_t>{x, 1, 1, 1, 1}, 1, packed, {2, 2}, pare::as_is,
                          pare::image_view<std::int32_t>{sums, 1, 2, 3, 1});
  for (int i = 0; i < 6; ++i) CHECK(sums[i] == 2 * (i + 1));
}

TEST_CASE("a mistake in a transposed convolution's operands is an error that names it") {
  using Catch::Contains;
  const owned_image<std::int8_t> x(1, 3, 3, 4), w(2, 3, 3, 4);
  owned_image<std::int32_t> y(1, 7, 7, 2);
  const pare::packed_transposed_conv<pare::s8> packed(w.view(), 2, 2);
  const auto run = [&](const pare::conv_geometry& g) {
    pare::transposed_conv2d(x.view(), 0, packed, g, pare::as_is, y.view());
  };
  CHECK_NOTHROW(run({2, 2}));
  CHECK_THROWS_WITH(run({1, 2}), Contains("geometry.stride_y: expected 2, got 1"));
  CHECK_THROWS_WITH(run({2, 2, 2, 0}), Contains("x.height: expected 4, got 3"));
  CHECK_THROWS_WITH(pare::packed_transposed_conv<pare::s8>(w.view(), 0, 2), Contains("stride: expected at least 1"));
}

}  // namespace cases
