// linear_cells.hpp: the fully connected layer, or pointwise convolution, over activations in channel cells: what runs
// block-sparse weights at the cost of the blocks they keep.
#pragma once

#include "../kernel/cells.hpp"
#include "linear.hpp"

namespace pare {

/// Structures whose kernel reads and writes channel cells: block<R, C> with R = 1, 2, 4 or 8.
template <class Structure>
inline constexpr bool runs_in_cells = group_of<Structure> < strip_lanes;

inline namespace PARE_UNIT {

/// y(m, n) = epilogue(sum over l of (x(m, l) - zero_point) * w[n, l]) with pixels m and channels l and n in channel
/// cells (core/cells.hpp). Everything else is as for the linear() of matrices. An `add` stage takes its operand as a
/// matrix [m, n], pixel by pixel.
template <class A = void, index MaxDepth = default_depth, class X, PackedOperand W, Stage Epilogue, class Out,
          Executor E = sequential>
void linear(const cells_view<X>& x, std::int32_t zero_point, const W& w, const Epilogue& epilogue,
            const cells_view<Out>& y, target on = best_target(), const E& executor = {}) {
  using value = std::remove_const_t<X>;
  using range = typename std::conditional_t<std::is_void_v<A>, element_of<value>, std::type_identity<A>>::type;
  static_assert(std::is_same_v<typename range::type, value>, "pare: A must be a format of x's element type");
  static_assert(runs_in_cells<typename W::structure>,
                "pare: channel cells are for weights of structure block<R, C>, R = 1, 2, 4 or 8; other structures read "
                "activations as matrices (see kernel/pack.hpp)");
  expect_available(on);
  expect_valid("x", x);
  expect_valid("y", y);
  expect_equal("x.channels", w.k(), x.channels);
  expect_equal("y.channels", w.n(), y.channels);
  expect_equal("y.pixels", x.pixels, y.pixels);
  if constexpr (IntegerRange<range>) detail::expect_depth<range, W, MaxDepth>(w.k());
  detail::expect_zero_point<range>(zero_point);
  detail::expect_stage<Out>(epilogue, y.pixels, y.channels);

  cells_call<range, typename W::range, typename W::structure, Epilogue, Out, MaxDepth> call;
  call.a = x.data;
  call.a_plane = x.plane;
  call.weights = w.view();
  call.zero_point = zero_point;
  call.epilogue = epilogue;
  call.out = y.data;
  call.out_plane = y.plane;

  const index parts = executor.concurrency();
  const bool by_pixel = y.pixels >= y.channels;
  executor.bulk(parts, [&](index i) {
    auto mine = call;
    mine.part = {0, y.pixels, 0, y.channels};
    index& begin = by_pixel ? mine.part.row_begin : mine.part.column_begin;
    index& end = by_pixel ? mine.part.row_end : mine.part.column_end;
    const index extent = end;
    begin = detail::piece(extent, strip_lanes, parts, i);
    end = detail::piece(extent, strip_lanes, parts, i + 1);
    run(mine, on);
  });
}

}  // namespace PARE_UNIT
}  // namespace pare
