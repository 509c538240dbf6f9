// mask.hpp: which groups of a structure stay.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "../core/structure.hpp"

namespace pare {

/// One byte for each group of S: 1 if it stays, 0 if it is pruned.
template <Structure S>
struct mask {
  using structure = S;

  weight_shape shape;
  std::vector<std::uint8_t> groups;  ///< S::groups(shape) of them

  /// Whether a weight stays.
  bool keeps(index row, index column) const noexcept {
    return groups[static_cast<std::size_t>(S::group(shape, row, column))] != 0;
  }
  index kept_groups() const noexcept { return static_cast<index>(groups.size()) - pruned_groups(); }
  index pruned_groups() const noexcept { return std::count(groups.begin(), groups.end(), std::uint8_t{0}); }
  /// Share of the groups that are pruned; 0 if there are none.
  double sparsity() const noexcept {
    return groups.empty() ? 0 : static_cast<double>(pruned_groups()) / static_cast<double>(groups.size());
  }
  friend bool operator==(const mask&, const mask&) = default;
};

template <class M>
inline constexpr bool is_mask = false;
template <class S>
inline constexpr bool is_mask<mask<S>> = true;

inline namespace PARE_UNIT {

/// Fails unless the mask is for weights of this shape and has a byte for each group.
template <Structure S>
void expect_valid(const char* argument, const mask<S>& given, const weight_shape& shape) {
  if (given.shape != shape) {
    const auto extents = [](const weight_shape& s) { return text(s.rows, " x ", s.taps, " x ", s.inputs); };
    fail(text(argument, ".shape"), text(extents(shape), " (rows x taps x inputs)"), extents(given.shape));
  }
  expect_equal(text(argument, ".groups").c_str(), S::groups(shape), static_cast<index>(given.groups.size()));
}

/// What both keep.
template <Structure S>
mask<S> operator&(mask<S> a, const mask<S>& b) {
  expect_valid("mask", b, a.shape);
  std::transform(a.groups.begin(), a.groups.end(), b.groups.begin(), a.groups.begin(), std::bit_and<>{});
  return a;
}

/// What either keeps.
template <Structure S>
mask<S> operator|(mask<S> a, const mask<S>& b) {
  expect_valid("mask", b, a.shape);
  std::transform(a.groups.begin(), a.groups.end(), b.groups.begin(), a.groups.begin(), std::bit_or<>{});
  return a;
}

/// Sets the weights that the mask prunes to 0. first: writes rows * columns weights in row-major order.
template <Structure S, class It>
void apply(const mask<S>& mask, It first) {
  expect_valid("mask", mask, mask.shape);
  for (index row = 0; row < mask.shape.rows; ++row)
    for (index column = 0; column < mask.shape.columns(); ++column, ++first)
      if (!mask.keeps(row, column)) *first = 0;
}

/// Gives back the `count` pruned groups with the greatest scores, of two equal ones the higher index first: the reverse
/// of pruning (RigL, Evci et al. 2020, with the gradients' magnitudes as scores). scores: one for each group. Fails
/// unless that many are pruned.
template <Structure S>
mask<S> regrow(mask<S> from, const std::vector<double>& scores, index count) {
  expect_equal("scores.size", static_cast<index>(from.groups.size()), static_cast<index>(scores.size()));
  std::vector<std::size_t> pruned;
  for (std::size_t group = 0; group < scores.size(); ++group)
    if (from.groups[group] == 0) pruned.push_back(group);
  if (count < 0 || count > static_cast<index>(pruned.size()))
    fail("count", text("at most the ", pruned.size(), " groups that are pruned"), count);
  const auto greater = [&](std::size_t a, std::size_t b) { return std::pair(scores[a], a) > std::pair(scores[b], b); };
  std::nth_element(pruned.begin(), pruned.begin() + count, pruned.end(), greater);
  std::for_each(pruned.begin(), pruned.begin() + count, [&](std::size_t group) { from.groups[group] = 1; });
  return from;
}

/// Fails if more groups of a window stay than the structure allows.
template <Structure S>
void expect_windows(const mask<S>& mask) {
  if constexpr (WindowedStructure<S>) {
    for (std::size_t begin = 0; begin < mask.groups.size(); begin += std::size_t{S::window}) {
      index kept = 0;
      for (std::size_t i = begin; i < begin + std::size_t{S::window}; ++i) kept += mask.groups[i];
      if (kept > S::kept)
        fail("weights", text("at most ", S::kept, " that stay of each ", S::window),
             text(kept, " from group ", begin, " on"));
    }
  }
}

/// The mask that prunes exactly the groups whose weights are all 0: of weights that somebody else pruned.
/// first: reads rows * columns weights in row-major order. Fails if more stay than a structure of windows allows.
template <Structure S, class It>
mask<S> nonzero_groups(It first, const weight_shape& shape) {
  mask<S> result{shape, std::vector<std::uint8_t>(static_cast<std::size_t>(S::groups(shape)))};
  for (index row = 0; row < shape.rows; ++row)
    for (index column = 0; column < shape.columns(); ++column, ++first)
      if (*first != 0) result.groups[static_cast<std::size_t>(S::group(shape, row, column))] = 1;
  expect_windows(result);
  return result;
}

/// The mask in a flag for each weight, such as a file holds or another program made: other than 0 stays. Fails unless
/// groups are whole, and as nonzero_groups.
template <Structure S, class It>
mask<S> mask_of(It first, const weight_shape& shape) {
  const mask<S> result = nonzero_groups<S>(first, shape);
  for (index row = 0; row < shape.rows; ++row)
    for (index column = 0; column < shape.columns(); ++column, ++first)
      if (result.keeps(row, column) != (*first != 0))
        fail("mask", "whole groups of the structure", text("a part of the group at row ", row, ", column ", column));
  return result;
}

}  // namespace PARE_UNIT
}  // namespace pare
