// pack_pairs.hpp: dense 8-bit weights in cells 8 deep, as instructions that multiply 2 x 8 by 8 x 2 bytes want them.
#pragma once

#include "pack.hpp"

namespace pare {

/// A structure of kernels: dense, but the strips of a panel lie in pairs: 16 cells of 8 elements along k, 128 bytes.
/// Panels [ceil(n/16), ceil(k/8), 16 channels, 8]; what is missing is zero.
struct paired {};

template <>
struct panel_view<paired> : panel_view<dense> {};

/// Dense 8-bit weights in panels and, where a target multiplies them faster, once more in pairs.
struct reordered {};

template <>
struct panel_view<reordered> : panel_view<dense> {
  panel_view<paired> pairs;  ///< strips is null where there is no copy
};

inline constexpr index pair_depth = 2 * cell_depth<std::int8_t>;

/// From one panel of pairs to the next.
constexpr index pair_panel_bytes(index k) noexcept { return ceil_div(k, pair_depth) * 2 * strip_bytes; }

/// `strips` strips of a panel -> round_up(strips, 2) strips in pairs, at `to`.
inline void pair_strips(const std::byte* from, index strips, std::byte* to) noexcept {
  for (index s = 0; s < strips; s += 2, from += 2 * strip_bytes) {
    for (index lane = 0; lane < strip_lanes; ++lane, to += 2 * cell_bytes) {
      const std::byte* cell = from + lane * cell_bytes;
      std::memcpy(to, cell, cell_bytes);
      if (s + 1 < strips) {
        std::memcpy(to + cell_bytes, cell + strip_bytes, cell_bytes);
      } else {
        std::memset(to + cell_bytes, 0, cell_bytes);
      }
    }
  }
}

}  // namespace pare
