// walk.hpp: which cells of a row meet which strips of a panel, and in which order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../simd/fetch.hpp"
#include "gemm_call.hpp"

namespace pare::inline PARE_UNIT {

/// The first row's current cell and the first panel's current strip; rows and panels follow at fixed distances.
struct position {
  const std::byte* cell;
  const std::byte* strip;
};

/// Every cell of k in order; its weights take StripStep bytes.
template <index StripStep>
struct ordered_walk {
  static constexpr bool in_order = true;
  position at;
  index full;  ///< whole cells
  index tail;  ///< elements in the last, partial cell, or 0
  bool copied = false;
  PARE_ALWAYS_INLINE position here() const { return at; }
  PARE_ALWAYS_INLINE const std::byte* tail_cell(index cell_step) const { return at.cell + full * cell_step; }
  /// Makes it the walk over the partial cell alone, of which `cells` are copies.
  PARE_ALWAYS_INLINE void move_to_tail(const std::byte* cells) { at = {cells, at.strip + full * StripStep}; }
  PARE_ALWAYS_INLINE void advance(index cells, index cell_step) {
    at.cell += cells * cell_step;
    at.strip += cells * StripStep;
    // Hides where the loop will end up, which clang 14 otherwise computes beforehand, in registers that the loop needs.
    __asm__("" : "+r"(at.cell), "+r"(at.strip));
  }
};
using dense_walk = ordered_walk<strip_bytes>;

/// The same over weights that come from far, whose strips are fetched before they are read: panels side by side
/// are as many streams.
template <class Walk>
struct far_walk : Walk {
  index ahead;  ///< in bytes
};
template <class Walk, int V>
PARE_ALWAYS_INLINE void fetch_strips(const Walk& walk, index panel_bytes) {
  if constexpr (requires { walk.ahead; })
    PARE_UNROLL for (int v = 0; v < V; ++v) __builtin_prefetch(walk.at.strip + v * panel_bytes + walk.ahead);
}

/// The cells that a list names.
template <index CellStep>
struct listed_walk {
  static constexpr bool in_order = false;
  const std::byte* row;
  const std::uint16_t* listed;
  const std::byte* strip;
  index full, tail;
  PARE_ALWAYS_INLINE position here() const { return {row + index{*listed} * CellStep, strip}; }
  PARE_ALWAYS_INLINE const std::byte* tail_cell(index) const { return row + index{listed[full]} * CellStep; }
  PARE_ALWAYS_INLINE void move_to_tail(const std::byte* cells) {
    static constexpr std::uint16_t first = 0;
    row = cells;
    listed = &first;
    strip += full * strip_bytes;
  }
  PARE_ALWAYS_INLINE void advance(index cells, index) {
    listed += cells;
    strip += cells * strip_bytes;
  }
};

/// A window whose places lie apart from its strip.
struct picked_position : position {
  const std::byte* places;
};

/// Weights of which N of every M stay: window after window of a row.
template <class Call>
struct windows_walk {
  using weight = typename Call::weights_range::type;
  static constexpr bool in_order = true, shared = shares_places<typename Call::structure>;
  static constexpr index depth = window_depth<typename Call::structure>, cell_step = bytes_of_window<Call>;
  static constexpr index strip_step = window_bytes<typename Call::structure, weight>;
  using window = std::conditional_t<shared, picked_position, position>;
  window at;
  index full;  ///< whole windows
  index tail;  ///< elements in the last, partial window, or 0
  PARE_ALWAYS_INLINE window here() const { return at; }
  PARE_ALWAYS_INLINE const std::byte* tail_cell(index) const { return at.cell + full * cell_step; }
  PARE_ALWAYS_INLINE void move_to_tail(const std::byte* cells) {
    advance(full, 0);
    at.cell = cells;
  }
  PARE_ALWAYS_INLINE void advance(index windows, index) {
    at.cell += windows * cell_step;
    at.strip += windows * strip_step;
    if constexpr (shared) at.places += windows * shared_places_bytes<weight>;
  }
};

/// Where a row of activations begins; null if they are, which they may be where k is 0.
template <class Call>
PARE_ALWAYS_INLINE const std::byte* start_of_row(const Call& call, index row) {
  return reinterpret_cast<const std::byte*>(call.a == nullptr ? call.a : call.a + row * call.a_stride);
}

template <class Call>
PARE_ALWAYS_INLINE auto start_walk(const Call& call, const panel_view<dense>& w, index row, index panel) {
  using range = typename Call::weights_range;
  using walk = ordered_walk<step_bytes<range>>;
  constexpr index depth = step_depth<range>;
  const position begin{start_of_row(call, row), w.strips + panel * w.panel_bytes};
  if (call.copied) return walk{begin, ceil_div(call.k, depth), 0, true};
  return walk{begin, call.k / depth, call.k % depth};
}

/// Strips are counted one by one, but the tail is that of a pair.
template <class Call>
PARE_ALWAYS_INLINE dense_walk start_walk(const Call& call, const panel_view<paired>& w, index row, index panel) {
  return {{start_of_row(call, row), w.strips + panel * w.panel_bytes}, call.k / pair_depth * 2, call.k % pair_depth};
}
template <class Call>
PARE_ALWAYS_INLINE auto start_walk(const far_call<Call>& call, const panel_view<dense>& w, index row, index panel) {
  const Call& plain = call;
  const auto walk = start_walk(plain, w, row, panel);
  return far_walk<std::remove_const_t<decltype(walk)>>{walk, streams_ahead_here()};
}
template <class Call, index C>
PARE_ALWAYS_INLINE auto start_walk(const Call& call, const panel_view<block<16, C>>& w, index row, index panel) {
  constexpr index depth = cell_depth<typename Call::weights_range::type>;
  const auto first = static_cast<index>(w.first[panel]), last = static_cast<index>(w.first[panel + 1]);
  const index beyond = last > first ? (w.cells[last - 1] + 1) * depth - call.k : 0;
  const index tail = beyond > 0 ? depth - beyond : 0;
  return listed_walk<depth * index{sizeof(typename Call::activations::type)}>{
      start_of_row(call, row), w.cells + first, w.strips + first * strip_bytes, last - first - (tail != 0), tail};
}
template <class Call, index N, index M, index Shared>
PARE_ALWAYS_INLINE auto start_walk(const Call& call, const panel_view<n_of_m<N, M, Shared>>& w, index row,
                                   index panel) {
  using walk = windows_walk<Call>;
  const position at{start_of_row(call, row), w.strips + panel * w.panel_bytes};
  const index full = call.k / walk::depth, tail = call.k % walk::depth;
  if constexpr (walk::shared) {
    return walk{{at, at.strip + weights_bytes_of_panel(w.panel_bytes)}, full, tail};
  } else {
    return walk{at, full, tail};
  }
}

/// Bytes from one panel to the next of those that are multiplied at once.
template <class View>
PARE_ALWAYS_INLINE index panel_distance(const View& w) {
  if constexpr (requires { w.panel_bytes; }) {
    return w.panel_bytes;
  } else {
    return 0;
  }
}

/// Copies the partial cell at the end of each row, completed with zeros, so that nothing is read beyond a row's end.
/// Out of line, like all that is not the loop: short functions keep the loop's registers.
__attribute__((noinline)) inline void copy_tails(std::byte* cells, index cell_room, int rows, const std::byte* from,
                                                 index tail_bytes, index row_bytes) {
  std::memset(cells, 0, static_cast<std::size_t>(rows * cell_room));
  for (int r = 0; r < rows; ++r, from += row_bytes, cells += cell_room)
    std::memcpy(cells, from, static_cast<std::size_t>(tail_bytes));
}

}  // namespace pare::inline PARE_UNIT
