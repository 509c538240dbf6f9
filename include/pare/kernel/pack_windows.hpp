// pack_windows.hpp: how weights of which N of every M stay lie in memory once packed, and the function that puts them
// there. Raw memory, no allocation.
#pragma once

#include <cstring>
#include <type_traits>

#include "../core/standard.hpp"
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

/// n_of_m<N, M> of 8- or 16-bit weights where N is 1, 2 or 4 and four kept weights come from 8, 16, 32 or, of 8 bits,
/// 64 elements, with a pattern for each channel or for each strip.
template <index N, index M, index Shared, class T>
inline constexpr bool has_kernel<n_of_m<N, M, Shared>, T> =
    std::is_integral_v<T> && sizeof(T) <= 2 && (Shared == 1 || Shared == strip_lanes) && (N == 1 || N == 2 || N == 4) &&
    (window_depth<n_of_m<N, M>> == 8 || window_depth<n_of_m<N, M>> == 16 || window_depth<n_of_m<N, M>> == 32 ||
     (window_depth<n_of_m<N, M>> == 64 && sizeof(T) == 1));

/// Packed weights [n, k]: panels [ceil(n/16), ceil(k/window_depth) windows]. A window has the four kept weights of each
/// of 16 channels: one strip of 8-bit ones or two of 16-bit ones, with two weights of every channel each. Their places
/// along k, numbers of as many bits, are counted from the last multiple of 64: within the window and, for targets that
/// pick out of 64 bytes at once, within these. They follow the window's weights in the same order or, where the
/// channels share them, those of one channel follow all weights of the panel, which zeros complete to whole strips.
/// sums as for dense weights.
template <index N, index M, index Shared>
struct panel_view<n_of_m<N, M, Shared>> {
  const std::byte* strips = nullptr;
  const std::int32_t* sums = nullptr;
  index panel_bytes = 0;
};
/// The weights of a window, and all that lies between it and the next one.
template <class T>
inline constexpr index window_weights_bytes = strip_bytes* index{sizeof(T)};
template <class Structure, class T>
inline constexpr index window_bytes = (shares_places<Structure> ? 1 : 2) * window_weights_bytes<T>;
/// Shared places of a window.
template <class T>
inline constexpr index shared_places_bytes = cell_bytes* index{sizeof(T)};

/// Where a kept weight of 16 channels lies in a panel: the `kept`-th of the n_of_m window that begins at `begin`.
template <class Structure, class T>
constexpr index window_position(index lane, index begin, index kept) noexcept {
  constexpr index depth = window_depth<Structure>;
  const index at = (begin % depth / Structure::window * Structure::kept + kept) * index{sizeof(T)};
  return begin / depth * window_bytes<Structure, T> + at / cell_bytes * strip_bytes + lane * cell_bytes +
         at % cell_bytes;
}
/// Where its place lies, in a panel of weights [n, k].
template <class Structure, class T>
constexpr index place_position(index lane, index begin, index kept, index k) noexcept {
  constexpr index depth = window_depth<Structure>;
  if constexpr (shares_places<Structure>) {
    return ceil_div(k, depth) * window_weights_bytes<T> + begin / depth * shared_places_bytes<T> +
           (begin % depth / Structure::window * Structure::kept + kept) * index{sizeof(T)};
  } else {
    return window_position<Structure, T>(lane, begin, kept) + window_weights_bytes<T>;
  }
}

/// From one panel to the next, of weights of the range W that are not listed.
template <class W, class Structure>
constexpr index panel_bytes_of(index k) noexcept {
  if constexpr (window_depth<Structure> != 0) {
    using element = typename W::type;
    const index windows = ceil_div(k, window_depth<Structure>);
    return windows * window_bytes<Structure, element> +
           (shares_places<Structure> ? round_up(windows * shared_places_bytes<element>, strip_bytes) : 0);
  } else {
    return strips_of<W>(k) * strip_bytes;
  }
}

/// Bytes of weights in a panel of that many bytes whose channels share their places: a strip of places for 16 strips.
constexpr index weights_bytes_of_panel(index panel_bytes) noexcept {
  const index strips = panel_bytes / strip_bytes;
  return (strips - ceil_div(strips, 1 + strip_bytes / cell_bytes)) * strip_bytes;
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
    const index end = smaller(first + Structure::shared, weights.rows);
    for (index begin = 0; begin < k; begin += M) {
      index kept = 0;
      for (index l = begin; l < smaller(begin + M, k); ++l) {
        bool any = false;
        for (index j = first; j < end; ++j) any = any || weights(j, l) != T{0};
        if (!any) continue;
        if (kept < N) {
          const T place = static_cast<T>(l % run % 64);
          std::memcpy(panel + place_position<Structure, T>(first, begin, kept, k), &place, sizeof place);
          for (index j = first; j < end; ++j)
            std::memcpy(panel + window_position<Structure, T>(j, begin, kept), &weights(j, l), sizeof(T));
        }
        ++kept;
      }
      if (kept > N) return {first, begin, kept};
    }
  }
  return {};
}

}  // namespace pare
