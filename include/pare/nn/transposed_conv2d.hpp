// transposed_conv2d.hpp: the transposed convolution over raw memory, as one convolution per phase of its stride.
//
// Output rows y with the same (y + pad_top) mod stride_y = r meet the window rows r, r + stride_y, ... alone, and
// neighbours among them neighbouring input rows: a convolution with stride 1. So do columns. Nothing is multiplied by
// the zeros that a stretched input would have.
#pragma once

#include "../core/standard.hpp"
#include "conv2d.hpp"

namespace pare {

/// Weights OHWI [outputs, window height, window width, inputs] of a transposed convolution with these strides, one
/// packed window per phase.
template <Element W>
class packed_transposed_conv {
 public:
  using range = W;
  using element = typename W::type;

  packed_transposed_conv() = default;
  /// Fails if a stride is below 1, the window is empty, or a weight is outside W.
  packed_transposed_conv(const image_view<const element>& weights, index stride_y, index stride_x)
      : stride_y_(stride_y), stride_x_(stride_x), window_{weights.height, weights.width} {
    expect_valid("weights", weights);
    if (stride_y < 1 || stride_x < 1) fail("stride", "at least 1", smaller(stride_y, stride_x));
    if (weights.height < 1) fail("weights.height", "at least 1", weights.height);
    if (weights.width < 1) fail("weights.width", "at least 1", weights.width);
    phases_ = owned_array<packed_conv<W>>(stride_y * stride_x);
    for (index y = 0; y < stride_y; ++y)
      for (index x = 0; x < stride_x; ++x) phases_[y * stride_x + x] = pack_phase(weights, y, x);
  }

  index outputs() const noexcept { return phases_.size() == 0 ? 0 : phases_[0].outputs(); }
  index inputs() const noexcept { return phases_.size() == 0 ? 0 : phases_[0].inputs(); }
  image_extents window() const noexcept { return window_; }
  index stride_y() const noexcept { return stride_y_; }
  index stride_x() const noexcept { return stride_x_; }
  index depth() const noexcept { return phases_.size() == 0 ? 0 : phases_[0].depth(); }
  std::size_t bytes() const noexcept {
    std::size_t sum = 0;
    for (const auto& phase : phases_) sum += phase.bytes();
    return sum;
  }
  /// The window of outputs with these remainders.
  const packed_conv<W>& phase(index y, index x) const noexcept { return phases_[y * stride_x_ + x]; }

 private:
  /// Every stride-th tap from (y, x) on, the last one first; one tap of zeros where there is none.
  packed_conv<W> pack_phase(const image_view<const element>& weights, index y, index x) const {
    const auto taps = [](index from, index size, index stride) {
      return from < size ? (size - from - 1) / stride + 1 : index{0};
    };
    const index rows = taps(y, weights.height, stride_y_), columns = taps(x, weights.width, stride_x_);
    const index height = larger(rows, index{1}), width = larger(columns, index{1});
    aligned_storage<element> turned(weights.batch * height * width * weights.channels);
    const image_view<element> to{turned.data(), weights.batch, height, width, weights.channels};
    for (index o = 0; o < weights.batch && rows * columns != 0; ++o)
      for (index v = 0; v < rows; ++v)
        for (index u = 0; u < columns; ++u)
          for (index c = 0; c < weights.channels; ++c)
            to(o, rows - 1 - v, columns - 1 - u, c) = weights(o, y + v * stride_y_, x + u * stride_x_, c);
    return packed_conv<W>(to);
  }

