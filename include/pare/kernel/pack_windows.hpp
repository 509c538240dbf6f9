// pack_windows.hpp: how weights of which N of every M stay lie in memory once packed, and the function that puts them
// there. Raw memory, no allocation.
#pragma once

#include <algorithm>

#include "pack.hpp"

namespace pare {

/// Consecutive elements of k that the four weights of one lane are chosen from.
template <class Structure>
inline constexpr index window_depth = 0;
template <index N, index M>
inline constexpr index window_depth<n_of_m<N, M, 1>> = cell_bytes* M / N;

/// n_of_m<N, M> of 8-bit weights where N is 1, 2 or 4 and four kept weights come from 8, 16, 32 or 64 elements.
template <index N, index M, class T>
inline constexpr bool has_kernel<n_of_m<N, M, 1>, T> = sizeof(T) == 1 && (N == 1 || N == 2 || N == 4) &&
                                                       (window_depth<n_of_m<N, M, 1>> == 8 ||
                                                        window_depth<n_of_m<N, M, 1>> == 16 ||
                                                        window_depth<n_of_m<N, M, 1>> == 32 ||
                                                        window_depth<n_of_m<N, M, 1>> == 64);

/// Packed weights [n, k]: panels [ceil(n/16), ceil(k/window_depth), 2 strips]. The first strip of a pair has the four
/// kept weights of each of 16 channels, the second, byte for byte, their places along k, counted from the last multiple
/// of 64: within the window and, for targets that pick out of 64 elements at once, within these. sums as for dense
/// weights.
template <index N, index M>
struct panel_view<n_of_m<N, M, 1>> {
  const std::byte* strips = nullptr;
  const std::int32_t* sums = nullptr;
  index panel_bytes = 0;
};
inline constexpr index window_bytes = 2 * strip_bytes;

/// From one panel to the next, of weights of the range W that are not listed.
template <class W, class Structure>
constexpr index panel_bytes_of(index k) noexcept {
  if constexpr (window_depth<Structure> != 0) {
    return ceil_div(k, window_depth<Structure>) * window_bytes;
  } else {
    return strips_of<W>(k) * strip_bytes;
  }
}

/// A window of weights that keeps too many.
struct crowded_window {
  index row = 0, begin = 0, kept = 0;
};

/// Packs one panel of at most 16 channels, weights [rows <= 16, k], into zeroed pairs of strips. Returns the first
/// window of M weights in which more than N are not zero; its kept is 0 if there is none.
template <class Structure, class T>
crowded_window pack_windows(const matrix_view<const T>& weights, std::byte* strips) noexcept {
  constexpr index N = Structure::kept, M = Structure::window, depth = window_depth<Structure>;
  for (index j = 0; j < weights.rows; ++j) {
    for (index begin = 0; begin < weights.columns; begin += M) {
      std::byte* const cell = strips + begin / depth * window_bytes + j * cell_bytes + begin % depth / M * N;
      index kept = 0;
      for (index l = begin; l < std::min(begin + M, weights.columns); ++l) {
        if (weights(j, l) == T{0}) continue;
        if (kept < N) {
          cell[kept] = static_cast<std::byte>(weights(j, l));
          cell[kept + strip_bytes] = static_cast<std::byte>(l % strip_bytes);
        }
        ++kept;
      }
      if (kept > N) return {j, begin, kept};
    }
  }
  return {};
}

}  // namespace pare
