// depthwise_conv2d.hpp: the depthwise convolution over raw memory: what an inference engine calls.
#pragma once

#include "../core/standard.hpp"
#include "../kernel/depthwise.hpp"
#include "conv2d.hpp"

namespace pare {

/// Weights 1HWO [1, window height, window width, outputs], TFLite's order, in the element range W (8 bits or f32), as
/// kernel/depthwise.hpp reads them: the same for activations of 8 and 16 bits, packed once, run on any target.
template <Element W>
class packed_depthwise {
 public:
  using range = W;
  using element = typename W::type;
  static_assert(sizeof(element) == 1 || std::is_same_v<W, f32>,
                "pare: depthwise weights have 8 bits or are float; wider integers would need int64 sums per tap");

  packed_depthwise() = default;
  /// Fails if the window is empty or a weight is outside W.
  explicit packed_depthwise(const image_view<const element>& weights);

  index outputs() const noexcept { return outputs_; }
  image_extents window() const noexcept { return window_; }
  /// Memory of the packed operand.
  std::size_t bytes() const noexcept { return strips_.bytes() + sums_.bytes(); }
  panel_view<dense> view() const noexcept { return {strips_.data(), sums_.data(), depthwise_panel_bytes<W>(window_)}; }

 private:
  static void expect_in_range(const image_view<const element>& weights);
  /// One strip: the cells of 16 channels in a column of the window, whose first tap is row v.
  static void pack_strip(const image_view<const element>& weights, index first, index v, index u, std::byte* strip);

