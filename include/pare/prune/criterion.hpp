// criterion.hpp: how much a weight matters.
#pragma once

#include <cmath>
#include <concepts>

#include "../core/index.hpp"

namespace pare {

/// Criterion: `criterion(weight, row, column)` is the importance of one weight; a group's is the sum over its weights,
/// and the least important groups are pruned.
template <class C>
concept Criterion = std::copyable<C> && requires(const C& criterion, float weight, index at) {
  { criterion(weight, at, at) } -> std::convertible_to<double>;
};

/// |w|, so that a group's importance is its L1 norm.
struct magnitude {
  double operator()(float weight, index, index) const noexcept { return std::abs(static_cast<double>(weight)); }
};

}  // namespace pare
