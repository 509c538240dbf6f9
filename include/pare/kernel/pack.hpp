// pack.hpp: how weights lie in memory once packed, and the functions that put them there. Raw memory, no allocation.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "../core/cell.hpp"
#include "../core/structure.hpp"
#include "../core/view.hpp"
#include "../numeric/range.hpp"

namespace pare {

/// Structures that the kernels of this version walk, for weights of type T: dense, and 16 output channels by whole
/// cells of k, where each strip of zeros is dropped.
template <class Structure, class T>
inline constexpr bool has_kernel = std::is_same_v<Structure, dense>;
template <index C, class T>
inline constexpr bool has_kernel<block<16, C>, T> = C % cell_depth<T> == 0;

/// The one that every element format has: 4 int8, 2 x 2 int16 or 4 x 1 floats along k.
using block16 = block<16, 4>;

/// Packed weights [n, k] of 4-byte cells (depth elements along k): panels [ceil(n/16), ceil(k/depth), 16 cells].
/// Missing channels and elements of the last panel and cell are zero. sums[j] = sum of weights[j, :] for 8-bit
/// weights, readable up to round_up(n, 16); null for other formats.
template <class Structure>
struct panel_view;

template <>
struct panel_view<dense> {
  const std::byte* strips = nullptr;
  const std::int32_t* sums = nullptr;
  index panel_bytes = 0;  ///< from one panel to the next: ceil(k/depth) * 64
};

/// The same with only the strips that are kept: panel p has strips [first[p], first[p + 1]) of `strips`, and strip s
/// multiplies elements [offsets[s], offsets[s] + depth) of k. Offsets rise within a panel.
template <index C>
struct panel_view<block<16, C>> {
  const std::byte* strips = nullptr;
  const std::int32_t* sums = nullptr;
  const std::uint32_t* first = nullptr;
  const std::uint32_t* offsets = nullptr;
};

/// Elements of W along k in one strip: those of a cell, 4-bit ones packed two in a byte.
template <class W>
inline constexpr index strip_depth = cell_bytes * 8 / bits_of<W>;

/// Strips per panel of weights of the range W.
template <class W>
constexpr index strips_of(index k) noexcept {
  return ceil_div(k, strip_depth<W>);
}

constexpr index panel_count(index n) noexcept { return ceil_div(n, strip_lanes); }
template <class T>
constexpr index strips_per_panel(index k) noexcept {
  return ceil_div(k, cell_depth<T>);
}

/// Writes the strip of channels [j, j + 16) and elements [l, l + depth) of weights [n, k]; zeros beyond n and k.
template <class T>
void pack_strip(const matrix_view<const T>& weights, index j, index l, std::byte* strip) noexcept {
  std::memset(strip, 0, strip_bytes);
  const index lanes = weights.rows - j < strip_lanes ? weights.rows - j : strip_lanes;
  const index depth = weights.columns - l < cell_depth<T> ? weights.columns - l : cell_depth<T>;
  for (index lane = 0; lane < lanes; ++lane)
    std::memcpy(strip + lane * cell_bytes, weights.row(j + lane) + l, static_cast<std::size_t>(depth) * sizeof(T));
}

/// Packs one panel of at most 16 channels, weights [rows <= 16, k], into strips_per_panel<T>(k) strips.
template <class T>
void pack_panel(const matrix_view<const T>& weights, std::byte* strips) noexcept {
  for (index l = 0; l < weights.columns; l += cell_depth<T>, strips += strip_bytes) pack_strip(weights, 0, l, strips);
}

/// Writes the 4-bit strip of channels [0, 16) and elements [l, l + 8) of weights [rows <= 16, k]: byte b of a cell
/// holds element l + b in its low half and l + 4 + b in its high half, both plus 8; zeros beyond n and k.
inline void pack_nibble_strip(const matrix_view<const std::int8_t>& weights, index l, std::byte* strip) noexcept {
  const auto nibble = [&](index channel, index at) {
    return channel < weights.rows && at < weights.columns ? weights(channel, at) + 8 : 8;
  };
  for (index lane = 0; lane < strip_lanes; ++lane)
    for (index b = 0; b < cell_bytes; ++b)
      strip[lane * cell_bytes + b] = static_cast<std::byte>(nibble(lane, l + b) | nibble(lane, l + 4 + b) << 4);
}

/// Packs one panel of at most 16 channels of the range W, weights [rows <= 16, k], into strips_of<W>(k) strips.
template <class W>
void pack_panel_of(const matrix_view<const typename W::type>& weights, std::byte* strips) noexcept {
  if constexpr (bits_of<W> == 4) {
    for (index l = 0; l < weights.columns; l += strip_depth<W>, strips += strip_bytes)
      pack_nibble_strip(weights, l, strips);
  } else {
    pack_panel(weights, strips);
  }
}

/// True if every weight of the strip of channels [j, j + 16) and elements [l, l + depth) is zero: it is dropped from
/// block<16, C>.
template <class T>
bool strip_is_zero(const matrix_view<const T>& weights, index j, index l) noexcept {
  const index last_channel = j + strip_lanes < weights.rows ? j + strip_lanes : weights.rows;
  const index last_element = l + cell_depth<T> < weights.columns ? l + cell_depth<T> : weights.columns;
  for (index channel = j; channel < last_channel; ++channel)
    for (index element = l; element < last_element; ++element)
      if (weights(channel, element) != T{0}) return false;
  return true;
}

/// How many strips of one panel, weights [rows <= 16, k], are kept.
template <class T>
index kept_strips(const matrix_view<const T>& weights) noexcept {
  index kept = 0;
  for (index l = 0; l < weights.columns; l += cell_depth<T>) kept += !strip_is_zero(weights, 0, l);
  return kept;
}

/// Packs the kept strips of one panel, weights [rows <= 16, k], and their offsets; both have kept_strips() places.
template <class T>
void pack_kept(const matrix_view<const T>& weights, std::byte* strips, std::uint32_t* offsets) noexcept {
  for (index l = 0; l < weights.columns; l += cell_depth<T>) {
    if (strip_is_zero(weights, 0, l)) continue;
    pack_strip(weights, 0, l, strips);
    *offsets++ = static_cast<std::uint32_t>(l);
    strips += strip_bytes;
  }
}

/// sums[j] = sum of weights[j, :]. Pre: every sum fits int32.
template <class T>
void row_sums(const matrix_view<const T>& weights, std::int32_t* sums) noexcept {
  for (index j = 0; j < weights.rows; ++j) {
    sums[j] = 0;
    for (index l = 0; l < weights.columns; ++l) sums[j] += weights(j, l);
  }
}

}  // namespace pare
