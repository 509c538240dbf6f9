// depthwise_cells.hpp: the depthwise convolution of images in channel cells, so that a network of block-sparse layers
// never leaves them: some rows of some channels at a time become NHWC in a workspace, go through the kernel, and back.
#pragma once

#include <span>

#include "../core/standard.hpp"
#include "../kernel/cells.hpp"
#include "depthwise_conv2d.hpp"

namespace pare {
namespace detail {

/// One piece of the work: rows and channels of image n, of the output and of what it is made from.
struct depthwise_band {
  index n;
  index row_begin, row_end, column_begin, column_end;  ///< of the output; its columns are channels
  index in_begin, in_end, channel_begin, channel_end;  ///< of the input, without padding
};

inline namespace PARE_UNIT {

/// How a depthwise layer from elements X to Out is cut into bands.
template <class X, class Out>
struct depthwise_bands {
  static constexpr index columns_at_once = 4 * strip_lanes;  // the most that the kernel has side by side
  static constexpr index band_bytes = 64 * 1024;             // about: stays in the second-level cache

  conv_geometry geometry;
  image_extents image, window, out;
  index outputs;
  index rows;  ///< of output in a band: even, so that cells of taps begin with the window of its first row

  depthwise_bands(const conv_geometry& g, image_extents image_, image_extents window_, index outputs_)
      : geometry(g), image(image_), window(window_), out(output_extents(g, image_, window_)), outputs(outputs_) {
    const index row_bytes = g.stride_y * image.width * index{sizeof(X)} + out.width * index{sizeof(Out)};
    cut(ceil_div(out.height, larger(band_bytes / larger(row_bytes * columns(), index{1}), index{1})));
  }
  /// Cuts an image's rows into about `count` bands of about the same height.
  void cut(index count) noexcept { rows = round_up(ceil_div(out.height, count), 2); }

  /// Of a band, at most.
  index columns() const noexcept { return smaller(outputs, columns_at_once); }
  index per_image() const noexcept { return ceil_div(out.height, rows); }
  index count(index batch) const noexcept { return ceil_div(outputs, columns_at_once) * batch * per_image(); }

  /// Elements for so many pixels in all columns: in whole strips, wherever in the first of them a band begins.
  index room(index pixels) const noexcept {
    return round_up(round_up(pixels + strip_lanes - 1, strip_lanes) * columns(), strip_bytes);
  }
  /// No band reads more channels than the widest has columns.
  index in_bytes() const noexcept {
    const index span = (rows - 1) * geometry.stride_y + (window.height - 1) * geometry.dilation_y + 1;
    return room(smaller(span, image.height) * image.width) * index{sizeof(X)};
  }
  index out_bytes() const noexcept { return room(smaller(rows, out.height) * out.width) * index{sizeof(Out)}; }
  /// Of one thread.
  index bytes() const noexcept { return in_bytes() + out_bytes(); }

  /// Band i of a batch, by channels, then by images, then by rows.
  depthwise_band band(index batch, index multiplier, index i) const noexcept {
    const index bands = batch * per_image(), row = i % per_image() * rows, column = i / bands * columns_at_once;
    const index row_end = smaller(row + rows, out.height), column_end = smaller(column + columns_at_once, outputs);
    const index top = row * geometry.stride_y - geometry.pad_top;
    const index bottom =
        (row_end - 1) * geometry.stride_y - geometry.pad_top + (window.height - 1) * geometry.dilation_y;
    const index in_begin = clamped(top, index{0}, image.height);
    return {.n = i % bands / per_image(),
            .row_begin = row,
            .row_end = row_end,
            .column_begin = column,
            .column_end = column_end,
            .in_begin = in_begin,
            .in_end = clamped(bottom + 1, in_begin, image.height),
            .channel_begin = column / multiplier / channel_depth<X> * channel_depth<X>,
            .channel_end = ceil_div(column_end, multiplier)};
  }
};

/// What the kernel reads of a band: images whose pixels and channels have the numbers that they have in x.
template <class T>
image_view<const T> read_band(const image_view<const T>& x, const depthwise_band&, T*, target) noexcept {
  return x;
}
/// Made in `rows`; these images end below the band, so that the kernel reads nothing that is not there.
template <class T>
image_view<const T> read_band(const cells_image<const T>& x, const depthwise_band& band, T* rows, target on) noexcept {
  const index channels = band.channel_end - band.channel_begin, before = band.n * x.height;
  const index begin = (before + band.in_begin) * x.width / strip_lanes * strip_lanes;
  const index count = round_up((before + band.in_end) * x.width, strip_lanes) - begin;
  if (band.in_begin < band.in_end && x.width > 0) {
    const cells_view<const T> cells(&x.pixels()(begin, band.channel_begin), count, channels, x.plane);
    copy_to_rows(cells, matrix_view<T>(rows, count, channels), on);
  }
  const index cut_off = band.n * (x.height - band.in_end) * x.width;  // of the images before
  const T* const first = rows - (begin - cut_off) * channels - band.channel_begin;
  return {first, x.batch, band.in_end, x.width, channels};
}

/// Where the kernel writes a band, whose first output is (pixel, column).
template <class T>
matrix_view<T> rows_to_write(const image_view<T>& y, index, index, index, T*) noexcept {
  return y.pixels();
}
template <class T>
matrix_view<T> rows_to_write(const cells_image<T>& y, index pixel, index column, index columns, T* rows) noexcept {
  return {rows - pixel * columns - column, y.pixels().pixels, columns, columns};
}

/// What is left to do then: `rows` [pixels, columns] go where (pixel, column) is.
template <class T>
void write_band(const image_view<T>&, index, index, const matrix_view<const T>&, target) noexcept {}
template <class T>
void write_band(const cells_image<T>& y, index pixel, index column, matrix_view<const T> rows, target on) noexcept {
  const cells_view<T> all = y.pixels();
  if (pixel + rows.rows == all.pixels) rows.rows = round_up(all.pixels, strip_lanes) - pixel;  // memory to spare
  copy_to_cells(rows, cells_view<T>(&all(pixel, column), rows.rows, rows.columns, all.plane), on);
}

/// Bands [begin, end). memory: bands.bytes().
template <class Call, class Bands, class X, class Y>
void run_depthwise_bands(Call call, const Bands& bands, const X& x, const Y& y, index begin, index end,
                         std::byte* memory, target on) noexcept {
  using in_type = std::remove_const_t<std::remove_pointer_t<decltype(x.data)>>;
  using out_type = std::remove_pointer_t<decltype(y.data)>;
  auto* const in = reinterpret_cast<in_type*>(memory);
  auto* const out = reinterpret_cast<out_type*>(memory + bands.in_bytes());
  for (index i = begin; i < end; ++i) {
    const depthwise_band band = bands.band(y.batch, call.multiplier, i);
    const index columns = band.column_end - band.column_begin, line = band.n * y.height + band.row_begin;
    const index lines = band.row_end - band.row_begin, pixel = line * y.width;
    call.image = read_band<in_type>(x, band, in, on);
    const auto rows = rows_to_write<out_type>(y, pixel, band.column_begin, columns, out);
    call.out = rows.data;
    call.out_stride = rows.stride;
    call.part = {line, line + lines, band.column_begin, band.column_end};
    run(call, on);
    write_band<out_type>(y, pixel, band.column_begin, {out, lines * y.width, columns}, on);
  }
}

template <class T>
inline constexpr bool is_cells_image = false;
template <class T>
inline constexpr bool is_cells_image<cells_image<T>> = true;

/// The extents of images, without their memory.
template <class T, class Images>
image_view<T> extents_of(const Images& images) noexcept {
  return {nullptr, images.batch, images.height, images.width, images.channels};
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// Bytes of the workspace of depthwise_conv2d for images of these extents and elements X to Out, in channel cells.
/// Fails if the geometry makes no sense.
template <class X, class Out, Element W>
index depthwise_workspace(const packed_depthwise<W>& w, const conv_geometry& geometry, image_extents image,
                          index concurrency = 1) {
  const detail::depthwise_bands<X, Out> bands(geometry, image, w.window(), w.outputs());
  return concurrency * bands.bytes() + strip_bytes;
}

/// The same layer as depthwise_conv2d of images in NHWC, with x, y or both in channel cells (cells_image). An `add`
/// stage takes its operand as a matrix [pixels, channels].
///
/// workspace: depthwise_workspace<X, Out>(...) bytes with the executor's concurrency; nothing is allocated. Everything
/// else, errors too, as there. Fails as well if the workspace is too small.
///
/// prepare_depthwise_conv2d checks the arguments and returns the call for up to `concurrency` threads, whose run() is
/// noexcept; depthwise_conv2d runs it at once.
template <class A = void, index MaxDepth = default_depth, class X, Element W, Stage Epilogue, class Y>
requires(detail::is_cells_image<X> || detail::is_cells_image<Y>) auto prepare_depthwise_conv2d(
    const X& x, std::int32_t zero_point, const packed_depthwise<W>& w, const conv_geometry& geometry,
    const Epilogue& epilogue, const Y& y, std::span<std::byte> workspace, target on = best_target(),
    index concurrency = 1) PARE_THROWS_MISTAKES {
  using in_type = std::remove_const_t<std::remove_pointer_t<decltype(x.data)>>;
  using out_type = std::remove_pointer_t<decltype(y.data)>;
  using range = detail::range_or_full<A, in_type>;
  static_assert(std::is_same_v<typename range::type, in_type>, "pare: A must be a format of x's element type");
  expect_available(on);
  detail::expect_depthwise<range, MaxDepth, out_type>(x, zero_point, w, geometry, epilogue, y);
  detail::expect_concurrency(concurrency);
  const index needed = depthwise_workspace<in_type, out_type>(w, geometry, {x.height, x.width}, concurrency);
  if (static_cast<index>(workspace.size()) < needed)
    fail("workspace", words("at least ", needed, " bytes"), workspace.size());

  detail::depthwise_bands<in_type, out_type> bands(geometry, {x.height, x.width}, w.window(), w.outputs());
  const auto images = detail::extents_of<const in_type>(x);
  const auto outputs = detail::extents_of<out_type>(y);
  decltype(detail::whole_depthwise<range, MaxDepth>(images, zero_point, w, geometry, epilogue, outputs)) call;
  index all = 0;
  if (y.size() != 0) {
    call = detail::whole_depthwise<range, MaxDepth>(images, zero_point, w, geometry, epilogue, outputs);
    const index count = bands.count(y.batch);
    if (count < concurrency) bands.cut(smaller(bands.per_image() * ceil_div(concurrency, count), y.height));
    all = bands.count(y.batch);
  }
  std::byte* const memory = first_line(workspace);
  return prepared(
      [=, bytes = bands.bytes()](index parts, index i) noexcept {
        detail::run_depthwise_bands(call, bands, x, y, detail::piece(all, 1, parts, i),
                                    detail::piece(all, 1, parts, i + 1), memory + i * bytes, on);
      },
      concurrency);
}
template <class A = void, index MaxDepth = default_depth, class X, Element W, Stage Epilogue, class Y,
          Executor E = sequential>
requires(detail::is_cells_image<X> ||
         detail::is_cells_image<Y>) void depthwise_conv2d(const X& x, std::int32_t zero_point,
                                                          const packed_depthwise<W>& w, const conv_geometry& geometry,
                                                          const Epilogue& epilogue, const Y& y,
                                                          std::span<std::byte> workspace, target on = best_target(),
                                                          const E& executor = {}) PARE_THROWS_MISTAKES {
  prepare_depthwise_conv2d<A, MaxDepth>(x, zero_point, w, geometry, epilogue, y, workspace, on, executor.concurrency())
      .run(executor);
}

}  // namespace PARE_UNIT
}  // namespace pare
