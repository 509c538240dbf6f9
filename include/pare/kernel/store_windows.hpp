// store_windows.hpp: how weights of which N of every M stay lie in a file: the kept weights, and their places in no
// more bits than these need. Raw memory, no allocation.
#pragma once

#include <bit>
#include <limits>

#include "../core/bits.hpp"
#include "pack_windows.hpp"

namespace pare {

/// For each of n channels and each of its ceil(k / M) windows: N weights of one byte, zeros last, and their N places in
/// the window, log2(M) bits each, lowest bits of the first byte first; a channel's places begin with a byte of their
/// own.
template <class Structure>
struct stored_windows {
  static constexpr index kept = Structure::kept, window = Structure::window;
  static constexpr int place_bits = std::bit_width(static_cast<unsigned>(window - 1));
  index values = 0, places = 0;  ///< bytes of a channel
  explicit constexpr stored_windows(index k) noexcept
      : values(ceil_div(k, window) * kept), places(ceil_div(values * place_bits, index{8})) {}
};

/// Where the first kept weight of the window that begins at element `begin` lies in a panel; its place is strip_bytes
/// further on.
template <class Structure>
constexpr index window_position(index lane, index begin) noexcept {
  constexpr index depth = window_depth<Structure>;
  return begin / depth * window_bytes + lane * cell_bytes + begin % depth / Structure::window * Structure::kept;
}

/// Panels to files. Pre: `values` and `places` have n times the bytes of a channel, `places` is zero.
template <class Structure>
void store_windows(const panel_view<Structure>& from, index n, index k, std::byte* values, std::byte* places) noexcept {
  using layout = stored_windows<Structure>;
  const layout bytes(k);
  for (index j = 0; j < n; ++j, values += bytes.values, places += bytes.places) {
    const std::byte* const panel = from.strips + j / strip_lanes * from.panel_bytes;
    for (index e = 0; e < bytes.values; ++e) {
      const index at =
          window_position<Structure>(j % strip_lanes, e / layout::kept * layout::window) + e % layout::kept;
      values[e] = panel[at];
      const auto place = static_cast<unsigned>(panel[at + strip_bytes]) % layout::window;
      const index bit = e * layout::place_bits;
      places[bit / 8] |= static_cast<std::byte>(place << bit % 8);
      if (bit % 8 + layout::place_bits > 8) places[bit / 8 + 1] |= static_cast<std::byte>(place >> (8 - bit % 8));
    }
  }
}

/// One channel of a file to dense weights [k], which are zero before. False if the file is none of store_windows: a
/// place is not after the one before it, or beyond k.
template <class Structure, class T>
bool load_windows(const std::byte* values, const std::byte* places, index k, T* weights) noexcept {
  using layout = stored_windows<Structure>;
  const layout bytes(k);
  index next = 0;
  for (index e = 0; e < bytes.values; ++e) {
    const index bit = e * layout::place_bits;
    unsigned both = static_cast<unsigned>(places[bit / 8]);
    if (bit % 8 + layout::place_bits > 8) both |= static_cast<unsigned>(places[bit / 8 + 1]) << 8;
    const index begin = e / layout::kept * layout::window,
                place = begin + static_cast<index>(both >> bit % 8) % layout::window;
    if (e % layout::kept == 0) next = begin;
    if (values[e] == std::byte{0}) {
      next = std::numeric_limits<index>::max();  // what follows in this window must be zero too
    } else {
      if (place < next || place >= k) return false;
      weights[place] = pare::bit_cast<T>(values[e]);
      next = place + 1;
    }
  }
  return true;
}

}  // namespace pare
