// inside.hpp: windows that lie inside their image: their cells lie at the same distances from the first, and windows of
// one output row lie side by side, so that no tables of pointers are needed.
#pragma once

#include <cstdint>
#include <limits>

#include "../core/standard.hpp"
#include "tap_walk.hpp"

namespace pare {
inline namespace PARE_UNIT {

/// The cells of such windows, in the order of the weights.
class inside_windows {
 public:
  static constexpr index most_cells = 256;

  explicit inside_windows(const tap_walk& walk) noexcept : walk_(walk) {}

  /// Lists the cells, if they are not too many. Pre: a cell is one element.
  void list_cells() noexcept {
    const index taps = walk_.window.height * walk_.window.width;
    const index tap_bytes = walk_.reads == tap_run::tap ? walk_.run_bytes : walk_.run_bytes / walk_.window.width;
    const index row_bytes = walk_.extents.width * walk_.pixel_bytes;
    const index rows = walk_.window.height * walk_.geometry.dilation_y;
    if (taps * tap_bytes > most_cells * walk_.cell_bytes) return;
    if (rows > std::numeric_limits<std::int32_t>::max() / row_bytes) return;
    for (index v = 0; v < walk_.window.height; ++v)
      for (index u = 0; u < walk_.window.width; ++u)
        for (index at = 0; at < tap_bytes; at += walk_.cell_bytes)
          distances_[cells_++] = static_cast<std::int32_t>(v * walk_.geometry.dilation_y * row_bytes +
                                                           u * walk_.geometry.dilation_x * walk_.pixel_bytes + at);
  }
  /// How many are listed; 0: none, and no window counts as one that lies inside.
  index cells() const noexcept { return cells_; }
  /// Of each cell from the first, in bytes.
  const std::int32_t* distances() const noexcept { return distances_; }

  struct range {
    index first, last;
  };
  /// Which of the windows of output pixels [row, row + count), all of one output row, lie inside.
  range among(index row, index count) const noexcept {
    const conv_geometry& g = walk_.geometry;
    const index y = row / walk_.out.width % walk_.out.height * g.stride_y - g.pad_top;
    if (cells_ == 0 || y < 0 || y + (walk_.window.height - 1) * g.dilation_y >= walk_.extents.height) return {0, 0};
    const index x = row % walk_.out.width * g.stride_x - g.pad_left;
    const index last_x = walk_.extents.width - 1 - (walk_.window.width - 1) * g.dilation_x;
    const index first = x >= 0 ? 0 : smaller(count, ceil_div(-x, g.stride_x));
    return {first, x > last_x ? first : clamped((last_x - x) / g.stride_x + 1, first, count)};
  }
  /// Sets where the windows of output pixel `row` and those after it lie. Pre: it lies inside.
  void start_at(index row) noexcept {
    const conv_geometry& g = walk_.geometry;
    const index line = row / walk_.out.width, image = line / walk_.out.height;
    const index y = line % walk_.out.height * g.stride_y - g.pad_top;
    const index x = row % walk_.out.width * g.stride_x - g.pad_left;
    first_ = walk_.image + ((image * walk_.extents.height + y) * walk_.extents.width + x) * walk_.pixel_bytes +
             walk_.first_byte;
  }
  /// The first cell of window i of those.
  const std::byte* first_cell(index i) const noexcept { return first_ + i * step(); }
  /// From one window to the next, in bytes.
  index step() const noexcept { return walk_.geometry.stride_x * walk_.pixel_bytes; }

 private:
  const tap_walk& walk_;
  index cells_ = 0;
  const std::byte* first_ = nullptr;
  std::int32_t distances_[most_cells];
};

}  // namespace PARE_UNIT
}  // namespace pare
