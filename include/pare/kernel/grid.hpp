// grid.hpp: image rows with their padding, laid out so that every tap of a window lies at one distance from the output
// pixel that reads it, whichever pixel that is.
//
// Along each axis an output at y reads image rows y * stride + tap * dilation - padding. Rows whose number is the same
// modulo the stride are a phase; they lie together, so that neighbouring outputs read neighbours of one phase. What an
// output pixel of the last columns would read belongs to the next row: such pixels are computed and thrown away. Rows
// share the zero points between them as far as the right padding of one can be the left padding of the next.
#pragma once

#include <cstdint>

#include "../core/cell.hpp"
#include "../core/standard.hpp"
#include "../reference/geometry.hpp"

namespace pare {

/// Distances are in pixels. A band is `rows` output rows of one image and what they read.
struct conv_grid {
  conv_geometry geometry;
  image_extents image, window, out;
  index phases_y, phases_x;
  index down, right;  ///< rows and columns from the first tap to the last, within a phase
  index shared;       ///< zero points that a row shares with the next
  index pitch;        ///< from one row to the next, of what is read and of what is computed

  constexpr conv_grid(const conv_geometry& g, image_extents image_, image_extents window_, image_extents out_) noexcept
      : geometry(g),
        image(image_),
        window(window_),
        out(out_),
        phases_y(smaller(g.stride_y, (window.height - 1) * g.dilation_y + 1)),
        phases_x(smaller(g.stride_x, (window.width - 1) * g.dilation_x + 1)),
        down((window.height - 1) * g.dilation_y / g.stride_y),
        right((window.width - 1) * g.dilation_x / g.stride_x),
        shared(columns()) {
    for (index phase = 0; phase < phases_x; ++phase) {
      const auto [begin, end] = inside(phase);
      shared = smaller(shared, smaller(begin, columns() - end));
    }
    pitch = columns() - shared;
  }

  /// Columns of a row, its padding included.
  constexpr index columns() const noexcept { return out.width + right; }
  struct columns_inside {
    index begin, end;
  };
  /// Which columns of the rows of a phase lie in the image; column j is the image's j * stride_x + phase - pad_left.
  constexpr columns_inside inside(index phase_x) const noexcept {
    const index before = geometry.pad_left - phase_x, last = image.width - 1 + before;
    const index begin = before > 0 ? smaller(ceil_div(before, geometry.stride_x), columns()) : 0;
    const index end = last < 0 ? 0 : smaller(last / geometry.stride_x + 1, columns());
    return {begin, larger(begin, end)};
  }

  /// What one more output row needs of a plane of cells.
  constexpr index row_pixels() const noexcept { return phases_y * phases_x * pitch; }
  /// From one phase to the next.
  constexpr index phase_pixels(index rows) const noexcept { return (rows + down) * pitch; }
  /// From one plane of cells to the next.
  constexpr index plane_pixels(index rows) const noexcept { return row_pixels() * (rows + down); }
  /// What strips may read behind the last plane.
  constexpr index pixels_beyond() const noexcept { return shared + strip_lanes; }
  /// The pixels that are computed, the last row's beyond its end excepted.
  constexpr index pixels(index rows) const noexcept { return (rows - 1) * pitch + out.width; }

  /// The place of tap (v, u) of plane 0, from the output pixel.
  constexpr index place(index v, index u, index rows) const noexcept {
    const index y = v * geometry.dilation_y, x = u * geometry.dilation_x;
    const index phase = y % geometry.stride_y * phases_x + x % geometry.stride_x;
    return phase * phase_pixels(rows) + y / geometry.stride_y * pitch + x / geometry.stride_x;
  }
  /// Writes the places in bytes of every tap and plane, in the order of the weights' k: window.height * window.width *
  /// planes of them. Pre: planes * plane_pixels(rows) * cell_bytes < 2^32.
  constexpr void list_places(index planes, index rows, std::uint32_t* places) const noexcept {
    for (index v = 0; v < window.height; ++v)
      for (index u = 0; u < window.width; ++u)
        for (index plane = 0; plane < planes; ++plane)
          *places++ = static_cast<std::uint32_t>((plane * plane_pixels(rows) + place(v, u, rows)) * cell_bytes);
  }
};

}  // namespace pare
