// schedule.hpp: how sparsity grows over the steps of a training.
#pragma once

#include <concepts>

#include "../core/index.hpp"

namespace pare {

/// Schedule: `schedule(sparsity, step)` is the sparsity to have at a step on the way to the final one.
template <class S>
concept Schedule = std::copyable<S> && requires(const S& schedule, double sparsity, index step) {
  { schedule(sparsity, step) } -> std::convertible_to<double>;
};

/// All of it at once.
struct one_shot {
  constexpr double operator()(double sparsity, index) const noexcept { return sparsity; }
};

}  // namespace pare
