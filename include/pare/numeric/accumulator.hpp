// accumulator.hpp: how many products a sum can hold, proven from the ranges of the factors.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "range.hpp"

namespace pare {

/// The greatest K such that no sum of K products a * b, a in A, b in B, leaves [-limit, limit].
/// INT32_MAX: int32 sums that cannot overflow; 2^24: sums that are exact as floats.
template <IntegerRange A, IntegerRange B>
constexpr std::int64_t max_depth(std::int64_t limit = std::numeric_limits<std::int32_t>::max()) noexcept {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if constexpr (greatest_magnitude<A> == 0 || greatest_magnitude<B> == 0) {
    return most;
  } else {
    static_assert(greatest_magnitude<A> <= most / greatest_magnitude<B>,
                  "pare: a product of these ranges does not fit int64");
    return limit / (greatest_magnitude<A> * greatest_magnitude<B>);
  }
}

/// The range of x - zero_point for x and zero_point in R.
template <IntegerRange R>
using centered = integer_range<
    std::conditional_t<(R::max - R::min < std::int64_t{1} << 15), std::int16_t,
                       std::conditional_t<(R::max - R::min < std::int64_t{1} << 31), std::int32_t, std::int64_t>>,
    R::min - R::max, R::max - R::min>;

}  // namespace pare
