// row_copies.hpp: copies of rows, for dots that would change every cell they read.
#pragma once

#include "walk.hpp"

namespace pare::inline PARE_UNIT {

/// Copies `rows` rows of k elements, `stride` bytes apart, as a dot wants them, the last cell completed with zeros,
/// row_copies::row_bytes(k) apart.
using copy_function = void (*)(std::byte* to, const std::byte* from, index rows, index stride, index k);

/// Memory for the copies of some rows.
struct row_copies {
  static constexpr index bytes = 68 * 1024, most = 120;
  alignas(strip_bytes) std::byte memory[bytes];

  /// From one row to the next: an odd number of lines, so that rows do not begin in the same set of a cache.
  static constexpr index row_bytes(index k) noexcept { return round_up(k, strip_bytes) | strip_bytes; }
};
/// How many bytes of them stay in the nearest cache.
inline constexpr index near_copies_bytes = 20 * 1024;

/// Whether a target may copy rows: the dots that want copies are those of bytes.
template <class Call>
inline constexpr bool may_copy_rows = std::is_same_v<typename Call::structure, dense> &&
                                      sizeof(typename Call::activations::type) == 1;

/// Lets the walk of a tile of some rows go over copies of them, if the call has a place for them.
template <class Call, class Walk>
PARE_ALWAYS_INLINE void copy_tile(const Call& call, copy_function copy, index rows, Walk& walk, index& row_bytes) {
  if constexpr (may_copy_rows<Call>) {
    if (call.copies == nullptr) return;
    copy(call.copies, walk.at.cell, rows, row_bytes, call.k);
    row_bytes = row_copies::row_bytes(call.k);
    walk = {{call.copies, walk.at.strip}, ceil_div(call.k, cell_bytes), 0, true};
  }
}

}  // namespace pare::inline PARE_UNIT
