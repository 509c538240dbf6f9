// prune.hpp: prune as a lazy xtensor expression.
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

}  // namespace pare
