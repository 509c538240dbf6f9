// linear.hpp: the fully connected layer, or matrix product, over raw memory: what an inference engine calls.
#pragma once

#include <limits>

#include "../core/standard.hpp"
#include "../kernel/gemm.hpp"
#include "../kernel/rows.hpp"
#include "affine_weights.hpp"
#include "channels.hpp"
#include "executor.hpp"
#include "fixed.hpp"
#include "packed.hpp"
#include "prepared.hpp"

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

/// Whether the output's ends are codes of Out, and no further than `reach` from the zero point.
template <class Out>
constexpr bool fits(const output_map& o, std::int64_t reach) noexcept {
  using limits = std::numeric_limits<Out>;
  return o.min <= o.max && o.min >= limits::min() && o.max <= limits::max() && o.zero_point >= limits::min() &&
         o.zero_point <= limits::max() && std::int64_t{o.min} - o.zero_point >= -reach - 1 &&
         std::int64_t{o.max} - o.zero_point <= reach;
}
template <class Out>
PARE_COLD void refuse_output(output_map o, std::int64_t reach) {
  using limits = std::numeric_limits<Out>;
  const auto interval = [](std::int64_t low, std::int64_t high) { return words("[", low, ", ", high, "]"); };
  if (o.min > o.max || o.min < limits::min() || o.max > limits::max())
    fail("output", words("min <= max inside ", interval(limits::min(), limits::max())), interval(o.min, o.max));
  if (o.zero_point < limits::min() || o.zero_point > limits::max())
    fail("output.zero_point", words("a value in ", interval(limits::min(), limits::max())), o.zero_point);
  fail("output", words("ends at most ", reach, " from the zero point ", o.zero_point), interval(o.min, o.max));
}
/// Fails unless it fits: what the stage can compute.
template <class Out>
void expect_output(const output_map& o, std::int64_t reach = std::numeric_limits<std::int32_t>::max()) {
  if (!fits<Out>(o, reach)) refuse_output<Out>(o, reach);
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

/// The rectangle that part `i` of `parts` computes of an output [rows, columns].
constexpr rectangle part_of(index rows, index columns, index parts, index i) noexcept {
  constexpr index grain = 4 * strip_lanes;
  if (rows >= columns) return {piece(rows, 1, parts, i), piece(rows, 1, parts, i + 1), 0, columns};
  return {0, rows, piece(columns, grain, parts, i), piece(columns, grain, parts, i + 1)};
}

}  // namespace detail

