// separable_conv2d.hpp: a depthwise convolution and the 1x1 convolution after it, as MobileNet has them, in one call:
// some output rows at a time, so that what lies between the two never leaves the cache.
#pragma once

#include <span>

#include "../core/standard.hpp"
#include "depthwise_conv2d.hpp"

namespace pare {

/// Output rows that are computed at a time: about 32 KB of what lies between, at least one row. Mid: its element type.
template <class Mid>
constexpr index separable_rows(index width, index channels) noexcept {
  constexpr index bytes = 32 * 1024;
  const index row = width * channels * index{sizeof(Mid)};
  return row == 0 ? 1 : larger(bytes / row, index{1});
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

namespace detail {

/// The calls of both convolutions over all output rows, `rows` of them at a time through `workspace`.
template <class First, class Second, class Mid>
struct separable_call {
  First first;
  Second second;
  Mid* workspace;
  index lines, rows, width;  ///< of the output
};

inline namespace PARE_UNIT {

/// Part `i` of `parts`, through the i-th piece of the workspace.
template <class First, class Second, class Mid>
void run_part(const separable_call<First, Second, Mid>& call, index parts, index i, target on) noexcept {
  const index channels = call.second.k, row_size = call.width * channels, end = piece(call.lines, 1, parts, i + 1);
  for (index line = piece(call.lines, 1, parts, i); line < end; line += call.rows) {
    const index last = smaller(line + call.rows, end);
    // Both calls count rows over the whole output, of which only this piece has memory.
    Mid* const origin = call.workspace + (i * call.rows - line) * row_size;
    auto make = call.first;
    make.out = origin;
    make.part = {line, last, 0, channels};
    run(make, on);
    auto use = call.second;
    use.a = origin;
    use.part = {line * call.width, last * call.width, 0, call.second.out_stride};
    run(use, on);
  }
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// y = pointwise(depthwise(x)): depthwise_conv2d(x, zero_point, ...) through its epilogue into Mid, whose zero point is
/// `mid_zero_point`, then linear with packed weights [outputs, channels] (dense or pruned) through its epilogue.
///
/// The same bits as the two calls. An `add` stage of the depthwise epilogue is not possible, since its output exists
/// only in parts; the pointwise one may add a residual of y's extents. workspace: separable_workspace<Mid>(y.width,
/// channels, executor.concurrency()) elements. Fails as the two calls do, or if the workspace is too small.
///
/// prepare_separable_conv2d checks the arguments and returns the call, whose run() is noexcept (see prepared.hpp) and
/// has work for no more than `concurrency` threads.
template <class Mid, class X, Element W, Stage Between, PackedOperand P, Stage Epilogue, class Out>
auto prepare_separable_conv2d(const image_view<X>& x, std::int32_t zero_point,
                              const conv_layer<packed_depthwise<W>, Between>& depthwise, const conv_geometry& geometry,
                              std::int32_t mid_zero_point, const conv_layer<P, Epilogue>& pointwise,
                              std::span<Mid> workspace, const image_view<Out>& y, target on = best_target(),
                              index concurrency = 1) PARE_THROWS_MISTAKES {
  using range = detail::range_or_full<void, X>;
  using mid_range = typename element_of<Mid>::type;
  static_assert(!reads_operands<Between>, "pare: the depthwise half of separable_conv2d takes no add stage");
  expect_available(on);
  detail::expect_concurrency(concurrency);
  const index channels = depthwise.weights.outputs(), rows = separable_rows<Mid>(y.width, channels);
  const index part_size = rows * y.width * channels;
  if (static_cast<index>(workspace.size()) < concurrency * part_size)
    fail("workspace", words("at least ", concurrency * part_size, " elements"), workspace.size());
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

  const auto whole = [&] {
    return detail::whole_depthwise<range, default_depth>(x, zero_point, depthwise.weights, geometry, depthwise.epilogue,
                                                         between);
  };
  decltype(whole()) first;
  const bool empty = y.size() == 0 || channels == 0;
  if (!empty) first = whole();
  gemm_call<mid_range, typename P::range, typename P::structure, Epilogue, Out> second;
  second.a_stride = channels;
  second.weights = pointwise.weights.view();
  second.k = channels;
  second.zero_point = mid_zero_point;
  second.epilogue = pointwise.epilogue;
  second.out = y.data;
  second.out_stride = y.channels;
  const detail::separable_call<decltype(first), decltype(second), Mid> call{
      first, second, workspace.data(), empty ? 0 : y.batch * y.height, rows, y.width};
  return prepared([call, on](index parts, index i) noexcept { detail::run_part(call, parts, i, on); }, concurrency);
}
template <class Mid, class X, Element W, Stage Between, PackedOperand P, Stage Epilogue, class Out,
          Executor E = sequential>
void separable_conv2d(const image_view<X>& x, std::int32_t zero_point,
                      const conv_layer<packed_depthwise<W>, Between>& depthwise, const conv_geometry& geometry,
                      std::int32_t mid_zero_point, const conv_layer<P, Epilogue>& pointwise, std::span<Mid> workspace,
                      const image_view<Out>& y, target on = best_target(),
                      const E& executor = {}) PARE_THROWS_MISTAKES {
  prepare_separable_conv2d(x, zero_point, depthwise, geometry, mid_zero_point, pointwise, workspace, y, on,
                           executor.concurrency())
      .run(executor);
}

}  // namespace PARE_UNIT
}  // namespace pare
