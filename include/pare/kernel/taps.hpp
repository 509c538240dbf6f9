// taps.hpp: where a convolution finds its operands: a pointer for every output pixel and every run of bytes under its
// window.
//
// A run is what one tap reads of a pixel: its channels, or a window row's pixels at once where channels are few. Runs
// are read in whole cells. Padding is read from a row of zero points; a run that is partly padding, or whose last cell
// would leave the image, is copied. Where a window row is only a few cells, the whole window is copied, so that its
// rows need not begin at cells. All of this lies in a table of fixed size, so that nothing is allocated.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstring>

#include "../core/standard.hpp"
#include "inside.hpp"
#include "pack.hpp"

namespace pare {

/// The place that runs are copied to: as many bytes for each row of a tile, a copied window followed by one chunk.
struct tap_copies {
  static constexpr index bytes = 16384, most_rows = 8, chunk = 16;
};

/// What runs read for weights of the range W with `inputs` channels per pixel: more than a tap where channels are few,
/// or taps are whole cells of codes (fewer runs: 32x32x32k3 takes 0.89 of the time, 56x56x64k3 0.99), and the pieces of
/// a tile's rows fit the place for copies. Listed: few cells of a run are read, so that many short runs cost more than
/// a copy of them.
template <Element W, bool Listed = false>
constexpr tap_run run_of(image_extents window, index inputs) noexcept {
  constexpr index depth = step_depth<W>, most_bytes = IntegerRange<W> ? 2 : sizeof(float);  // of an activation
  const index run = round_up(window.width * inputs, depth);
  const bool whole_cells = depth > 1 && inputs % depth == 0;
  const bool saves = Listed || whole_cells || run < window.width * round_up(inputs, depth) || inputs <= 16;
  const bool fits = window.height * run * most_bytes + tap_copies::chunk <= tap_copies::bytes / tap_copies::most_rows;
  if (window.height * window.width == 1 || !saves || !fits) return tap_run::tap;
  if (Listed) return tap_run::window;
  constexpr index few_inputs = 32;  // a copy of that many costs less than a run of its own
  if (depth > 1 && window.height > 1 && window.width * inputs <= few_inputs) return tap_run::window;
  return window.width > 1 ? tap_run::row : tap_run::tap;
}

inline namespace PARE_UNIT {

/// memcpy without a call: what is copied here is short. Returns the end of the copy.
inline std::byte* copy_few(std::byte* to, const std::byte* from, index bytes) noexcept {
  constexpr index chunk = 16;
  if (bytes >= chunk) {
    for (index i = 0; i < bytes - chunk; i += chunk) std::memcpy(to + i, from + i, std::size_t{chunk});
    std::memcpy(to + bytes - chunk, from + bytes - chunk, std::size_t{chunk});
    return to + bytes;
  }
  if ((bytes & 8) != 0) std::memcpy(to, from, 8), to += 8, from += 8;
  if ((bytes & 4) != 0) std::memcpy(to, from, 4), to += 4, from += 4;
  if ((bytes & 2) != 0) std::memcpy(to, from, 2), to += 2, from += 2;
  if ((bytes & 1) != 0) *to++ = *from;
  return to;
}

/// Pointers to the runs of some output pixels: [run][pixel].
class tap_table {
 public:
  static constexpr index pointers = 2048, piece_bytes = 4096, copied_bytes = tap_copies::bytes,
                         most_rows = tap_copies::most_rows;

  inside_windows inside;

  explicit tap_table(const tap_walk& walk) noexcept : inside(walk), walk_(walk) {
    pieces_ = larger<index>(ceil_div(walk.run_bytes, piece_bytes), 1);
    last_read_ = round_up(walk.run_bytes - (pieces_ - 1) * piece_bytes, walk.cell_bytes);
    if (walk.reads == tap_run::window) {
      const index windows = walk.batch * walk.out.height * walk.out.width * copy_bytes();
      std::memset(copies_, 0, static_cast<std::size_t>(smaller(windows, copied_bytes)));
    }
    runs_ = walk.reads == tap_run::window ? 1 : walk.window.height * taps_of_row() * pieces_;
    std::memset(zeros_, static_cast<int>(walk.zero_point), static_cast<std::size_t>(smaller(read(0), piece_bytes)));
    if (walk.run_bytes % walk.cell_bytes == 0 || walk.reads == tap_run::window) return;
    end_bytes_ = smaller(walk.image_bytes(), piece_bytes);
    std::memset(end_, 0, sizeof end_);
    std::memcpy(end_, walk.image + (walk.image_bytes() - end_bytes_), static_cast<std::size_t>(end_bytes_));
  }

  index runs() const noexcept { return runs_; }
  /// The bytes that are read of a run, whole cells.
  index read(index run) const noexcept {
    return pieces_ == 1 || run % pieces_ == pieces_ - 1 ? last_read_ : piece_bytes;
  }
  /// How many runs fit beside each other for a tile: fewer than runs() only for very large windows.
  index runs_at_once() const noexcept { return smaller(runs_, pointers / (2 * most_rows)); }
  /// The most pixels that fit with runs_at_once() runs, a multiple of `tile`; one tile if not all runs do.
  index rows_at_once(index tile) const noexcept {
    if (runs_at_once() < runs_) return tile;
    index most = pointers / runs_ - most_rows;
    if (walk_.reads != tap_run::tap) most = smaller(most, pixels_copied(copied_bytes / (runs_ * copy_bytes())));
    return larger(most / tile, index{1}) * tile;
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
      const index line = (row + i) / width, x = (row + i) % width, count = smaller(rows - i, width - x);
      if (walk_.reads == tap_run::window) {
        copy_windows(line, x, count);
      } else {
        point_line(line, x, count, table_ + i);
      }
      i += count;
    }
    if (copies_windows()) return;
    for (index run = 0; run < last - first; ++run) repeat_last(table_ + run * stride_ + rows);
  }
  /// The same for pixels [i, i + rows) of those whose windows are copied: point() leaves them out.
  void point_windows(index i, index rows) noexcept {
    for (index end = i + rows; i < end; ++i) table_[i] = window(i);
    repeat_last(table_ + i);
  }
  /// The run of pixel `i` of those that were pointed at, and of the pixels after it.
  const std::byte* const* at(index run, index i) const noexcept { return table_ + (run - first_) * stride_ + i; }

  /// Whether windows are copied: the only run of every pixel, window_step() bytes behind that of the pixel before.
  bool copies_windows() const noexcept { return walk_.reads == tap_run::window; }
  index window_step() const noexcept { return copy_bytes(); }
  const std::byte* window(index i) const noexcept { return copies_ + i * copy_bytes(); }

  /// Whether a run lies in padding as a whole.
  bool is_outside(const std::byte* run) const noexcept { return run == zeros_; }

 private:
  static constexpr index chunk = tap_copies::chunk;  // what one register copies

  static void repeat_last(const std::byte** end) noexcept { fill_elements(end, most_rows, end[-1]); }

  /// The place of a copied run; a window's has room for the last chunk.
  index copy_bytes() const noexcept { return read(0) + (walk_.reads == tap_run::window ? chunk : 0); }
  /// How many pixels can be pointed at if the runs of `room` pixels can be copied: of every line those that are not
  /// inside their row, and all windows that are copied as a whole.
  index pixels_copied(index room) const noexcept {
    if (walk_.reads == tap_run::window || walk_.geometry.dilation_x != 1) return room;
    const conv_geometry& g = walk_.geometry;
    const index width = walk_.out.width, last_x = walk_.extents.width - walk_.window.width + g.pad_left;
    const index outside = last_x < 0 ? width : larger(width - 1 - last_x / g.stride_x, index{0});
    const index cut = smaller(width, ceil_div(g.pad_left, g.stride_x) + outside);
    return cut == 0 ? pointers : larger(room, (room / cut - 1) * width);  // a line more than they fill
  }
  index taps_of_row() const noexcept { return walk_.reads == tap_run::tap ? walk_.window.width : 1; }

  /// The image row under row v of the window of output row `line`; null: outside.
  const std::byte* row_under(index line, index v) const noexcept {
    const conv_geometry& g = walk_.geometry;
    const index y = line % walk_.out.height * g.stride_y - g.pad_top + v * g.dilation_y;
    if (y < 0 || y >= walk_.extents.height) return nullptr;
    const index image_row = line / walk_.out.height * walk_.extents.height + y;
    return walk_.image + image_row * walk_.extents.width * walk_.pixel_bytes + walk_.first_byte;
  }

  /// Output pixels [x, x + count) of one output row.
  void point_line(index line, index x, index count, const std::byte** to) noexcept {
    const conv_geometry& g = walk_.geometry;
    for (index v = 0; v < walk_.window.height; ++v) {
      const std::byte* const pixels = row_under(line, v);
      const index taps = taps_of_row();
      for (index u = 0; u < taps; ++u) {
        for (index piece = 0; piece < pieces_; ++piece) {
          const index run = (v * taps + u) * pieces_ + piece;
          if (run < first_ || run >= last_) continue;
          const index image_x = x * g.stride_x - g.pad_left + u * g.dilation_x;
          point_run(run, pixels != nullptr ? pixels + piece * piece_bytes : nullptr, image_x, count,
                    to + (run - first_) * stride_);
        }
      }
    }
  }

  /// One run of `count` pixels, the first at x of the image row that begins at `pixels`; null: outside.
  void point_run(index run, const std::byte* pixels, index x, index count, const std::byte** to) noexcept {
    const bool merged = walk_.reads == tap_run::row;
    const index stride = walk_.geometry.stride_x, taps = merged ? walk_.window.width : 1;
    const index last_x = walk_.extents.width - taps;  // the last x at which a run lies inside
    index begin = x >= 0 ? 0 : smaller(count, ceil_div(-x, stride));
    index end = x > last_x ? 0 : smaller(count, (last_x - x) / stride + 1);
    if (pixels == nullptr || (merged && walk_.geometry.dilation_x != 1)) end = 0;
    if (end < begin) begin = end = smaller(begin, count);
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
    if (pixels == nullptr || walk_.reads == tap_run::tap) return zeros_;
    std::byte* const copy = copies_ + copied_;
    copied_ += read(0);
    assert(copied_ <= copied_bytes);
    std::byte* const end = copy_row(copy, pixels, x);
    if (end != copy + read(0)) std::memset(end, 0, static_cast<std::size_t>(copy + read(0) - end));
    return copy;
  }

  /// Copies a row of the window at x; pixels outside the image are zero points. Returns its end.
  std::byte* copy_row(std::byte* to, const std::byte* pixels, index x) const noexcept {
    const index taps = walk_.window.width, pixel = walk_.pixel_bytes, dilation = walk_.geometry.dilation_x;
    if (pixels == nullptr) return copy_few(to, zeros_, taps * pixel);
    if (dilation == 1) {
      const index begin = clamped(-x, index{0}, taps), end = clamped(walk_.extents.width - x, begin, taps);
      to = copy_few(to, zeros_, begin * pixel);
      if (begin != end) to = copy_few(to, pixels + (x + begin) * pixel, (end - begin) * pixel);
      return copy_few(to, zeros_, (taps - end) * pixel);
    }
    for (index u = 0; u < taps; ++u, x += dilation)
      to = copy_few(to, x >= 0 && x < walk_.extents.width ? pixels + x * pixel : zeros_, pixel);
    return to;
  }

  /// Copies the windows of output pixels [x, x + count) of one output row, window_step() apart. What lies between them
  /// meets zeros, or is not read.
  void copy_windows(index line, index x, index count) noexcept {
    const index row_bytes = walk_.window.width * walk_.pixel_bytes;
    std::byte* const copies = copies_ + copied_;
    copied_ += count * window_step();
    assert(copied_ <= copied_bytes);
    for (index v = 0; v < walk_.window.height; ++v)
      copy_rows(copies + v * row_bytes, row_under(line, v), x * walk_.geometry.stride_x - walk_.geometry.pad_left,
                count);
  }

  /// Four at a time, which takes half the time of one at a time.
  static void copy_chunks(std::byte* to, index step, const std::byte* from, index from_step, index count) noexcept {
    const auto copy = [&](index i) { std::memcpy(to + i * step, from + i * from_step, std::size_t{chunk}); };
    for (; count >= 4; count -= 4, to += 4 * step, from += 4 * from_step) copy(0), copy(1), copy(2), copy(3);
    for (; count > 0; --count, to += step, from += from_step) copy(0);
  }

  /// One row of `count` windows, the first at x of the image row `pixels`; null: outside. Those inside the image are
  /// copied in chunks that reach into the next row or behind the window.
  void copy_rows(std::byte* to, const std::byte* pixels, index x, index count) noexcept {
    const index stride = walk_.geometry.stride_x, step = copy_bytes();
    const index chunks = round_up(walk_.window.width * walk_.pixel_bytes, chunk);
    index begin = 0, end = 0;
    if (pixels != nullptr && walk_.geometry.dilation_x == 1) {
      const index room = walk_.image + walk_.image_bytes() - pixels - chunks;
      const index last_x = room < 0 ? -1 : smaller(walk_.extents.width - walk_.window.width, room / walk_.pixel_bytes);
      begin = x >= 0 ? 0 : smaller(count, ceil_div(-x, stride));
      end = x > last_x ? begin : larger(smaller(count, (last_x - x) / stride + 1), begin);
    }
    for (index i = 0; i < begin; ++i) copy_row(to + i * step, pixels, x + i * stride);
    for (index b = 0; b < chunks && end > begin; b += chunk) {
      const std::byte* from = pixels + (x + begin * stride) * walk_.pixel_bytes + b;
      const index from_step = stride * walk_.pixel_bytes;
      copy_chunks(to + begin * step + b, step, from, from_step, end - begin);
    }
    for (index i = end; i < count; ++i) copy_row(to + i * step, pixels, x + i * stride);
  }

  tap_walk walk_;
  index pieces_ = 1, last_read_ = 0, runs_ = 0, first_ = 0, last_ = 0, stride_ = 0, copied_ = 0, end_bytes_ = 0;
  const std::byte* table_[pointers];
  alignas(strip_bytes) std::byte zeros_[piece_bytes];
  std::byte end_[piece_bytes + strip_bytes];
  std::byte copies_[copied_bytes];
};

}  // namespace PARE_UNIT
}  // namespace pare