  index outputs_ = 0;
  image_extents window_;
  aligned_storage<std::byte> strips_;
  aligned_storage<std::int32_t> sums_;  // of integers
};

template <Element W>
packed_depthwise<W>::packed_depthwise(const image_view<const element>& weights)
    : outputs_(weights.channels), window_{weights.height, weights.width} {
  expect_valid("weights", weights);
  expect_equal("weights.batch", 1, weights.batch);
  if (weights.height < 1) fail("weights.height", "at least 1", weights.height);
  if (weights.width < 1) fail("weights.width", "at least 1", weights.width);
  expect_in_range(weights);
  strips_ = aligned_storage<std::byte>(panel_count(outputs_) * depthwise_panel_bytes<W>(window_));
  std::byte* strip = strips_.data();
  for (index first = 0; first < outputs_; first += strip_lanes)
    for (index shift = 0; shift < depthwise_shifts<W>; ++shift)
      for (index cell = 0; cell < depthwise_cells<W>(window_.height, shift); ++cell)
        for (index u = 0; u < window_.width; ++u, strip += strip_bytes)
          pack_strip(weights, first, cell * depthwise_taps<W> - shift, u, strip);
  if constexpr (IntegerRange<W>) {
    sums_ = aligned_storage<std::int32_t>(panel_count(outputs_) * strip_lanes);
    for (index i = 0; i < weights.size(); ++i) sums_.data()[i % outputs_] += weights.data[i];
  }
}

template <Element W>
void packed_depthwise<W>::expect_in_range(const image_view<const element>& weights) {
  if constexpr (IntegerRange<W>) {
    for (index i = 0; i < weights.size(); ++i)
      if (weights.data[i] < W::min || weights.data[i] > W::max)
        fail(words("weights[", i, "]"), words("a value in [", W::min, ", ", W::max, "]"), weights.data[i]);
  }
}

template <Element W>
void packed_depthwise<W>::pack_strip(const image_view<const element>& weights, index first, index v, index u,
                                     std::byte* strip) {
  const index lanes = smaller(strip_lanes, weights.channels - first);
  for (index lane = 0; lane < lanes; ++lane) {
    for (index tap = 0; tap < depthwise_taps<W>; ++tap) {
      if (v + tap < 0 || v + tap >= weights.height) continue;
      const element weight = weights(0, v + tap, u, first + lane);
      std::memcpy(strip + lane * cell_bytes + tap * index{sizeof weight}, &weight, sizeof weight);
    }
  }
}

namespace detail {
inline namespace PARE_UNIT {

/// What depthwise_conv2d requires of its arguments.
template <Element A, index MaxDepth, class Out, class X, Element W, Stage Epilogue, class Y>
void expect_depthwise(const X& x, std::int32_t zero_point, const packed_depthwise<W>& w, const conv_geometry& geometry,
                      const Epilogue& epilogue, const Y& y) {
  expect_equal("geometry.groups", 1, geometry.groups);
  expect_images(x, geometry, w.window(), w.outputs(), y);
  if (w.outputs() != 0 && (x.channels == 0 || w.outputs() % x.channels != 0))
    fail("x.channels", words("a divisor of the ", w.outputs(), " outputs"), x.channels);
  expect_activations<A, MaxDepth>(zero_point, w.window().height * w.window().width);
  expect_stage<Out>(epilogue, y.batch * y.height * y.width, y.channels);
}

/// The call for all of y. Pre: expect_depthwise, and y is not empty.
template <Element A, index MaxDepth, class X, Element W, Stage Epilogue, class Out>
auto whole_depthwise(const image_view<X>& x, std::int32_t zero_point, const packed_depthwise<W>& w,
                     const conv_geometry& geometry, const Epilogue& epilogue, const image_view<Out>& y) {
  depthwise_call<A, W, Epilogue, Out, MaxDepth> call;
  call.image = x;
  call.window = w.window();
  call.extents = {y.height, y.width};
  call.geometry = geometry;
  call.multiplier = w.outputs() / x.channels;
  call.weights = w.view();
  call.zero_point = zero_point;
  call.epilogue = epilogue;
  call.out = y.data;
  call.out_stride = y.channels;
  call.part = {0, y.batch * y.height, 0, y.channels};
  return call;
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// y[n, i, j, o] = epilogue(sum over the window's taps (v, u) of (x[n, i', j', o / multiplier] - zero_point) *
/// w[v, u, o]), padding counts as zero_point: TFLite's DepthwiseConv2D. The multiplier is outputs / x.channels.
///
/// x NHWC, y NHWC of the extents that output_extents(geometry, ...) gives; geometry.groups stays 1. A and MaxDepth as
/// for linear, with k = taps of the window. y must not overlap x; an `add` stage may read y itself. Needs no workspace
/// and allocates nothing; uses about 30 KB of stack per thread.
/// Fails on extents that do not match, values out of range, or a target that is not available, before it writes.
///
/// prepare_depthwise_conv2d checks the arguments and returns the call, whose run() is noexcept; depthwise_conv2d runs
/// it at once.
template <class A = void, index MaxDepth = default_depth, class X, Element W, Stage Epilogue, class Out>
auto prepare_depthwise_conv2d(const image_view<X>& x, std::int32_t zero_point, const packed_depthwise<W>& w,
                              const conv_geometry& geometry, const Epilogue& epilogue, const image_view<Out>& y,
                              target on = best_target()) PARE_THROWS_MISTAKES {
  using range = detail::range_or_full<A, X>;
  static_assert(std::is_same_v<typename range::type, std::remove_const_t<X>>,
                "pare: A must be a format of x's element type");
  expect_available(on);
  detail::expect_depthwise<range, MaxDepth, Out>(x, zero_point, w, geometry, epilogue, y);
  decltype(detail::whole_depthwise<range, MaxDepth>(x, zero_point, w, geometry, epilogue, y)) call;
  if (y.size() != 0) call = detail::whole_depthwise<range, MaxDepth>(x, zero_point, w, geometry, epilogue, y);
  return prepared([call, on, lines = y.batch * y.height, outputs = y.channels](index parts, index i) noexcept {
    if (call.out == nullptr) return;  // nothing to compute
    auto mine = call;
    mine.part = {detail::piece(lines, 1, parts, i), detail::piece(lines, 1, parts, i + 1), 0, outputs};
    run(mine, on);
  });
}
template <class A = void, index MaxDepth = default_depth, class X, Element W, Stage Epilogue, class Out,
          Executor E = sequential>
void depthwise_conv2d(const image_view<X>& x, std::int32_t zero_point, const packed_depthwise<W>& w,
                      const conv_geometry& geometry, const Epilogue& epilogue, const image_view<Out>& y,
                      target on = best_target(), const E& executor = {}) PARE_THROWS_MISTAKES {
  prepare_depthwise_conv2d<A, MaxDepth>(x, zero_point, w, geometry, epilogue, y, on).run(executor);
}

}  // namespace PARE_UNIT
}  // namespace pare
