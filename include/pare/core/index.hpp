// index.hpp: the type of extents, strides and offsets, and the integer arithmetic on them.
#pragma once

#include <cstddef>

#include "../config.hpp"

namespace pare {

/// Extents, strides (in elements unless a name says bytes) and offsets.
using index = std::ptrdiff_t;

/// Least q with q * divisor >= value. Pre: value >= 0, divisor > 0.
constexpr index ceil_div(index value, index divisor) noexcept { return (value + divisor - 1) / divisor; }

/// Least multiple of `multiple` that is >= value. Pre: value >= 0, multiple > 0.
constexpr index round_up(index value, index multiple) noexcept { return ceil_div(value, multiple) * multiple; }

}  // namespace pare
