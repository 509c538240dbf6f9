// mask.hpp: which groups of a structure stay.
#pragma once

#include <algorithm>
#include <cstdint>
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

}  // namespace PARE_UNIT
}  // namespace pare
