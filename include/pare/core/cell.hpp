// cell.hpp: the unit of the memory model: 4 bytes of the reduction dimension, and 16 of them side by side.
#pragma once

#include "index.hpp"

namespace pare {

/// A cell is what one lane of a dot instruction consumes: 4 int8, 2 int16 or 1 float, consecutive along k.
inline constexpr index cell_bytes = 4;
/// A strip is 16 cells: one cell of each of 16 output channels.
inline constexpr index strip_lanes = 16;
inline constexpr index strip_bytes = strip_lanes * cell_bytes;
static_assert(strip_bytes == 64, "a strip is one cache line");

/// Elements of type T along k in one cell.
template <class T>
inline constexpr index cell_depth = cell_bytes / static_cast<index>(sizeof(T));

}  // namespace pare
