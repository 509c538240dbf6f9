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

/// Structures that the kernels of this version walk, for weights of type T: dense, and blocks of R output channels by
/// whole cells of k, where each block of zeros is dropped. Blocks of 16 channels are strips for the rows of a matrix;
/// those of 1, 2, 4 or 8 are for activations in channel cells (see cells.hpp).
template <class Structure, class T>
inline constexpr bool has_kernel = std::is_same_v<Structure, dense>;
template <index R, index C, class T>
inline constexpr bool has_kernel<block<R, C>, T> =
    (R == 1 || R == 2 || R == 4 || R == 8 || R == 16) && C % cell_depth<T> == 0 && !std::is_same_v<T, half>;

/// The ones that every element format has: 4 int8, 2 x 2 int16 or 4 x 1 floats along k.
using block16 = block<16, 4>;
using block4 = block<4, 4>;

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

/// The same with only the blocks that are kept: group p of R output channels has blocks [first[p], first[p + 1]) of R
/// cells each, and block b multiplies cell cells[b] of k. Cells rise within a group; there are groups up to
/// round_up(n, 16) / R.
template <index R, index C>
struct panel_view<block<R, C>> {
  const std::byte* strips = nullptr;
  const std::int32_t* sums = nullptr;
  const std::uint32_t* first = nullptr;
  const std::uint16_t* cells = nullptr;
};
/// Output channels that are kept or dropped together; a panel for dense weights.
template <class Structure>
inline constexpr index group_of = strip_lanes;
template <index R, index C>
inline constexpr index group_of<block<R, C>> = R;
/// Whether packed weights are lists of the blocks that are kept.
template <class Structure>
inline constexpr bool is_listed = false;
template <index R, index C>
inline constexpr bool is_listed<block<R, C>> = true;
/// The greatest number of cells along k that lists of blocks can name.
inline constexpr index most_listed_cells = index{1} << 16;

/// Elements of W along k in one strip: those of a cell, 4-bit ones packed two in a byte.
template <class W>
inline constexpr index strip_depth = cell_bytes * 8 / bits_of<W>;

/// Elements of W along k that a kernel goes by, and what they take of a strip: a whole one, but halves one by one.
template <class W>
inline constexpr index step_depth = strip_depth<W>;
template <>
inline constexpr index step_depth<f16> = 1;
template <class W>
inline constexpr index step_bytes = strip_bytes* step_depth<W> / strip_depth<W>;

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

/// Writes R cells of channels [j, j + R) and elements [l, l + depth) of weights [n, k]; zeros beyond n and k.
template <index R = strip_lanes, class T>
void pack_strip(const matrix_view<const T>& weights, index j, index l, std::byte* strip) noexcept {
  std::memset(strip, 0, R * cell_bytes);
  const index lanes = weights.rows - j < R ? weights.rows - j : R;
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

/// Packs one panel of at most 16 channels of halves, weights [rows <= 16, k]: one element of each channel, then the
/// next one of each, two of k in a strip. Zeros complete the last one.
inline void pack_half_panel(const matrix_view<const half>& weights, std::byte* strips) noexcept {
  if (weights.columns == 0) return;  // strips may be null
  std::memset(strips, 0, static_cast<std::size_t>(strips_of<f16>(weights.columns) * strip_bytes));
  for (index l = 0; l < weights.columns; ++l, strips += step_bytes<f16>)
    for (index lane = 0; lane < weights.rows; ++lane)
      std::memcpy(strips + lane * index{sizeof(half)}, &weights(lane, l), sizeof(half));
}

/// Packs one panel of at most 16 channels of the range W, weights [rows <= 16, k], into strips_of<W>(k) strips.
template <class W>
void pack_panel_of(const matrix_view<const typename W::type>& weights, std::byte* strips) noexcept {
  if constexpr (bits_of<W> == 4) {
    for (index l = 0; l < weights.columns; l += strip_depth<W>, strips += strip_bytes)
      pack_nibble_strip(weights, l, strips);
  } else if constexpr (std::is_same_v<W, f16>) {
    pack_half_panel(weights, strips);
  } else {
    pack_panel(weights, strips);
  }
}

/// True if every weight of channels [j, j + R) and elements [l, l + depth) is zero: the block is dropped.
template <index R = strip_lanes, class T>
bool strip_is_zero(const matrix_view<const T>& weights, index j, index l) noexcept {
  const index last_channel = j + R < weights.rows ? j + R : weights.rows;
  const index last_element = l + cell_depth<T> < weights.columns ? l + cell_depth<T> : weights.columns;
  for (index channel = j; channel < last_channel; ++channel)
    for (index element = l; element < last_element; ++element)
      if (weights(channel, element) != T{0}) return false;
  return true;
}

/// How many blocks of the group of channels [j, j + R) are kept.
template <index R = strip_lanes, class T>
index kept_strips(const matrix_view<const T>& weights, index j = 0) noexcept {
  index kept = 0;
  for (index l = 0; l < weights.columns; l += cell_depth<T>) kept += !strip_is_zero<R>(weights, j, l);
  return kept;
}

/// Packs the kept blocks of the group of channels [j, j + R), and which cells of k they are: kept_strips() of each.
/// Pre: k has at most most_listed_cells.
template <index R = strip_lanes, class T>
void pack_kept(const matrix_view<const T>& weights, std::byte* strips, std::uint16_t* cells, index j = 0) noexcept {
  for (index l = 0; l < weights.columns; l += cell_depth<T>) {
    if (strip_is_zero<R>(weights, j, l)) continue;
    pack_strip<R>(weights, j, l, strips);
    *cells++ = static_cast<std::uint16_t>(l / cell_depth<T>);
    strips += R * cell_bytes;
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
