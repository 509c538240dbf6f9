// conv2d_cells.hpp: the convolution of pruned weights over raw memory: what runs weights of block<R, C> at the cost of
// the blocks they keep, for any window. Depthwise layers between them: depthwise_cells.hpp.
#pragma once

#include <cstring>
#include <span>

#include "../core/standard.hpp"
#include "../kernel/grid.hpp"
#include "conv2d.hpp"
#include "linear_cells.hpp"

namespace pare {
namespace detail {

/// How the rows of an image pass through a workspace, some output rows at a time.
template <class X, class Out>
struct conv_bands {
  static constexpr index input_bytes = 64 * 1024;  // about: what is read stays in the second-level cache

  conv_grid grid;
  index inputs, outputs;
  index rows;  ///< of output, at a time

  conv_bands(const conv_grid& grid_, index inputs_, index outputs_) : grid(grid_), inputs(inputs_), outputs(outputs_) {
    const index row_bytes = grid.row_pixels() * planes() * cell_bytes;
    const index most = larger(input_bytes / larger(row_bytes, index{1}) - grid.down, index{1});
    rows = ceil_div(grid.out.height, ceil_div(grid.out.height, most));  // bands of about the same height
  }
  index planes() const noexcept { return ceil_div(inputs, channel_depth<X>); }
  index taps() const noexcept { return grid.window.height * grid.window.width; }
  /// Where cells of the weights' k lie.
  index places_bytes() const noexcept {
    return round_up(taps() * planes() * index{sizeof(std::uint32_t)}, strip_bytes);
  }
  index in_plane() const noexcept { return grid.plane_pixels(rows) * channel_depth<X>; }
  index in_bytes() const noexcept {
    return round_up((planes() * grid.plane_pixels(rows) + grid.pixels_beyond()) * cell_bytes, strip_bytes);
  }
  index out_plane() const noexcept { return round_up(grid.pixels(rows), strip_lanes) * channel_depth<Out>; }
  index out_bytes() const noexcept { return ceil_div(outputs, channel_depth<Out>) * out_plane() * index{sizeof(Out)}; }
  /// Of one thread.
  index bytes() const noexcept { return places_bytes() + in_bytes() + round_up(out_bytes(), strip_bytes); }
};

inline namespace PARE_UNIT {

/// Every stride-th of the cells at `from`.
inline void copy_every(std::byte* to, const std::byte* from, index stride, index count) noexcept {
  typedef std::int32_t four_cells __attribute__((vector_size(4 * cell_bytes)));
  index i = 0;
  if (stride == 2) {
    for (; i + 4 < count; i += 4) {  // not the last ones: they are followed by nothing that may be read
      four_cells low, high;
      std::memcpy(&low, from + 2 * i * cell_bytes, sizeof low);
      std::memcpy(&high, from + (2 * i + 4) * cell_bytes, sizeof high);
      const four_cells even = __builtin_shufflevector(low, high, 0, 2, 4, 6);
      std::memcpy(to + i * cell_bytes, &even, sizeof even);
    }
  }
  for (; i < count; ++i) std::memcpy(to + i * cell_bytes, from + i * stride * cell_bytes, std::size_t{cell_bytes});
}

template <class T>
auto bytes_of(T* p) noexcept {
  return reinterpret_cast<std::conditional_t<std::is_const_v<T>, const std::byte, std::byte>*>(p);
}

/// Pixels of an image row as cells, `stride` apart, the first at column x.
template <class T>
void copy_pixels(const image_view<const T>& from, index n, index y, index x, index stride, index count,
                 const cells_view<T>& to, target on) noexcept {
  copy_to_cells(matrix_view<const T>(&from(n, y, x, 0), count, from.channels, stride * from.channels), to, on);
}
template <class T>
void copy_pixels(const cells_image<const T>& from, index n, index y, index x, index stride, index count,
                 const cells_view<T>& to, target) noexcept {
  const T* pixels = &from(n, y, x, 0);
  T* cells = to.data;
  for (index plane = 0; plane < to.planes(); ++plane, pixels += from.plane, cells += to.plane) {
    if (stride == 1) {
      copy_few(bytes_of(cells), bytes_of(pixels), count * cell_bytes);
    } else {
      copy_every(bytes_of(cells), bytes_of(pixels), stride, count);
    }
  }
}

/// Cells as pixels of an image row.
template <class T>
void copy_row(const cells_view<const T>& from, const image_view<T>& to, index n, index y, target on) noexcept {
  copy_to_rows(from, matrix_view<T>(&to(n, y, 0, 0), to.width, to.channels), on);
}
template <class T>
void copy_row(const cells_view<const T>& from, const cells_image<T>& to, index n, index y, target) noexcept {
  const T* cells = from.data;
  T* pixels = &to(n, y, 0, 0);
  for (index plane = 0; plane < from.planes(); ++plane, cells += from.plane, pixels += to.plane)
    copy_few(bytes_of(pixels), bytes_of(cells), to.width * from.depth * index{sizeof(T)});
}

template <class T>
void fill_planes(const cells_view<T>& to, index begin, index end, T zero_point) noexcept {
  for (index plane = 0; plane < to.planes(); ++plane) {
    T* const cells = to.data + plane * to.plane;
    for (index i = begin * to.depth; i < end * to.depth; ++i) cells[i] = zero_point;
  }
}

/// Copies what `rows` output rows from y on read of image n, with its padding.
template <class Bands, class Images, class T>
void read_band(const Bands& bands, const Images& x, index n, index y, index rows, T zero_point, T* to,
               target on) noexcept {
  const conv_grid& grid = bands.grid;
  const conv_geometry& g = grid.geometry;
  for (index phase = 0; phase < grid.phases_y * grid.phases_x; ++phase) {
    const index phase_x = phase % grid.phases_x;
    const auto [begin, end] = grid.inside(phase_x);
    for (index row = 0; row < rows + grid.down; ++row) {
      const index image_y = (y + row) * g.stride_y + phase / grid.phases_x - g.pad_top;
      T* const pixels = to + (phase * grid.phase_pixels(bands.rows) + row * grid.pitch) * channel_depth<T>;
      const cells_view<T> cells(pixels, grid.columns(), bands.inputs, bands.in_plane());
      if (image_y < 0 || image_y >= grid.image.height || begin == end) {
        fill_planes(cells, 0, grid.columns(), zero_point);
        continue;
      }
      fill_planes(cells, 0, begin, zero_point);
      fill_planes(cells, end, grid.columns(), zero_point);
      const cells_view<T> inside(pixels + begin * channel_depth<T>, end - begin, bands.inputs, bands.in_plane());
      copy_pixels<T>(x, n, image_y, begin * g.stride_x + phase_x - g.pad_left, g.stride_x, end - begin, inside, on);
    }
  }
}

/// Output rows [begin, end), counted over all images. memory: bands.bytes().
template <class Call, class Bands, class X, class Y>
void run_bands(Call call, const Bands& bands, const X& x, const Y& y, index begin, index end, std::byte* memory,
               target on) noexcept {
  using in_type = std::remove_const_t<std::remove_pointer_t<decltype(x.data)>>;
  using out_type = std::remove_pointer_t<decltype(y.data)>;
  auto* const places = reinterpret_cast<std::uint32_t*>(memory);
  auto* const in = reinterpret_cast<in_type*>(memory + bands.places_bytes());
  auto* const out = reinterpret_cast<out_type*>(memory + bands.places_bytes() + bands.in_bytes());
  bands.grid.list_places(bands.planes(), bands.rows, places);
  call.places = places;
  call.a = in;
  call.out = out;
  call.out_plane = bands.out_plane();
  const auto zero_point = static_cast<in_type>(call.zero_point);
  for (index line = begin, rows; line < end; line += rows) {
    const index n = line / y.height, first = line % y.height;
    rows = smaller(bands.rows, smaller(end - line, y.height - first));
    read_band(bands, x, n, first, rows, zero_point, in, on);
    call.first_pixel = line * y.width;
    call.part = {0, bands.grid.pixels(rows), 0, y.channels};
    run(call, on);
    for (index row = 0; row < rows; ++row) {
      const out_type* const cells = out + row * bands.grid.pitch * channel_depth<out_type>;
      copy_row(cells_view<const out_type>(cells, y.width, y.channels, bands.out_plane()), y, n, first + row, on);
    }
  }
}

/// Part `i` of `parts` of y, as the product that it is where both images are in cells, or in bands.
template <class Call, class Bands, class X, class Y>
void run_cells_conv(const Call& call, const Bands& bands, const X& x, const Y& y, std::span<std::byte> workspace,
                    bool product, index parts, index i, target on) noexcept {
  if (y.size() == 0) return;
  if constexpr (requires { x.plane + y.plane; }) {
    if (product) {
      typename Call::product_type pixels = call;
      pixels.a = x.data;
      pixels.a_plane = x.plane;
      pixels.out = y.data;
      pixels.out_plane = y.plane;
      return run_cells_part(pixels, y.pixels().pixels, y.channels, parts, i, on);
    }
  }
  std::byte* const memory = first_line(workspace);
  const index lines = y.batch * y.height;
  run_bands(call, bands, x, y, piece(lines, 1, parts, i), piece(lines, 1, parts, i + 1), memory + i * bands.bytes(),
            on);
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// Bytes of the workspace of conv2d for elements X and Out, weights in cells, and images of these extents.
/// Fails if the geometry makes no sense.
template <class X, class Out, class Weights>
index conv2d_workspace(const Weights& w, const conv_geometry& geometry, image_extents image, index concurrency = 1) {
  const conv_grid grid(geometry, image, w.window(), output_extents(geometry, image, w.window()));
  const detail::conv_bands<X, Out> bands(grid, w.inputs(), w.outputs());
  if (static_cast<std::uint64_t>(bands.in_bytes()) > UINT32_MAX)
    fail("x.width", "rows of less than 4 GiB under a window", image.width);
  return concurrency * bands.bytes() + strip_bytes;
}

/// The same layer as conv2d of images and dense weights, for weights of block<R, C>, R = 1, 2, 4 or 8. x and y are each
/// image_view (NHWC) or cells_image; x's rows are copied with their padding, some at a time, and y's come out of rows
/// that are a little longer.
///
/// workspace: conv2d_workspace<X, Out>(...) bytes with the executor's concurrency; nothing else is allocated. With an
/// `add` stage, whose operand is a matrix [pixels, channels], one output row is computed at a time. Everything else,
/// errors too, as there. Fails as well if the workspace is too small.
///
/// A prepared call has work for no more than `concurrency` threads.
template <class A = void, index MaxDepth = default_depth, class X, class Weights, Stage Epilogue, class Y>
requires Weights::in_cells  //
    auto
    prepare_conv2d(const X& x, std::int32_t zero_point, const Weights& w, const conv_geometry& geometry,
                   const Epilogue& epilogue, const Y& y, std::span<std::byte> workspace, target on = best_target(),
                   index concurrency = 1) PARE_THROWS_MISTAKES {
  using in_type = std::remove_const_t<std::remove_pointer_t<decltype(x.data)>>;
  using out_type = std::remove_pointer_t<decltype(y.data)>;
  using range = detail::range_or_full<A, in_type>;
  static_assert(std::is_same_v<typename range::type, in_type>, "pare: A must be a format of x's element type");
  expect_available(on);
  expect_equal("geometry.groups", w.groups(), geometry.groups);
  expect_equal("x.channels", w.inputs(), x.channels);
  detail::expect_images(x, geometry, w.window(), w.outputs(), y);
  detail::expect_activations<range, MaxDepth>(zero_point, w.depth());
  detail::expect_stage<out_type>(epilogue, y.batch * y.height * y.width, y.channels);
  detail::expect_concurrency(concurrency);
  const index needed = conv2d_workspace<in_type, out_type>(w, geometry, {x.height, x.width}, concurrency);
  if (static_cast<index>(workspace.size()) < needed)
    fail("workspace", words("at least ", needed, " bytes"), workspace.size());

  cells_conv_call<range, typename Weights::range, typename Weights::structure, Epilogue, out_type, MaxDepth> call;
  call.weights = w.view();
  call.k = x.channels;
  call.zero_point = zero_point;
  call.epilogue = epilogue;
  const conv_grid grid(geometry, {x.height, x.width}, w.window(), {y.height, y.width});
  detail::conv_bands<in_type, out_type> bands(grid, w.inputs(), w.outputs());
  if (reads_operands<Epilogue>) bands.rows = 1;
  const bool in_place = detail::is_product(w, geometry);
  return prepared(
      [=](index parts, index i) noexcept {
        detail::run_cells_conv(call, bands, x, y, workspace, in_place, parts, i, on);
      },
      concurrency);
}
template <class A = void, index MaxDepth = default_depth, class X, class Weights, Stage Epilogue, class Y,
          Executor E = sequential>
requires Weights::in_cells void conv2d(const X& x, std::int32_t zero_point, const Weights& w,
                                       const conv_geometry& geometry, const Epilogue& epilogue, const Y& y,
                                       std::span<std::byte> workspace, target on = best_target(),
                                       const E& executor = {}) PARE_THROWS_MISTAKES {
  prepare_conv2d<A, MaxDepth>(x, zero_point, w, geometry, epilogue, y, workspace, on, executor.concurrency())
      .run(executor);
}

}  // namespace PARE_UNIT
}  // namespace pare