namespace detail {
inline namespace PARE_UNIT {

/// The stages of a call: the caller's, after those that follow from the weights.
template <class W, class Epilogue>
struct stages_of {
  using type = Epilogue;
  static const type& of(const Epilogue& epilogue) { return epilogue; }
};
template <AffineOperand W, class Epilogue>
struct stages_of<W, Epilogue> {
  using type = chain<row_terms_stage, Epilogue>;
  static type of(const Epilogue& epilogue) { return {{}, {}, epilogue}; }
};

/// The call for weights W.
template <class W, class Call>
struct call_for {
  using type = Call;
};
template <FixedOperand W, class Call>
struct call_for<W, Call> {
  using type = fixed_call<Call, W::n(), W::k()>;
};

/// Computes call.part.
template <class W, class Call>
requires(!AffineOperand<W>) void run_part(const Call& call, const W&, target on) noexcept { run(call, on); }

/// Rows whose sums lie on the stack at a time: a multiple of most tiles' heights.
inline constexpr index summed_rows = 240;

/// The same for weights with a zero point zw: the terms -zw * (sum of x - k * zx) of some rows, then these rows.
template <AffineOperand W, class Call>
void run_part(Call call, const W& w, target on) noexcept {
  const auto factor = 0u - static_cast<std::uint32_t>(w.zero_point());
  const auto all_zero = static_cast<std::uint32_t>(call.k) * static_cast<std::uint32_t>(call.zero_point);
  std::int32_t terms[summed_rows];
  const index end = call.part.row_end;
  const matrix_view a(call.a, end, call.k, call.a_stride);
  for (index row = call.part.row_begin; row < end; row += summed_rows) {
    const index rows = smaller(summed_rows, end - row);
    sum_rows(matrix_view(a.row(row), rows, a.columns, a.stride), terms, on);
    for (index i = 0; i < rows; ++i)
      terms[i] = static_cast<std::int32_t>(factor * (static_cast<std::uint32_t>(terms[i]) - all_zero));
    call.epilogue.first = {{}, terms, row};
    call.part.row_begin = row;
    call.part.row_end = row + rows;
    run(call, on);
  }
}

/// Fails if k is more than the sums were proven for.
template <class A, class W, index MaxDepth>
void expect_depth(index k) {
  if (k > MaxDepth) fail("weights.columns", words("at most MaxDepth = ", MaxDepth), k);
  if constexpr (AffineOperand<W>) {
    constexpr auto most = max_depth<centered<A>, typename W::centered_range>();
    if (k > most) fail("weights.columns", words("at most ", most, ", what int32 sums hold"), k);
  }
}

/// Fails unless the matrices of y = x * w fit each other, y lies apart from x, and the target is available.
template <class X, class W, class Out>
void expect_matrices(const matrix_view<X>& x, const W& w, const matrix_view<Out>& y, target on) {
  expect_available(on);
  expect_valid("x", x);
  expect_valid("y", y);
  expect_equal("x.columns", w.k(), x.columns);
  expect_equal("y.columns", w.n(), y.columns);
  expect_equal("y.rows", x.rows, y.rows);
  expect_apart("y", y, x);
}

/// Fails unless a prepared call may have memory for that many threads.
inline void expect_concurrency(index concurrency) {
  if (concurrency < 1) fail("concurrency", "at least 1", concurrency);
}

/// Fails unless the zero point of activations A is one.
template <class A>
void expect_zero_point(std::int32_t zero_point) {
  if constexpr (sizeof(typename A::type) == 1) {
    if (zero_point < A::min || zero_point > A::max) fail("x zero_point", "a value of x's range", zero_point);
  } else if (zero_point != 0) {
    fail("x zero_point", "0 for 16-bit and float activations", zero_point);
  }
}

/// The call of a layer that fits, but for its part. Fails as linear does.
template <class A, index MaxDepth, class X, PackedOperand W, Stage Epilogue, class Out>
auto linear_call(const matrix_view<X>& x, std::int32_t zero_point, const W& w, const Epilogue& epilogue,
                 const matrix_view<Out>& y, target on) {
  using value = std::remove_const_t<X>;
  using range = typename std::conditional_t<std::is_void_v<A>, element_of<value>, std::type_identity<A>>::type;
  static_assert(std::is_same_v<typename range::type, value>, "pare: A must be a format of x's element type");
  static_assert(!AffineOperand<W> || sizeof(value) == 1,
                "pare: weights with a zero point take 8-bit activations; use symmetric weights with 16 bits");
  expect_matrices(x, w, y, on);
  if constexpr (IntegerRange<range>) expect_depth<range, W, MaxDepth>(w.k());
  expect_zero_point<range>(zero_point);
  expect_stage<Out>(epilogue, y.rows, y.columns);

  using stages = stages_of<W, Epilogue>;
  using general = gemm_call<range, typename W::range, typename W::structure, typename stages::type, Out, MaxDepth>;
  typename call_for<W, general>::type call;
  call.a = x.data;
  call.a_stride = x.stride;
  call.weights = w.view();
  static_cast<general&>(call).k = w.k();
  call.zero_point = zero_point;
  assign_stages(call.epilogue, stages::of(epilogue));
  call.out = y.data;
  call.out_stride = y.stride;
  return call;
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// y[m, n] = epilogue(sum over l of (x[m, l] - zero_point) * w[n, l]): the layout of TFLite and of torch.nn.Linear.
/// Weights with a zero point (affine_weights) are multiplied less it.
///
/// A is the format of x (its type's full range unless a narrower one is promised), MaxDepth the largest k (see
/// kernel/plan.hpp: what both prove decides whether sums are int32 or int64). y must not overlap x; an `add` stage may
/// read y itself. Allocates nothing; uses up to 80 KB of stack per thread. Fails on extents that do not match, values
/// out of range, or a target that is not available.
template <class A = void, index MaxDepth = default_depth, class X, PackedOperand W, Stage Epilogue, class Out,
          Executor E = sequential>
void linear(const matrix_view<X>& x, std::int32_t zero_point, const W& w, const Epilogue& epilogue,
            const matrix_view<Out>& y, target on = best_target(), const E& executor = {}) PARE_THROWS_MISTAKES {
  auto call = detail::linear_call<A, MaxDepth>(x, zero_point, w, epilogue, y, on);
  const index parts = executor.concurrency();
  call.part = {0, y.rows, 0, y.columns};
  if (parts == 1)  // a copy would wait until what was just stored has left the store buffer: 20 ns
    return executor.bulk(1, [&](index) noexcept { detail::run_part(call, w, on); });
  executor.bulk(parts, [&](index i) noexcept {
    auto mine = call;
    mine.part = detail::part_of(y.rows, y.columns, parts, i);
    detail::run_part(mine, w, on);
  });
}
/// Checks the arguments of linear() and returns the call, whose run() is noexcept and costs less (see prepared.hpp).
template <class A = void, index MaxDepth = default_depth, class X, PackedOperand W, Stage Epilogue, class Out>
auto prepare_linear(const matrix_view<X>& x, std::int32_t zero_point, const W& w, const Epilogue& epilogue,
                    const matrix_view<Out>& y, target on = best_target()) PARE_THROWS_MISTAKES {
  return prepared([call = detail::linear_call<A, MaxDepth>(x, zero_point, w, epilogue, y, on), &w, on, rows = y.rows,
                   columns = y.columns](index parts, index i) noexcept {
    auto mine = call;
    mine.part = detail::part_of(rows, columns, parts, i);
    detail::run_part(mine, w, on);
  });
}

}  // namespace PARE_UNIT
}  // namespace pare
