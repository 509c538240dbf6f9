// pack_windows.hpp: how weights of which N of every M stay lie in memory once packed, and the function that puts them
// there. Raw memory, no allocation.
#pragma once

#include <algorithm>

#include "pack.hpp"

namespace pare {

/// Consecutive elements of k that the four weights of one lane are chosen from; 0 for other structures.
template <class Structure>
inline constexpr index window_depth = 0;
template <index N, index M, index Shared>
inline constexpr index window_depth<n_of_m<N, M, Shared>> = cell_bytes* M / N;

/// Whether all channels of a strip keep weights in the same places.
template <class Structure>
inline constexpr bool shares_places = false;
template <index N, index M>
inline constexpr bool shares_places<n_of_m<N, M, strip_lanes>> = true;

/// n_of_m<N, M> of 8-bit weights where N is 1, 2 or 4 and four kept weights come from 8, 16, 32 or 64 elements, with a
/// pattern for each channel or for each strip.
template <index N, index M, index Shared, class T>
inline constexpr bool has_kernel<n_of_m<N, M, Shared>, T> = sizeof(T) == 1 && (Shared == 1 || Shared == strip_lanes) &&
                                                            (N == 1 || N == 2 || N == 4) &&
                                                            (window_depth<n_of_m<N, M>> == 8 ||
                                                             window_depth<n_of_m<N, M>> == 16 ||
                                                             window_depth<n_of_m<N, M>> == 32 ||
                                                             window_depth<n_of_m<N, M>> == 64);

/// Packed weights [n, k]: panels [ceil(n/16), ceil(k/window_depth) windows]. A window's strip has the four kept weights
/// of each of 16 channels. Their places along k, a byte each, are counted from the last multiple of 64: within the
/// window and, for targets that pick out of 64 elements at once, within these. They are a strip after each strip of
/// weights or, where the channels share them, four bytes per window after all strips of the panel, which zeros complete
/// to whole strips. sums as for dense weights.
template <index N, index M, index Shared>
struct panel_view<n_of_m<N, M, Shared>> {
  const std::byte* strips = nullptr;
  const std::int32_t* sums = nullptr;
  index panel_bytes = 0;
};
/// From one window's strip to the next.
template <class Structure>
inline constexpr index window_bytes = shares_places<Structure> ? strip_bytes : 2 * strip_bytes;

/// Where the first kept weight of the n_of_m window that begins at element `begin` lies in a panel.
template <class Structure>
constexpr index window_position(index lane, index begin) noexcept {
  constexpr index depth = window_depth<Structure>;
  return begin / depth * window_bytes<Structure> + lane * cell_bytes +
         begin % depth / Structure::window * Structure::kept;
}
/// Where its place lies, in a panel of weights [n, k].
template <class Structure>
constexpr index place_position(index lane, index begin, index k) noexcept {
  constexpr index depth = window_depth<Structure>;
  if constexpr (shares_places<Structure>) {
    return ceil_div(k, depth) * strip_bytes + begin / depth * cell_bytes +
           begin % depth / Structure::window * Structure::kept;
  } else {
    return window_position<Structure>(lane, begin) + strip_bytes;
  }
}

/// From one panel to the next, of weights of the range W that are not listed.
template <class W, class Structure>
constexpr index panel_bytes_of(index k) noexcept {
  if constexpr (window_depth<Structure> != 0) {
    const index windows = ceil_div(k, window_depth<Structure>);
    return windows * window_bytes<Structure> +
           (shares_places<Structure> ? ceil_div(windows * cell_bytes, strip_bytes) * strip_bytes : 0);
  } else {
    return strips_of<W>(k) * strip_bytes;
  }
}

/// Windows in a panel of that many bytes whose channels share their places, which take a strip for each 16 strips.
constexpr index windows_of_panel(index panel_bytes) noexcept {
  const index strips = panel_bytes / strip_bytes;
  return strips - ceil_div(strips, 1 + strip_bytes / cell_bytes);
}

/// A window of weights that keeps too many.
struct crowded_window {
  index row = 0, begin = 0, kept = 0;
};

/// Packs one panel of at most 16 channels, weights [rows <= 16, k], into zeroed memory. Places are counted anew from
/// every multiple of `run`, which is one of window_depth. Returns the first window of M weights in which more than N
/// are not zero, counted over all channels that share their places; its kept is 0 if there is none.
template <class Structure, class T>
crowded_window pack_windows(const matrix_view<const T>& weights, std::byte* panel, index run) noexcept {
  constexpr index N = Structure::kept, M = Structure::window;
  const index k = weights.columns;
  for (index first = 0; first < weights.rows; first += Structure::shared) {
    const index end = std::min(first + Structure::shared, weights.rows);
    for (index begin = 0; begin < k; begin += M) {
      index kept = 0;
      for (index l = begin; l < std::min(begin + M, k); ++l) {
        bool any = false;
        for (index j = first; j < end; ++j) any = any || weights(j, l) != T{0};
        if (!any) continue;
        if (kept < N) {
          panel[place_position<Structure>(first, begin, k) + kept] = static_cast<std::byte>(l % run % strip_bytes);
          for (index j = first; j < end; ++j)
            panel[window_position<Structure>(j, begin) + kept] = static_cast<std::byte>(weights(j, l));
        }
        ++kept;
      }
      if (kept > N) return {first, begin, kept};
    }
  }
  return {};
}

}  // namespace pare