  index stride_y_ = 1, stride_x_ = 1;
  image_extents window_;
  owned_array<packed_conv<W>> phases_;
};

namespace detail {

/// The outputs of one axis with remainder r: the first one, how many, and the padding of their convolution.
struct phase_axis {
  index first, count, pad;
  phase_axis(index r, index extent, index stride, index before, index taps) noexcept
      : first(((r - before) % stride + stride) % stride),
        count(first < extent ? (extent - first - 1) / stride + 1 : 0),
        pad(taps - 1 - (first + before) / stride) {}
};

inline namespace PARE_UNIT {

/// Part `i` of `parts` of the output rows of phase (r, c), a call each: their pixels are stride_x apart.
template <Element A, class Call, class Packed, class X, class Out>
void run_phase(Call call, const Packed& w, index r, index c, const image_view<X>& x, const conv_geometry& geometry,
               const image_view<Out>& y, index parts, index i, target on) noexcept {
  const auto& phase = w.phase(r, c);
  const phase_axis rows(r, y.height, w.stride_y(), geometry.pad_top, phase.window().height);
  const phase_axis columns(c, y.width, w.stride_x(), geometry.pad_left, phase.window().width);
  if (columns.count == 0) return;
  call.walk = walk_over<A>(x, call.zero_point, phase, geometry, {rows.count, columns.count});
  call.walk.geometry = {1, 1, rows.pad, columns.pad, 0, 0, 1, 1, 1};
  call.weights = phase.view();
  call.out_stride = w.stride_x() * y.channels;
  const index lines = y.batch * rows.count, end = piece(lines, 1, parts, i + 1);
  for (index line = piece(lines, 1, parts, i); line < end; ++line) {
    const index first = line * columns.count;
    call.out = &y(line / rows.count, rows.first + line % rows.count * w.stride_y(), columns.first, 0) -
               first * call.out_stride;
    call.part = {first, first + columns.count, 0, y.channels};
    run_groups(call, phase, on);
  }
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// y[n, i * stride_y - pad_top + v, j * stride_x - pad_left + u, o] = epilogue(sum of (x[n, i, j, c] - zero_point) *
/// w[o, v, u, c] over all that meet there): TFLite's TransposeConv, torch.nn.ConvTranspose2d with OHWI weights.
///
/// `geometry` is that of the convolution from y's extents to x's, with dilation and groups 1. The epilogue has no `add`
/// stage. A and MaxDepth as for linear. Allocates nothing. Fails as conv2d does.
///
/// prepare_transposed_conv2d checks the arguments and returns the call, whose run() is noexcept (see prepared.hpp).
template <class A = void, index MaxDepth = default_depth, class X, Element W, Stage Epilogue, class Out>
auto prepare_transposed_conv2d(const image_view<X>& x, std::int32_t zero_point, const packed_transposed_conv<W>& w,
                               const conv_geometry& geometry, const Epilogue& epilogue, const image_view<Out>& y,
                               target on = best_target()) PARE_THROWS_MISTAKES {
  using range = detail::range_or_full<A, X>;
  static_assert(std::is_same_v<typename range::type, std::remove_const_t<X>>,
                "pare: A must be a format of x's element type");
  static_assert(!reads_operands<Epilogue>,
                "pare: transposed_conv2d takes no add stage; add the residual in a call of its own");
  expect_available(on);
  expect_equal("geometry.stride_y", w.stride_y(), geometry.stride_y);
  expect_equal("geometry.stride_x", w.stride_x(), geometry.stride_x);
  expect_equal("geometry.dilation_y", 1, geometry.dilation_y);
  expect_equal("geometry.dilation_x", 1, geometry.dilation_x);
  expect_equal("geometry.groups", 1, geometry.groups);
  expect_equal("x.channels", w.inputs(), x.channels);
  expect_equal("y.channels", w.outputs(), y.channels);
  detail::expect_countable("x", x);
  detail::expect_countable("y", y);
  expect_valid("x", x);
  expect_valid("y", y);
  const image_extents extents = output_extents(geometry, {y.height, y.width}, w.window());
  expect_equal("y.batch", x.batch, y.batch);
  expect_equal("x.height", extents.height, x.height);
  expect_equal("x.width", extents.width, x.width);
  detail::expect_activations<range, MaxDepth>(zero_point, w.depth());
  detail::expect_stage<Out>(epilogue, y.batch * y.height * y.width, y.channels);

  conv_call<range, W, dense, Epilogue, Out, MaxDepth> call;
  call.zero_point = zero_point;
  call.epilogue = epilogue;
  return prepared([=, &w](index parts, index i) noexcept {
    for (index r = 0; r < w.stride_y(); ++r)
      for (index c = 0; c < w.stride_x(); ++c) detail::run_phase<range>(call, w, r, c, x, geometry, y, parts, i, on);
  });
}
template <class A = void, index MaxDepth = default_depth, class X, Element W, Stage Epilogue, class Out,
          Executor E = sequential>
void transposed_conv2d(const image_view<X>& x, std::int32_t zero_point, const packed_transposed_conv<W>& w,
                       const conv_geometry& geometry, const Epilogue& epilogue, const image_view<Out>& y,
                       target on = best_target(), const E& executor = {}) PARE_THROWS_MISTAKES {
  prepare_transposed_conv2d<A, MaxDepth>(x, zero_point, w, geometry, epilogue, y, on).run(executor);
}

}  // namespace PARE_UNIT
}  // namespace pare
