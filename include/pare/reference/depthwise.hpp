// depthwise.hpp: the definition of the depthwise convolution: every input channel by itself, with one window per
// output.
#pragma once

#include "conv2d.hpp"

namespace pare::reference {
inline namespace PARE_UNIT {

/// conv2d with as many groups as input channels and weights in TFLite's order 1HWO: output o sees input channel
/// o / (outputs / channels). input [batch, height, width, channels], weights [1, window height, window width, outputs].
/// Fails if the extents do not agree, outputs is no multiple of channels, or geometry.groups is not left at 1.
template <class Acc, class A, class W>
void depthwise(const image_view<A>& input, std::int32_t input_zero_point, const image_view<W>& weights,
               std::int32_t w_zero_point, const conv_geometry& geometry, const image_view<Acc>& out) {
  expect_conv_extents(input, weights, geometry, out);
  expect_equal("geometry.groups", 1, geometry.groups);
  expect_equal("weights.batch", 1, weights.batch);
  expect_equal("out.channels", weights.channels, out.channels);
  if (out.channels == 0) return;
  if (input.channels == 0 || out.channels % input.channels != 0) {
    fail("out.channels", text("a multiple of the ", input.channels, " input channels"), out.channels);
  }
  const image_extents image{input.height, input.width}, window{weights.height, weights.width};
  for (index n = 0; n < out.batch; ++n) {
    for (index y = 0; y < out.height; ++y) {
      for (index x = 0; x < out.width; ++x) {
        for (index o = 0; o < out.channels; ++o) {
          const index channel = o / (out.channels / input.channels);
          Acc sum = 0;
          for_each_tap(geometry, image, window, y, x, [&](index v, index u, index image_y, index image_x) {
            const auto value = static_cast<Acc>(input(n, image_y, image_x, channel));
            const auto weight = static_cast<Acc>(weights(0, v, u, o));
            sum += (value - static_cast<Acc>(input_zero_point)) * (weight - static_cast<Acc>(w_zero_point));
          });
          out(n, y, x, o) = sum;
        }
      }
    }
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
