// pruner.hpp: criterion x structure x schedule, the three choices of a pruner under one name, and the mask they make.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "criterion.hpp"
#include "mask.hpp"
#include "schedule.hpp"

namespace pare {

namespace detail {
template <Structure S, Criterion C, class It>
std::vector<double> fitted_scores(const C& criterion, It first, const weight_shape& shape) {
  const auto groups = static_cast<index>(S::groups(shape));
  if constexpr (requires { criterion.expect_fits(shape, groups); }) criterion.expect_fits(shape, groups);
  std::vector<double> scores(static_cast<std::size_t>(groups));
  if constexpr (GroupCriterion<C>) {
    for (index group = 0; group < groups; ++group) scores[static_cast<std::size_t>(group)] = criterion(group);
  } else {
    for (index row = 0; row < shape.rows; ++row)
      for (index column = 0; column < shape.columns(); ++column, ++first) {
        const auto group = static_cast<std::size_t>(S::group(shape, row, column));
        scores[group] += criterion(static_cast<float>(*first), row, column);
      }
  }
  return scores;
}
}  // namespace detail

/// Importance of each group of S: the sum of the criterion over its weights, in double, in row-major order; of a
/// criterion of groups, what it says. first: reads rows * columns weights in row-major order. Fails if the criterion
/// belongs to other weights, or if an importance is not finite.
template <Structure S, Criterion C, class It>
std::vector<double> group_scores(const C& criterion, It first, const weight_shape& shape) {
  std::vector<double> scores;
  if constexpr (requires { criterion.fitted(first, shape); }) {
    scores = detail::fitted_scores<S>(criterion.fitted(first, shape), first, shape);
  } else {
    scores = detail::fitted_scores<S>(criterion, first, shape);
  }
  for (const double score : scores)
    if (!std::isfinite(score)) fail("weights", "finite importance", score);
  return scores;
}

/// Of each `window` consecutive scores prunes the `count` least; of two equal ones the lower index goes first.
/// Returns 1 for what stays, 0 for what is pruned. Pre: window > 0 divides the number of scores, count <= window.
inline std::vector<std::uint8_t> keep_greatest(const std::vector<double>& scores, std::size_t window, index count) {
  std::vector<std::uint8_t> kept(scores.size(), 1);
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto less = [&](std::size_t a, std::size_t b) { return std::pair(scores[a], a) < std::pair(scores[b], b); };
  for (auto begin = order.begin(); begin != order.end(); begin += static_cast<index>(window)) {
    std::nth_element(begin, begin + count, begin + static_cast<index>(window), less);
    std::for_each(begin, begin + count, [&](std::size_t group) { kept[group] = 0; });
  }
  return kept;
}

/// How many of `groups` a sparsity prunes: the floor of sparsity * groups, where a product within one part in 10^9 of a
/// whole number is that number (0.29 of 100 is 29). At least one group stays. Pre: 0 <= sparsity < 1.
inline index pruned_count(double sparsity, index groups) noexcept {
  const double product = sparsity * static_cast<double>(groups);
  const double nearest = std::round(product);
  const double count = std::abs(product - nearest) <= 1e-9 * nearest ? nearest : std::floor(product);
  return std::clamp<index>(static_cast<index>(count), 0, std::max<index>(groups - 1, 0));
}

/// A pruner chooses by Criterion, prunes whole groups of Structure, and grows sparsity by Schedule. The types decide
/// the kernel that runs the pruned weights; the values are the parts' own numbers.
template <Criterion C, Structure S, Schedule T = one_shot>
struct pruner {
  using criterion_type = C;
  using structure = S;
  using schedule_type = T;

  [[no_unique_address]] C criterion{};
  [[no_unique_address]] T schedule{};

  /// The mask for weights that `first` reads in row-major order. Prunes pruned_count(schedule(sparsity, step), groups)
  /// groups. Fails on a sparsity outside [0, 1) and on weights with NaN or infinities.
  template <class It>
  mask<S> select(It first, const weight_shape& shape, double sparsity, index step = 0) const {
    if (!(sparsity >= 0 && sparsity < 1)) fail("sparsity", "a number in [0, 1)", sparsity);
    if constexpr (WindowedStructure<S>) {
      if (std::abs(sparsity - fixed_sparsity()) > 1e-6)
        fail("sparsity", text(fixed_sparsity(), ", which the structure fixes"), sparsity);
      return select(first, shape);
    } else {
      const std::vector<double> scores = group_scores<S>(criterion, first, shape);
      const index count = pruned_count(schedule(sparsity, step), static_cast<index>(scores.size()));
      return {.shape = shape, .groups = keep_greatest(scores, std::max<std::size_t>(scores.size(), 1), count)};
    }
  }

  /// The same where the structure fixes the sparsity.
  template <class It>
  requires(WindowedStructure<S>) mask<S> select(It first, const weight_shape& shape)
  const {
    const std::vector<double> scores = group_scores<S>(criterion, first, shape);
    if (scores.size() % std::size_t{S::window} != 0)
      fail("structure", text("groups in whole windows of ", S::window), scores.size());
    return {.shape = shape, .groups = keep_greatest(scores, std::size_t{S::window}, S::window - S::kept)};
  }

 private:
  static constexpr double fixed_sparsity() { return 1 - static_cast<double>(S::kept) / static_cast<double>(S::window); }
};

/// Any pruner<...>.
template <class P>
concept Pruner =
    Criterion<typename P::criterion_type> && Structure<typename P::structure> && Schedule<typename P::schedule_type>;

}  // namespace pare
