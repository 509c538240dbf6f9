// store_windows.hpp: how weights of which N of every M stay lie in a file: the kept weights, and their places in no
// more bits than these need. Raw memory, no allocation.
#pragma once

#include <bit>
#include <cstring>
#include <limits>

#include "pack_windows.hpp"

namespace pare {

/// For each of n channels and each of its ceil(k / M) windows: N weights of type T, zeros last. For each of
/// ceil(n / Shared) groups of channels and each window: N places in the window, log2(M) bits each, lowest bits of the
/// first byte first; a group's places begin with a byte of their own. Zeros are last if they are so in every channel of
/// the group.
template <class Structure, class T>
struct stored_windows {
  static constexpr index kept = Structure::kept, window = Structure::window, shared = Structure::shared;
  static constexpr int place_bits = std::bit_width(static_cast<unsigned>(window - 1));
  index count = 0;   ///< weights of a channel
  index values = 0;  ///< bytes of a channel
  index places = 0;  ///< bytes of a group
  explicit constexpr stored_windows(index k) noexcept
      : count(ceil_div(k, window) * kept),
        values(count * index{sizeof(T)}),
        places(ceil_div(count * place_bits, index{8})) {}
};

/// Panels to files. Pre: `values` and `places` have n and ceil(n / Shared) times the bytes of a channel and of a group,
/// `places` is zero.
template <class T, class Structure>
void store_windows(const panel_view<Structure>& from, index n, index k, std::byte* values, std::byte* places) noexcept {
  using layout = stored_windows<Structure, T>;
  const layout bytes(k);
  for (index j = 0; j < n; ++j) {
    const std::byte* const panel = from.strips + j / strip_lanes * from.panel_bytes;
    const index lane = j % strip_lanes;
    for (index e = 0; e < bytes.count; ++e, values += sizeof(T)) {
      const index begin = e / layout::kept * layout::window, kept = e % layout::kept;
      std::memcpy(values, panel + window_position<Structure, T>(lane, begin, kept), sizeof(T));
      if (j % layout::shared != 0) continue;
      const auto place =
          static_cast<unsigned>(panel[place_position<Structure, T>(lane, begin, kept, k)]) % layout::window;
      const index bit = e * layout::place_bits;
      places[bit / 8] |= static_cast<std::byte>(place << bit % 8);
      if (bit % 8 + layout::place_bits > 8) places[bit / 8 + 1] |= static_cast<std::byte>(place >> (8 - bit % 8));
    }
    if (j % layout::shared == 0) places += bytes.places;
  }
}

/// One group of channels of a file to dense weights [channels <= Shared, k], which are zero before. False if the file
/// is none of store_windows: a place is not after the one before it, or beyond k.
template <class Structure, class T>
bool load_windows(const std::byte* values, const std::byte* places, const matrix_view<T>& weights) noexcept {
  using layout = stored_windows<Structure, T>;
  const index k = weights.columns;
  const layout bytes(k);
  index next = 0;
  for (index e = 0; e < bytes.count; ++e) {
    const index bit = e * layout::place_bits;
    unsigned both = static_cast<unsigned>(places[bit / 8]);
    if (bit % 8 + layout::place_bits > 8) both |= static_cast<unsigned>(places[bit / 8 + 1]) << 8;
    const index begin = e / layout::kept * layout::window,
                place = begin + static_cast<index>(both >> bit % 8) % layout::window;
    if (e % layout::kept == 0) next = begin;
    const auto value = [&](index j) {
      T weight;
      std::memcpy(&weight, values + j * bytes.values + e * index{sizeof weight}, sizeof weight);
      return weight;
    };
    bool any = false;
    for (index j = 0; j < weights.rows; ++j) any = any || value(j) != T{0};
    if (!any) {
      next = std::numeric_limits<index>::max();  // what follows in this window must be zero too
    } else {
      if (place < next || place >= k) return false;
      for (index j = 0; j < weights.rows; ++j) weights(j, place) = value(j);
      next = place + 1;
    }
  }
  return true;
}

}  // namespace pare
