// prune.hpp: scores and pruned weights as lazy xtensor expressions, and masks as tensors.
#pragma once

#include <concepts>
#include <utility>

#include "../prune/pruner.hpp"
#include "element_map.hpp"

namespace pare {

/// The function of a pruned expression: an element of the source where the mask keeps it, 0 elsewhere.
/// CM: what is kept of the mask, operand_t<it>.
template <class V, class CM>
class pruned {
 public:
  using value_type = V;
  using mask_type = std::remove_cvref_t<CM>;
  using structure = typename mask_type::structure;

  template <class M>
  pruned(M&& mask, const weight_shape& shape) : mask_(std::forward<M>(mask)) {
    expect_valid("mask", mask_, shape);
  }

  /// Which groups of the structure stay.
  const mask_type& mask() const noexcept { return mask_; }

 protected:
  template <class It, class Shape>
  V value(V weight, It position, const Shape& shape) const {
    const index row = static_cast<index>(position[0]);
    return mask_.keeps(row, flat_offset(position, shape, 1)) ? weight : V{0};
  }

 private:
  CM mask_;
};

/// An expression of pruned weights that knows its structure (a type) and its mask(), and the source() of all weights.
template <class E>
concept PrunedExpression = XtensorExpression<E> && requires(const std::remove_cvref_t<E>& e) {
  requires Structure<typename std::remove_cvref_t<E>::structure>;
  e.mask();
  e.source();
};

/// The weights with those that the mask prunes set to 0. Weights are [n, k] or have more axes: [n, ..., inputs], seen
/// as [n, k] with all but the first flattened. Lazy: lvalues are kept by reference, temporaries are moved in.
/// Fails if the mask is for another shape.
template <class E, class M>
requires is_mask<std::remove_cvref_t<M>>
auto prune(E&& weights, M&& mask) {
  static_assert(XtensorExpression<E>, "pare: prune takes an xtensor expression; wrap other memory in xt::adapt");
  using value_type = typename std::remove_cvref_t<E>::value_type;
  static_assert(std::floating_point<value_type>, "pare: prune takes real numbers: prune first, then quantize");
  pruned<value_type, operand_t<M>> function(std::forward<M>(mask), weights_of(weights.shape()));
  return element_map<pruned<value_type, operand_t<M>>, operand_t<E>>(std::move(function), std::forward<E>(weights));
}

/// The same with the mask that `pruner` selects for a sparsity in [0, 1): it reads all weights once, now. `step` is for
/// schedules that prune gradually.
template <class P, class E>
auto prune(E&& weights, double sparsity, const P& pruner = {}, index step = 0) {
  static_assert(Pruner<P>,
                "pare: prune<P> wants a pruner<Criterion, Structure>, not one of its parts (see prune/pruner.hpp)");
  return prune(std::forward<E>(weights), pruner.select(weights.begin(), weights_of(weights.shape()), sparsity, step));
}

/// The same where the structure fixes the sparsity: n_of_m<2, 4>.
template <class P, class E>
auto prune(E&& weights) {
  static_assert(Pruner<P>,
                "pare: prune<P> wants a pruner<Criterion, Structure>, not one of its parts (see prune/pruner.hpp)");
  static_assert(
      WindowedStructure<typename P::structure>,
      "pare: prune<P>(weights, sparsity) wants a sparsity; only n_of_m and the like fix it (see core/structure.hpp)");
  return prune(std::forward<E>(weights), P{}.select(weights.begin(), weights_of(weights.shape())));
}

/// The function of an expression of scores: the importance of each weight.
template <class C>
class scored {
 public:
  using value_type = double;
  explicit scored(C criterion) : criterion_(std::move(criterion)) {}

 protected:
  template <class V, class It, class Shape>
  double value(V weight, It position, const Shape& shape) const {
    return criterion_(static_cast<float>(weight), static_cast<index>(position[0]), flat_offset(position, shape, 1));
  }

 private:
  C criterion_;
};

/// The importance of each weight, of the weights' shape, as double. Lazy; keeps its operand as prune does. A criterion
/// that looks at all weights first (geometric_median) does that now.
template <WeightCriterion C, class E>
auto score(E&& weights, const C& criterion = {}) {
  static_assert(XtensorExpression<E>, "pare: score takes an xtensor expression; wrap other memory in xt::adapt");
  const weight_shape shape = weights_of(weights.shape());
  if constexpr (requires { criterion.expect_fits(shape, index{0}); }) criterion.expect_fits(shape, index{0});
  if constexpr (requires { criterion.fitted(weights.begin(), shape); }) {
    return element_map<scored<C>, operand_t<E>>(scored<C>(criterion.fitted(weights.begin(), shape)),
                                                std::forward<E>(weights));
  } else {
    return element_map<scored<C>, operand_t<E>>(scored<C>(criterion), std::forward<E>(weights));
  }
}

/// A mask as a tensor of weights' shape: 1 where a weight stays, 0 where it is pruned. xt::dump_npy saves it.
template <Structure S, class Shape>
auto flags(const mask<S>& mask, const Shape& shape) {
  expect_valid("mask", mask, weights_of(shape));
  xt::xarray<std::uint8_t> result =
      xt::xarray<std::uint8_t>::from_shape(typename xt::xarray<std::uint8_t>::shape_type(shape.begin(), shape.end()));
  auto out = result.begin();
  for (index row = 0; row < mask.shape.rows; ++row)
    for (index column = 0; column < mask.shape.columns(); ++column) *out++ = mask.keeps(row, column);
  return result;
}

/// The mask in a tensor of flags, or of weights, where whatever is not 0 stays: flags() turned back. Fails unless
/// groups are whole, or if more stay than a structure of windows allows.
template <Structure S, XtensorExpression E>
mask<S> mask_of(const E& flags) {
  return mask_of<S>(flags.begin(), weights_of(flags.shape()));
}

}  // namespace pare
