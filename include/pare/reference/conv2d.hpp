// conv2d.hpp: the definition of the 2-D convolution, with strides, padding, dilation and groups.
#pragma once

#include <cstdint>

#include "../core/view.hpp"
#include "geometry.hpp"

namespace pare::reference {
inline namespace PARE_UNIT {

/// Fails unless the four operands' extents agree with each other and the geometry.
template <class A, class W, class Acc>
void expect_conv_extents(const image_view<A>& input, const image_view<W>& weights, const conv_geometry& geometry,
                         const image_view<Acc>& out) {
  expect_valid("input", input);
  expect_valid("weights", weights);
  expect_valid("out", out);
  const image_extents extents = output_extents(geometry, {input.height, input.width}, {weights.height, weights.width});
  expect_equal("out.batch", input.batch, out.batch);
  expect_equal("out.height", extents.height, out.height);
  expect_equal("out.width", extents.width, out.width);
}

/// out[n, y, x, o] = sum of (input[n, y', x', c'] - input_zero_point) * (weights[o, v, u, c] - w_zero_point), in Acc,
/// over the window's taps (v, u) inside the image and the input channels c' of o's group; taps in the padding add 0.
/// input [batch, height, width, channels], weights OHWI: [outputs, window height, window width, channels / groups].
/// Fails if the extents do not agree. Pre: as gemm, with k = height * width * channels of a weight.
template <class Acc, class A, class W>
void conv2d(const image_view<A>& input, std::int32_t input_zero_point, const image_view<W>& weights,
            std::int32_t w_zero_point, const conv_geometry& geometry, const image_view<Acc>& out) {
  expect_conv_extents(input, weights, geometry, out);
  expect_equal("input.channels", weights.channels * geometry.groups, input.channels);
  expect_equal("out.channels", weights.batch, out.channels);
  if (out.channels % geometry.groups != 0) fail("out.channels", "a multiple of groups", out.channels);
  const image_extents image{input.height, input.width}, window{weights.height, weights.width};
  for (index n = 0; n < out.batch; ++n) {
    for (index y = 0; y < out.height; ++y) {
      for (index x = 0; x < out.width; ++x) {
        for (index o = 0; o < out.channels; ++o) {
          const index first = o / (out.channels / geometry.groups) * weights.channels;
          Acc sum = 0;
          for_each_tap(geometry, image, window, y, x, [&](index v, index u, index image_y, index image_x) {
            for (index c = 0; c < weights.channels; ++c) {
              const auto value = static_cast<Acc>(input(n, image_y, image_x, first + c));
              const auto weight = static_cast<Acc>(weights(o, v, u, c));
              sum += (value - static_cast<Acc>(input_zero_point)) * (weight - static_cast<Acc>(w_zero_point));
            }
          });
          out(n, y, x, o) = sum;
        }
      }
    }
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
