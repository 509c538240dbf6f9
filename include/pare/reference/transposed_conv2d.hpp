// transposed_conv2d.hpp: the definition of the transposed 2-D convolution: what a convolution does to gradients.
#pragma once

#include <cstdint>

#include "../core/view.hpp"
#include "geometry.hpp"

namespace pare::reference {
inline namespace PARE_UNIT {

/// out[n, y * stride_y - pad_top + v, x * stride_x - pad_left + u, o] = sum of (input[n, y, x, c] - input_zero_point) *
/// weights[o, v, u, c] over all (y, x, v, u, c) that meet there; what falls outside is dropped. TFLite's TransposeConv.
/// weights OHWI. Fails unless `geometry` leads from an image of out's extents to one of input's, with dilation and
/// groups
/// 1. Pre: every partial sum fits Acc.
template <class Acc, class A, class W>
void transposed_conv2d(const image_view<A>& input, std::int32_t input_zero_point, const image_view<W>& weights,
                       const conv_geometry& geometry, const image_view<Acc>& out) {
  const conv_geometry& g = geometry;
  const image_extents extents =
      output_extents(g, {out.height, out.width}, image_extents{weights.height, weights.width});
  expect_equal("input.height", extents.height, input.height);
  expect_equal("input.width", extents.width, input.width);
  expect_equal("out.batch", input.batch, out.batch);
  expect_equal("out.channels", weights.batch, out.channels);
  expect_equal("input.channels", weights.channels, input.channels);
  expect_equal("geometry.groups", 1, g.groups);
  expect_equal("geometry.dilation_y", 1, g.dilation_y);
  expect_equal("geometry.dilation_x", 1, g.dilation_x);
  for (index i = 0; i < out.size(); ++i) out.data[i] = Acc{0};
  for (index n = 0; n < input.batch; ++n) {
    for (index y = 0; y < input.height; ++y) {
      for (index x = 0; x < input.width; ++x) {
        for (index v = 0; v < weights.height; ++v) {
          for (index u = 0; u < weights.width; ++u) {
            const index out_y = y * g.stride_y - g.pad_top + v, out_x = x * g.stride_x - g.pad_left + u;
            if (out_y < 0 || out_y >= out.height || out_x < 0 || out_x >= out.width) continue;
            for (index o = 0; o < out.channels; ++o) {
              for (index c = 0; c < input.channels; ++c) {
                out(n, out_y, out_x, o) += (static_cast<Acc>(input(n, y, x, c)) - static_cast<Acc>(input_zero_point)) *
                                           static_cast<Acc>(weights(o, v, u, c));
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
