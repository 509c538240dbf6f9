// linear.hpp: the fully connected layer over xtensor expressions, lazy: it runs when it is assigned.
#pragma once

#include "../nn/linear_cells.hpp"
#include "layer.hpp"

namespace pare {

namespace detail {
/// y[..., n] = x[..., k] times weights [n, k].
struct linear_operation {
  template <class Shape, class W>
  void expect(const Shape& x, const W& w) const {
    if (x.size() == 0) fail("x", "at least 1 axis, [..., k]", "a scalar");
    expect_equal("x's last axis", w.k(), static_cast<index>(x[x.size() - 1]));
  }
  template <class Shape, class W>
  Shape shape(Shape x, const W& w) const {
    x[x.size() - 1] = static_cast<typename Shape::value_type>(w.n());
    return x;
  }
  template <class W>
  index outputs(const W& w) const {
    return w.n();
  }
  template <class A, class X, class Shape, class W, Stage Epilogue, class Y>
  void run(const X* x, const Shape& extents, std::int32_t zero_point, const W& w, const Epilogue& epilogue, Y* y,
           const Shape&, target on) const {
    index rows = 1;
    for (std::size_t axis = 0; axis + 1 < extents.size(); ++axis) rows *= static_cast<index>(extents[axis]);
    pare::linear<A>(matrix_view<const X>(x, rows, w.k()), zero_point, w, epilogue, matrix_view<Y>(y, rows, w.n()), on);
  }
};
}  // namespace detail

inline namespace PARE_UNIT {

/// x[..., k] times packed weights [n, k], through an epilogue in real units: bias(c) | relu | requantize(out). x is an
/// expression of floats with float weights, or quantize(...) with quantized weights. Without requantize the result is
/// float. Lazy: xt::noalias(y) = linear(...) runs it; temporaries are moved in, lvalues kept by reference.
template <XtensorExpression X, class W, Stage Epilogue = identity_stage>
auto linear(X&& x, W&& weights, const Epilogue& epilogue = {}, target on = best_target()) {
  return layer_expression<detail::linear_operation, operand_t<X>, operand_t<W>, Epilogue>(
      {}, std::forward<X>(x), std::forward<W>(weights), epilogue, on);
}

}  // namespace PARE_UNIT
}  // namespace pare
