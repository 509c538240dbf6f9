// linear.hpp: the fully connected layer, or matrix product, over raw memory: what an inference engine calls.
#pragma once

#include <algorithm>
#include <limits>

#include "../kernel/gemm.hpp"
#include "channels.hpp"
#include "executor.hpp"
#include "packed.hpp"

namespace pare {

/// The element format of a C++ type when nothing narrower is stated.
template <class T>
struct element_of {
  using type = full_range<T>;
};
template <>
struct element_of<float> {
  using type = f32;
};

namespace detail {

/// Fails unless the output's ends are codes of Out, and no further than `reach` from the zero point: what the stage can
/// compute.
template <class Out>
void expect_output(const output_map& o, std::int64_t reach = std::numeric_limits<std::int32_t>::max()) {
  using limits = std::numeric_limits<Out>;
  const auto interval = [](auto low, auto high) { return text("[", low, ", ", high, "]"); };
  if (o.min > o.max || o.min < limits::min() || o.max > limits::max())
    fail("output", "min <= max inside " + interval(limits::min(), limits::max()), interval(o.min, o.max));
  if (o.zero_point < limits::min() || o.zero_point > limits::max())
    fail("output.zero_point", "a value in " + interval(limits::min(), limits::max()), o.zero_point);
  const std::int64_t low = std::int64_t{o.min} - o.zero_point, high = std::int64_t{o.max} - o.zero_point;
  if (low < -reach - 1 || high > reach)
    fail("output", text("ends at most ", reach, " from the zero point ", o.zero_point), interval(o.min, o.max));
}
/// The whole numbers up to it are exact as floats.
inline constexpr std::int64_t float_reach = (std::int64_t{1} << 24) - 1;

// What a stage requires of the output [rows, columns] of type Out.
template <class Out>
void expect_stage(const stage&, index, index) {}
template <class Out, class T>
void expect_stage(const bias_stage<T>& s, index, index columns) {
  expect_equal("bias.size", columns, s.size);
}
template <class Out, class Policy>
void expect_stage(const requantize_stage<Policy>& s, index, index columns) {
  expect_equal("multipliers.size", columns, s.size);
  if constexpr (std::is_same_v<Policy, float_nearest_even>) {
    expect_output<Out>(s.output, float_reach);
  } else {
    expect_output<Out>(s.output);
  }
}
template <class Out>
void expect_stage(const dequantize_stage& s, index, index columns) {
  expect_equal("scales.size", columns, s.size);
}
template <class Out>
void expect_stage(const quantize_stage& s, index, index) {
  if (!(s.scale > 0 && s.scale <= std::numeric_limits<float>::max()))
    fail("output scale", "a finite number above 0", s.scale);
  expect_output<Out>(s.output, float_reach);
}
template <class Out>
void expect_stage(const clamp_stage& s, index, index) {
  expect_output<Out>({0, s.low, s.high});
}
template <class Out, class T>
void expect_stage(const add_stage<T>& s, index rows, index columns) {
  expect_valid("add", s.other);
  expect_equal("add.rows", rows, s.other.rows);
  expect_equal("add.columns", columns, s.other.columns);
}
template <class Out, class First, class Second>
void expect_stage(const chain<First, Second>& s, index rows, index columns) {
  expect_stage<Out>(s.first, rows, columns);
  expect_stage<Out>(s.second, rows, columns);
}

/// Cuts `extent` into `parts` pieces that start at multiples of `grain`: the begin of piece `part`.
constexpr index piece(index extent, index grain, index parts, index part) noexcept {
  const index grains = ceil_div(extent, grain);
  return std::min(extent, grains * part / parts * grain);
}

}  // namespace detail

inline namespace PARE_UNIT {

/// y[m, n] = epilogue(sum over l of (x[m, l] - zero_point) * w[n, l]): the layout of TFLite and of torch.nn.Linear.
///
/// A is the format of x (its type's full range unless a narrower one is promised), MaxDepth the largest k (see
/// kernel/plan.hpp: what both prove decides whether sums are int32 or int64). y must not overlap x; an `add` stage may
/// read y itself. Allocates nothing. Fails on extents that do not match, values out of range, or a target that is not
/// available.
template <class A = void, index MaxDepth = default_depth, class X, PackedOperand W, Stage Epilogue, class Out,
          Executor E = sequential>
void linear(const matrix_view<X>& x, std::int32_t zero_point, const W& w, const Epilogue& epilogue,
            const matrix_view<Out>& y, target on = best_target(), const E& executor = {}) {
  using value = std::remove_const_t<X>;
  using range = typename std::conditional_t<std::is_void_v<A>, element_of<value>, std::type_identity<A>>::type;
  static_assert(std::is_same_v<typename range::type, value>, "pare: A must be a format of x's element type");
  expect_available(on);
  expect_valid("x", x);
  expect_valid("y", y);
  expect_equal("x.columns", w.k(), x.columns);
  expect_equal("y.columns", w.n(), y.columns);
  expect_equal("y.rows", x.rows, y.rows);
  if constexpr (IntegerRange<range>) {
    if (w.k() > MaxDepth) fail("weights.columns", text("at most MaxDepth = ", MaxDepth), w.k());
  }
  if constexpr (sizeof(value) == 1) {
    if (zero_point < range::min || zero_point > range::max) fail("x zero_point", "a value of x's range", zero_point);
  } else if (zero_point != 0) {
    fail("x zero_point", "0 for 16-bit and float activations", zero_point);
  }
  detail::expect_stage<Out>(epilogue, y.rows, y.columns);

  gemm_call<range, typename W::range, typename W::structure, Epilogue, Out, MaxDepth> call;
  call.a = x.data;
  call.a_stride = x.stride;
  call.weights = w.view();
  call.k = w.k();
  call.zero_point = zero_point;
  call.epilogue = epilogue;
  call.out = y.data;
  call.out_stride = y.stride;

  const index parts = executor.concurrency();
  const bool by_row = y.rows >= y.columns;
  executor.bulk(parts, [&](index i) {
    auto mine = call;
    mine.part = {0, y.rows, 0, y.columns};
    index& begin = by_row ? mine.part.row_begin : mine.part.column_begin;
    index& end = by_row ? mine.part.row_end : mine.part.column_end;
    const index extent = end, grain = by_row ? 1 : 4 * strip_lanes;
    begin = detail::piece(extent, grain, parts, i);
    end = detail::piece(extent, grain, parts, i + 1);
    run(mine, on);
  });
}

}  // namespace PARE_UNIT
}  // namespace pare
