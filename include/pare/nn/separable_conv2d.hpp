// separable_conv2d.hpp: a depthwise convolution and the 1x1 convolution after it, as MobileNet has them, in one call:
// some output rows at a time, so that what lies between the two never leaves the cache.
#pragma once

#include <span>

#include "depthwise_conv2d.hpp"

namespace pare {

/// Output rows that are computed at a time: about 32 KB of what lies between, at least one row. Mid: its element type.
template <class Mid>
constexpr index separable_rows(index width, index channels) noexcept {
  constexpr index bytes = 32 * 1024;
  const index row = width * channels * index{sizeof(Mid)};
  return row == 0 ? 1 : std::max(bytes / row, index{1});
}
/// Elements of the workspace for outputs of this width, `channels` between the two convolutions, and that many threads.
template <class Mid>
constexpr index separable_workspace(index width, index channels, index concurrency = 1) noexcept {
  return separable_rows<Mid>(width, channels) * width * channels * concurrency;
}

/// One of the two convolutions: its weights and what happens to its sums.
template <class Weights, Stage Epilogue>
struct conv_layer {
  const Weights& weights;
  Epilogue epilogue;
};
template <class Weights, class Epilogue>
conv_layer(const Weights&, const Epilogue&) -> conv_layer<Weights, Epilogue>;

inline namespace PARE_UNIT {

/// y = pointwise(depthwise(x)): depthwise_conv2d(x, zero_point, ...) through its epilogue into Mid, whose zero point is
/// `mid_zero_point`, then linear with packed weights [outputs, channels] (dense or pruned) through its epilogue.
///
/// The same bits as the two calls. An `add` stage of the depthwise epilogue is not possible, since its output exists
/// only in parts; the pointwise one may add a residual of y's extents. workspace: separable_workspace<Mid>(y.width,
/// channels, executor.concurrency()) elements. Fails as the two calls do, or if the workspace is too small.
template <class Mid, class X, Element W, Stage Between, PackedOperand P, Stage Epilogue, class Out,
          Executor E = sequential>
void separable_conv2d(const image_view<X>& x, std::int32_t zero_point,
                      const conv_layer<packed_depthwise<W>, Between>& depthwise, const conv_geometry& geometry,
                      std::int32_t mid_zero_point, const conv_layer<P, Epilogue>& pointwise, std::span<Mid> workspace,
                      const image_view<Out>& y, target on = best_target(), const E& executor = {}) {
  using range = detail::range_or_full<void, X>;
  using mid_range = typename element_of<Mid>::type;
  static_assert(!detail::reads_rows<Between>, "pare: the depthwise half of separable_conv2d takes no add stage");
  expect_available(on);
  const index channels = depthwise.weights.outputs(), rows = separable_rows<Mid>(y.width, channels);
  const index parts = executor.concurrency(), part_size = rows * y.width * channels;
  if (static_cast<index>(workspace.size()) < parts * part_size)
    fail("workspace", text("at least ", parts * part_size, " elements"), workspace.size());
  // The whole of what lies between, which is never there: for the checks.
  const image_view<Mid> between{workspace.data(), y.batch, y.height, y.width, channels};
  detail::expect_depthwise<range, default_depth, Mid>(x, zero_point, depthwise.weights, geometry, depthwise.epilogue,
                                                      between);
  detail::expect_countable("y", y);
  expect_valid("y", y);
  expect_equal("pointwise weights.columns", channels, pointwise.weights.k());
  expect_equal("y.channels", pointwise.weights.n(), y.channels);
  detail::expect_activations<mid_range, default_depth>(mid_zero_point, channels);
  detail::expect_stage<Out>(pointwise.epilogue, y.batch * y.height * y.width, y.channels);
  if (y.size() == 0 || channels == 0) return;

  const auto first = detail::whole_depthwise<range, default_depth>(x, zero_point, depthwise.weights, geometry,
                                                                   depthwise.epilogue, between);
  gemm_call<mid_range, typename P::range, typename P::structure, Epilogue, Out> second;
  second.a_stride = channels;
  second.weights = pointwise.weights.view();
  second.k = channels;
  second.zero_point = mid_zero_point;
  second.epilogue = pointwise.epilogue;
  second.out = y.data;
  second.out_stride = y.channels;
  const index lines = y.batch * y.height;
  executor.bulk(parts, [&](index i) {
    const index end = detail::piece(lines, 1, parts, i + 1);
    for (index line = detail::piece(lines, 1, parts, i); line < end; line += rows) {
      const index last = std::min(line + rows, end);
      // Both calls count rows over the whole output, of which only this piece has memory.
      Mid* const origin = workspace.data() + i * part_size - line * y.width * channels;
      auto make = first;
      make.out = origin;
      make.part = {line, last, 0, channels};
      run(make, on);
      auto use = second;
      use.a = origin;
      use.part = {line * y.width, last * y.width, 0, y.channels};
      run(use, on);
    }
  });
}

}  // namespace PARE_UNIT
}  // namespace pare
