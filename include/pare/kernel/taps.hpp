// taps.hpp: where a convolution finds its operands: a pointer for every output pixel and every run of bytes under its
// window.
//
// A run is what one tap reads of a pixel: its channels, or a window row's pixels at once where channels are few. Runs
// are read in whole cells. Padding is read from a row of zero points; a run that is partly padding, or whose last cell
// would leave the image, is copied. All of this lies in a table of fixed size, so that nothing is allocated.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>

#include "../core/cell.hpp"
#include "../reference/geometry.hpp"

namespace pare {

/// An image and the window over it, in bytes. Pixels, rows and images follow each other without gaps.
struct tap_walk {
  const std::byte* image = nullptr;
  index batch = 0;
  image_extents extents, window, out;
  conv_geometry geometry;
  index pixel_bytes = 0;
  index first_byte = 0;     ///< of every pixel: where the channels begin that are read
  index run_bytes = 0;      ///< of one run
  index cell_bytes = 0;     ///< runs are read in multiples of it
  bool merged = false;      ///< a run is the whole row of a window instead of one tap; first_byte is 0
  std::byte zero_point{0};  ///< every byte of padding

  constexpr index image_bytes() const noexcept { return batch * extents.height * extents.width * pixel_bytes; }
};

/// Whether the taps of a window row are one run, for weights of type T with `inputs` channels per pixel: where channels
/// are few, and the pieces of a tile's rows fit the place for copies.
template <class T>
constexpr bool merges_taps(image_extents window, index inputs) noexcept {
  constexpr index depth = cell_depth<T>, most_bytes = std::max<index>(sizeof(T), 2);  // of an activation
  const index run = round_up(window.width * inputs, depth);
  const bool saves = run < window.width * round_up(inputs, depth) || inputs <= 16;
  return window.width > 1 && saves && window.height * run * most_bytes <= 2048;
}

inline namespace PARE_UNIT {

/// Pointers to the runs of some output pixels: [run][pixel].
class tap_table {
 public:
  static constexpr index pointers = 2048, piece_bytes = 4096, copied_bytes = 16384, most_rows = 8;

  explicit tap_table(const tap_walk& walk) noexcept : walk_(walk) {
    pieces_ = std::max<index>(ceil_div(walk.run_bytes, piece_bytes), 1);
    runs_ = walk.window.height * (walk.merged ? 1 : walk.window.width * pieces_);
    std::memset(zeros_, static_cast<int>(walk.zero_point), static_cast<std::size_t>(std::min(read(0), piece_bytes)));
    if (walk.run_bytes % walk.cell_bytes == 0) return;
    end_bytes_ = std::min(walk.image_bytes(), piece_bytes);
    std::memset(end_, 0, sizeof end_);
    std::memcpy(end_, walk.image + (walk.image_bytes() - end_bytes_), static_cast<std::size_t>(end_bytes_));
  }

  index runs() const noexcept { return runs_; }
  /// The bytes that are read of a run, whole cells.
  index read(index run) const noexcept {
    const index piece = run % pieces_, length = std::min(piece_bytes, walk_.run_bytes - piece * piece_bytes);
    return round_up(length, walk_.cell_bytes);
  }
  /// How many runs fit beside each other for a tile: fewer than runs() only for very large windows.
  index runs_at_once() const noexcept { return std::min(runs_, pointers / (2 * most_rows)); }
  /// The most pixels that fit with runs_at_once() runs, a multiple of `tile`; one tile if not all runs do.
  index rows_at_once(index tile) const noexcept {
    if (runs_at_once() < runs_) return tile;
    index most = pointers / runs_ - most_rows;
    if (walk_.merged) most = std::min(most, copied_bytes / (runs_ * read(0)));
    return std::max(most / tile, index{1}) * tile;
  }
  /// Points runs [first, last) of output pixels [row, row + rows); pixels count over all images. The last pixel is
  /// repeated most_rows times, so that a tile may be read beyond it.
  void point(index row, index rows, index first, index last) noexcept {
    first_ = first;
    last_ = last;
    stride_ = rows + most_rows;
    copied_ = 0;
    assert((last - first) * stride_ <= pointers);
    const index width = walk_.out.width;
    for (index i = 0; i < rows;) {
      const index line = (row + i) / width, x = (row + i) % width, count = std::min(rows - i, width - x);
      point_line(line, x, count, table_ + i);
      i += count;
    }
    for (index run = 0; run < last - first; ++run)
      std::fill_n(table_ + run * stride_ + rows, most_rows, table_[run * stride_ + rows - 1]);
  }
  /// The run of pixel `i` of those that were pointed at, and of the pixels after it.
  const std::byte* const* at(index run, index i) const noexcept { return table_ + (run - first_) * stride_ + i; }

 private:
  /// Output pixels [x, x + count) of one output row.
  void point_line(index line, index x, index count, const std::byte** to) noexcept {
    const conv_geometry& g = walk_.geometry;
    for (index v = 0; v < walk_.window.height; ++v) {
      const index y = line % walk_.out.height * g.stride_y - g.pad_top + v * g.dilation_y;
      const bool inside = y >= 0 && y < walk_.extents.height;
      const index image_row = line / walk_.out.height * walk_.extents.height + (inside ? y : 0);
      const std::byte* pixels = walk_.image + image_row * walk_.extents.width * walk_.pixel_bytes + walk_.first_byte;
      const index taps = walk_.merged ? 1 : walk_.window.width;
      for (index u = 0; u < taps; ++u) {
        for (index piece = 0; piece < pieces_; ++piece) {
          const index run = (v * taps + u) * pieces_ + piece;
          if (run < first_ || run >= last_) continue;
          const index image_x = x * g.stride_x - g.pad_left + u * g.dilation_x;
          point_run(run, inside ? pixels + piece * piece_bytes : nullptr, image_x, count,
                    to + (run - first_) * stride_);
        }
      }
    }
  }

  /// One run of `count` pixels, the first at x of the image row that begins at `pixels`; null: outside.
  void point_run(index run, const std::byte* pixels, index x, index count, const std::byte** to) noexcept {
    const index stride = walk_.geometry.stride_x, taps = walk_.merged ? walk_.window.width : 1;
    const index last_x = walk_.extents.width - taps;  // the last x at which a run lies inside
    index begin = x >= 0 ? 0 : std::min(count, ceil_div(-x, stride));
    index end = x > last_x ? 0 : std::min(count, (last_x - x) / stride + 1);
    if (pixels == nullptr || (walk_.merged && walk_.geometry.dilation_x != 1)) end = 0;
    if (end < begin) begin = end = std::min(begin, count);
    for (index i = 0; i < begin; ++i) to[i] = cut_run(pixels, x + i * stride);
    if (end > begin) {
      const std::byte* p = pixels + (x + begin * stride) * walk_.pixel_bytes;
      const index step = stride * walk_.pixel_bytes;
      for (index i = begin; i < end; ++i, p += step) to[i] = p;
      if (end_bytes_ != 0) stay_inside(run, to + begin, to + end);
    }
    for (index i = end; i < count; ++i) to[i] = cut_run(pixels, x + i * stride);
  }

  /// Redirects those of the runs whose last cell would leave the image.
  void stay_inside(index run, const std::byte** begin, const std::byte** end) noexcept {
    const std::byte* const image_end = walk_.image + walk_.image_bytes();
    while (end-- != begin && image_end - *end < read(run)) *end = end_ + (*end - (image_end - end_bytes_));
  }

  /// A run at x that is not inside its image row as a whole: zero points, or a copy with zero points.
  const std::byte* cut_run(const std::byte* pixels, index x) noexcept {
    if (pixels == nullptr || !walk_.merged) return zeros_;
    std::byte* const copy = copies_ + copied_;
    std::byte* to = copy;
    copied_ += read(0);
    for (index u = 0; u < walk_.window.width; ++u, to += walk_.pixel_bytes) {
      const index image_x = x + u * walk_.geometry.dilation_x;
      const bool inside = image_x >= 0 && image_x < walk_.extents.width;
      std::memcpy(to, inside ? pixels + image_x * walk_.pixel_bytes : zeros_,
                  static_cast<std::size_t>(walk_.pixel_bytes));
    }
    std::memset(to, 0, static_cast<std::size_t>(copy + read(0) - to));
    return copy;
  }

  tap_walk walk_;
  index pieces_ = 1, runs_ = 0, first_ = 0, last_ = 0, stride_ = 0, copied_ = 0, end_bytes_ = 0;
  const std::byte* table_[pointers];
  alignas(strip_bytes) std::byte zeros_[piece_bytes];
  std::byte end_[piece_bytes + strip_bytes];
  std::byte copies_[copied_bytes];
};

}  // namespace PARE_UNIT
}  // namespace pare
