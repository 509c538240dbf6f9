// geometry.hpp: how a window moves over an image: strides, padding, dilation, groups, and the extents that result.
#pragma once

#include "../core/error.hpp"
#include "../core/standard.hpp"

namespace pare {

/// In elements; y is the height axis. Channels are split into `groups`: group g of the outputs sees group g of the
/// inputs alone.
struct conv_geometry {
  index stride_y = 1, stride_x = 1;
  index pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  index dilation_y = 1, dilation_x = 1;
  index groups = 1;
};

/// Height and width of an image or a window.
struct image_extents {
  index height = 0, width = 0;
  friend constexpr bool operator==(const image_extents&, const image_extents&) = default;
};

inline namespace PARE_UNIT {

/// Positions of a dilated window of `taps` that lies inside `extent` with its padding, `stride` apart.
/// Fails if a number makes no sense or there is no position; `axis` ("height" or "width") names it.
constexpr index output_extent(const char* axis, index extent, index taps, index stride, index dilation, index before,
                              index after) {
  if (taps < 1) fail(words("window ", axis), "at least 1", taps);
  if (stride < 1) fail(words("stride along the ", axis), "at least 1", stride);
  if (dilation < 1) fail(words("dilation along the ", axis), "at least 1", dilation);
  if (before < 0 || after < 0) fail(words("padding along the ", axis), "at least 0", smaller(before, after));
  const index span = dilation * (taps - 1) + 1, padded = extent + before + after;
  if (padded < span) fail(words("padded image ", axis), words("at least the window's ", span), padded);
  return (padded - span) / stride + 1;
}

/// The output image of a window moving over an image. Fails as output_extent does, or if groups < 1.
constexpr image_extents output_extents(const conv_geometry& geometry, image_extents image, image_extents window) {
  const conv_geometry& g = geometry;
  if (g.groups < 1) fail("groups", "at least 1", g.groups);
  return {
      output_extent("height", image.height, window.height, g.stride_y, g.dilation_y, g.pad_top, g.pad_bottom),
      output_extent("width", image.width, window.width, g.stride_x, g.dilation_x, g.pad_left, g.pad_right),
  };
}

}  // namespace PARE_UNIT

/// Calls f(window row, window column, image row, image column) for the taps of output (y, x) that lie in the image.
template <class F>
constexpr void for_each_tap(const conv_geometry& geometry, image_extents image, image_extents window, index y, index x,
                            const F& f) {
  for (index window_y = 0; window_y < window.height; ++window_y) {
    const index image_y = y * geometry.stride_y - geometry.pad_top + window_y * geometry.dilation_y;
    if (image_y < 0 || image_y >= image.height) continue;
    for (index window_x = 0; window_x < window.width; ++window_x) {
      const index image_x = x * geometry.stride_x - geometry.pad_left + window_x * geometry.dilation_x;
      if (image_x >= 0 && image_x < image.width) f(window_y, window_x, image_y, image_x);
    }
  }
}

}  // namespace pare
