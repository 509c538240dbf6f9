// conv2d.hpp: the convolution over raw memory: what an inference engine calls.
#pragma once

#include "../core/standard.hpp"
#include "../kernel/conv.hpp"
#include "linear.hpp"
#include "packed_conv.hpp"
#include "prepared.hpp"

namespace pare {

/// A sequence of `length` steps of `channels` as an image of one row: conv1d is conv2d on it, with a window of one row.
template <class T>
constexpr image_view<T> sequence_view(T* data, index batch, index length, index channels) noexcept {
  return {data, batch, 1, length, channels};
}

namespace detail {

inline namespace PARE_UNIT {

/// Fails if the number of elements does not fit an index.
template <class Images>
void expect_countable(const char* argument, const Images& image) {
  index bytes = sizeof(*image.data);
  for (const index extent : {image.batch, image.height, image.width, image.channels}) {
    if (extent > 0 && __builtin_mul_overflow(bytes, extent, &bytes))
      fail(argument, "fewer bytes than an index can count", "extents whose product is too large");
  }
}

/// Fails unless image and output fit each other and the window, whose outputs are `channels`.
template <class X, class Y>
void expect_images(const X& x, const conv_geometry& geometry, image_extents window, index channels, const Y& y) {
  expect_countable("x", x);
  expect_countable("y", y);
  expect_valid("x", x);
  expect_valid("y", y);
  const image_extents extents = output_extents(geometry, {x.height, x.width}, window);
  expect_equal("y.batch", x.batch, y.batch);
  expect_equal("y.height", extents.height, y.height);
  expect_equal("y.width", extents.width, y.width);
  expect_equal("y.channels", channels, y.channels);
}

/// Fails unless the zero point and the depth of a reduction are what A and MaxDepth promise.
template <Element A, index MaxDepth>
void expect_activations(std::int32_t zero_point, index depth) {
  if constexpr (IntegerRange<A>) {
    if (depth > MaxDepth) fail("weights", words("at most MaxDepth = ", MaxDepth, " products per output"), depth);
  }
  if constexpr (sizeof(typename A::type) == 1) {
    if (zero_point < A::min || zero_point > A::max) fail("x zero_point", "a value of x's range", zero_point);
  } else if (zero_point != 0) {
    fail("x zero_point", "0 for 16-bit and float activations", zero_point);
  }
}

template <class A, class X>
using range_or_full =
    typename std::conditional_t<std::is_void_v<A>, element_of<std::remove_const_t<X>>, std::type_identity<A>>::type;

/// The walk of a convolution over x.
template <Element A, class Weights>
tap_walk walk_over(const image_view<const typename A::type>& x, std::int32_t zero_point, const Weights& w,
                   const conv_geometry& geometry, image_extents out) {
  constexpr index size = sizeof(typename A::type);
  constexpr index cell = conv_cell_bytes<A, typename Weights::range, typename Weights::structure>;
  // Taps of whole cells lie in the panels as rows of them do; those that are apart in the image need not be copied.
  const bool apart = geometry.dilation_x != 1 && w.reads() == tap_run::row && w.read_inputs() * size % cell == 0;
  const tap_run reads = apart ? tap_run::tap : w.reads();
  const index taps = reads == tap_run::tap ? 1 : w.window().width * (reads == tap_run::row ? 1 : w.window().height);
  return {.image = reinterpret_cast<const std::byte*>(x.data),
          .batch = x.batch,
          .extents = {x.height, x.width},
          .window = w.window(),
          .out = out,
          .geometry = geometry,
          .pixel_bytes = x.channels * size,
          .run_bytes = taps * w.read_inputs() * size,
          .cell_bytes = cell,
          .reads = reads,
          .zero_point = static_cast<std::byte>(size == 1 ? zero_point : 0)};
}

constexpr bool is_padded(const conv_geometry& g) noexcept {
  return g.pad_top != 0 || g.pad_left != 0 || g.pad_bottom != 0 || g.pad_right != 0;
}

/// Whether every output pixel reads one pixel, the next one the next: the convolution is the product of a matrix whose
/// rows are pixels.
template <class Weights>
bool is_product(const Weights& w, const conv_geometry& g) noexcept {
  return w.groups() == 1 && w.window() == image_extents{1, 1} && g.stride_y == 1 && g.stride_x == 1 && !is_padded(g);
}

/// The elements that an output reads, if they follow each other in memory and the next output's follow them: then the
/// convolution is the product of a matrix of such rows, pixels under a window of one or whole images under a window as
/// large. Otherwise below 0.
template <class Weights>
index row_of_product(const Weights& w, const conv_geometry& g, image_extents image) noexcept {
  if (is_product(w, g)) return w.inputs();
  // Places are counted from where a tap begins, and in a product from where a row does.
  const bool in_lines = window_depth<typename Weights::structure> == 0 || w.inputs() % strip_bytes == 0;
  const bool without_gaps = w.reads() == tap_run::window || (w.packed_depth() == w.depth() && in_lines);
  const bool whole = w.groups() == 1 && w.window() == image && g.dilation_y == 1 && g.dilation_x == 1 && !is_padded(g);
  return whole && without_gaps ? w.depth() : -1;
}

/// Runs the columns of call.part, in pieces that read the same input channels.
template <class Call, class Weights>
void run_groups(Call call, const Weights& w, target on) noexcept {
  const index begin = call.part.column_begin, end = call.part.column_end;
  for (index panel = begin / strip_lanes, next; panel * strip_lanes < end; panel = next) {
    const index first = w.first_input(panel);
    for (next = panel + 1; next * strip_lanes < end && w.first_input(next) == first;) ++next;
    call.walk.first_byte = first * index{sizeof(*call.a)};
    call.part.column_begin = larger(panel * strip_lanes, begin);
    call.part.column_end = smaller(next * strip_lanes, end);
    run(call, on);
  }
}

/// Part `i` of `parts` of a whole call: some of its rows or of its columns, whichever are more.
template <class Call>
Call part_of(const Call& call, index parts, index i) noexcept {
  const index rows = call.part.row_end, columns = call.part.column_end;
  const bool by_row = rows >= columns;
  Call mine = call;
  const index extent = by_row ? rows : columns, grain = by_row ? 1 : 4 * strip_lanes;
  (by_row ? mine.part.row_begin : mine.part.column_begin) = piece(extent, grain, parts, i);
  (by_row ? mine.part.row_end : mine.part.column_end) = piece(extent, grain, parts, i + 1);
  return mine;
}

/// A whole convolution, and whether it runs as the product that it is then.
template <class Call, class Product>
struct whole_conv {
  using product = Product;
  Call call;
  bool is_product = false;
};

/// The call of a convolution that fits. Fails as conv2d does.
template <class A, index MaxDepth, class X, class Weights, Stage Epilogue, class Out>
auto conv2d_call(const image_view<X>& x, std::int32_t zero_point, const Weights& w, const conv_geometry& geometry,
                 const Epilogue& epilogue, const image_view<Out>& y, target on) {
  using range = range_or_full<A, X>;
  static_assert(std::is_same_v<typename range::type, std::remove_const_t<X>>,
                "pare: A must be a format of x's element type");
  static_assert(!Weights::in_cells,
                "pare: weights of block<R, C> with R below 16 run in channel cells; give conv2d a workspace of "
                "conv2d_workspace() bytes after y (see nn/conv2d_cells.hpp)");
  expect_available(on);
  expect_equal("geometry.groups", w.groups(), geometry.groups);
  expect_equal("x.channels", w.inputs(), x.channels);
  expect_images(x, geometry, w.window(), w.outputs(), y);
  expect_activations<range, MaxDepth>(zero_point, w.depth());
  const index pixels = y.batch * y.height * y.width;
  expect_stage<Out>(epilogue, pixels, y.channels);

  using product = gemm_call<range, typename Weights::range, typename Weights::structure, Epilogue, Out, MaxDepth>;
  using convolution = conv_call<range, typename Weights::range, typename Weights::structure, Epilogue, Out, MaxDepth>;
  whole_conv<convolution, product> whole;
  convolution& call = whole.call;
  call.walk = walk_over<range>(x, zero_point, w, geometry, {y.height, y.width});
  const index row = row_of_product(w, geometry, {x.height, x.width});
  whole.is_product = row >= 0;
  call.a = x.data;
  call.a_stride = row;
  static_cast<product&>(call).k = row;
  call.weights = w.view();
  call.zero_point = zero_point;
  call.epilogue = epilogue;
  call.out = y.data;
  call.out_stride = y.channels;
  call.part = {0, pixels, 0, y.channels};
  return whole;
}

/// Computes part `i` of `parts`.
template <class Whole, class Weights>
void run_part_of(const Whole& whole, const Weights& w, target on, index parts, index i) noexcept {
  const auto mine = part_of(whole.call, parts, i);
  if (whole.is_product) {
    run(static_cast<const typename Whole::product&>(mine), on);
  } else {
    run_groups(mine, w, on);
  }
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// y[n, i, j, o] = epilogue(sum over the window's taps (v, u) and the channels c of o's group of
/// (x[n, i', j', c] - zero_point) * w[o, v, u, c]), padding counts as zero_point: the layout of TFLite's Conv2D.
///
/// x NHWC, y NHWC of the extents that output_extents(geometry, ...) gives. The columns that the epilogue's stages see
/// are y's channels, the rows its pixels. A and MaxDepth as for linear, with k = products per output. y must not
/// overlap x; an `add` stage may read y itself. Needs no workspace and allocates nothing; uses about 45 KB of stack per
/// thread. Fails on extents that do not match, values out of range, or a target that is not available, before it
/// writes.
template <class A = void, index MaxDepth = default_depth, class X, class Weights, Stage Epilogue, class Out,
          Executor E = sequential>
void conv2d(const image_view<X>& x, std::int32_t zero_point, const Weights& w, const conv_geometry& geometry,
            const Epilogue& epilogue, const image_view<Out>& y, target on = best_target(),
            const E& executor = {}) PARE_THROWS_MISTAKES {
  const auto call = detail::conv2d_call<A, MaxDepth>(x, zero_point, w, geometry, epilogue, y, on);
  const index parts = executor.concurrency();
  executor.bulk(parts, [&](index i) noexcept { detail::run_part_of(call, w, on, parts, i); });
}
/// Checks the arguments of conv2d() and returns the call, whose run() is noexcept (see prepared.hpp).
template <class A = void, index MaxDepth = default_depth, class X, class Weights, Stage Epilogue, class Out>
auto prepare_conv2d(const image_view<X>& x, std::int32_t zero_point, const Weights& w, const conv_geometry& geometry,
                    const Epilogue& epilogue, const image_view<Out>& y,
                    target on = best_target()) PARE_THROWS_MISTAKES {
  return prepared([call = detail::conv2d_call<A, MaxDepth>(x, zero_point, w, geometry, epilogue, y, on), &w, on](
                      index parts, index i) noexcept { detail::run_part_of(call, w, on, parts, i); });
}

}  // namespace PARE_UNIT
}  // namespace pare
