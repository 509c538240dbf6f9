#include "pare/reference/depthwise.hpp"

#include <catch2/catch.hpp>

#include "random_tensor.hpp"

namespace pare::test {

using reference::conv2d;
using reference::depthwise;

namespace {

// 1HWO to the OHWI of a convolution with one input channel per group.
template <class W>
tensor<W> grouped(const tensor<W>& weights) {
  const auto [one, height, width, outputs] = weights.extents;
  auto result = zero_tensor<W>(outputs, height, width, one);
  for (index o = 0; o < outputs; ++o) {
    for (index v = 0; v < height; ++v) {
      for (index u = 0; u < width; ++u) result.view()(o, v, u, 0) = weights.view()(0, v, u, o);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("a depthwise convolution is a convolution with a group per channel, for every multiplier") {
  unsigned seed = 0;
  for (const index multiplier : {1, 2, 5}) {
    for (const index channels : {1, 3, 4}) {
      for (const index stride : {1, 2}) {
        for (const index dilation : {1, 2}) {
          conv_geometry geometry{.stride_y = stride,
                                 .stride_x = 3 - stride,
                                 .pad_top = 1,
                                 .pad_left = 2,
                                 .pad_bottom = 0,
                                 .pad_right = 1,
                                 .dilation_y = dilation};
          const auto input = random_tensor<s8>(2, 6, 5, channels, ++seed);
          const auto weights = random_tensor<s8>(1, 3, 2, channels * multiplier, ++seed);
          const auto [height, width] = output_extents(geometry, {6, 5}, {3, 2});
          auto out = zero_tensor<std::int32_t>(2, height, width, channels * multiplier), expected = out;
          depthwise(input.view(), 11, weights.view(), -2, geometry, out.view());
          geometry.groups = channels;
          conv2d(input.view(), 11, grouped(weights).view(), -2, geometry, expected.view());
          REQUIRE(out.values == expected.values);
        }
      }
    }
  }
}

TEST_CASE("the outputs of an input channel lie side by side") {
  const tensor<std::int8_t> input{{2, 3}, {1, 1, 1, 2}};
  const tensor<std::int8_t> weights{{1, 10, 7, 70}, {1, 1, 1, 4}};
  auto out = zero_tensor<std::int32_t>(1, 1, 1, 4);
  depthwise(input.view(), 0, weights.view(), 0, {}, out.view());
  CHECK(out.values == std::vector<std::int32_t>{2, 20, 21, 210});
}

TEST_CASE("operands of a depthwise convolution that do not fit are named") {
  const auto run = [](index channels, index weights_batch, index outputs, const conv_geometry& geometry, index out_c) {
    const auto input = zero_tensor<std::int8_t>(1, 5, 5, channels);
    const auto weights = zero_tensor<std::int8_t>(weights_batch, 3, 3, outputs);
    auto out = zero_tensor<std::int32_t>(1, 3, 3, out_c);
    depthwise(input.view(), 0, weights.view(), 0, geometry, out.view());
  };
  CHECK_NOTHROW(run(3, 1, 6, {}, 6));
  CHECK_NOTHROW(run(3, 1, 0, {}, 0));
  CHECK_THROWS_WITH(run(3, 1, 7, {}, 7), "pare: out.channels: expected a multiple of the 3 input channels, got 7");
  CHECK_THROWS_WITH(run(0, 1, 7, {}, 7), "pare: out.channels: expected a multiple of the 0 input channels, got 7");
  CHECK_THROWS_WITH(run(3, 2, 6, {}, 6), "pare: weights.batch: expected 1, got 2");
  CHECK_THROWS_WITH(run(3, 1, 6, {}, 3), "pare: out.channels: expected 6, got 3");
  CHECK_THROWS_WITH(run(3, 1, 6, {.groups = 3}, 6), "pare: geometry.groups: expected 1, got 3");
  CHECK_THROWS_WITH(run(3, 1, 6, {.stride_x = 2}, 6), "pare: out.width: expected 2, got 3");
}

}  // namespace pare::test
