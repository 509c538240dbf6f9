// convert.hpp: quantizing, dequantizing and both at once over consecutive elements of raw memory, on any target.
//
// A call does a piece of a tensor; nothing is allocated, nothing throws. Results are those of quantize_value and
// dequantize_value, the same bits on every target. The loops are in convert.inl.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "../numeric/affine.hpp"
#include "../simd/targets.hpp"
#include "read.hpp"

namespace pare {

/// The maps of a piece: one for each `run` elements, or lists of `run` maps, one for each element, over and over.
struct piece_maps {
  const affine_map* shared = nullptr;
  const float* scales = nullptr;                  ///< [run] if shared is null
  const std::int32_t* zero_points = nullptr;      ///< [run] if shared is null and not all are 0 by type
  const float* reciprocals = nullptr;             ///< [run] of the scales, if shared is null
  index run = std::numeric_limits<index>::max();  ///< a multiple of 16 if shorter than the piece
  index begun = 0;                                ///< elements of the first run that lie before the piece
  bool moderate = false;                          ///< are all scales known to be in [2^-60, 2^60]?

  /// To the maps of what follows the next `count` elements.
  void advance(index count) noexcept {
    if (shared != nullptr) shared += (begun + count) / run;
    begun = (begun + count) % run;
  }
};

/// Codes that a kernel knows: 8 or 16 bits.
template <class R>
concept KernelRange = IntegerRange<R> && sizeof(typename R::type) <= 2;

/// Roundings that a kernel knows; others are applied number by number above this layer.
template <class Round>
concept KernelRounding =
    std::is_same_v<Round, half_even> || std::is_same_v<Round, half_away> || std::is_same_v<Round, toward_zero> ||
    std::is_same_v<Round, upward> || std::is_same_v<Round, downward> || std::is_same_v<Round, stochastic>;

/// out[i] = quantize_value(in[i]), the position of element i being `position` + i. Centered: all zero points are 0. In:
/// consecutive floats, or computed ones, arithmetic_rows.
/// Pre, for all pieces: the maps are valid for R; out does not overlap in, but may be in if the types are the same;
/// count is a multiple of 16 if In is arithmetic_rows.
template <KernelRange R, KernelRounding Round, Stepping Steps, bool Centered = false, class In = const float*>
struct quantize_piece {
  static constexpr bool divides = std::is_same_v<Steps, divided>;
  template <class I>
  quantize_piece<R, Round, Steps, Centered, I> reading(const I& from) const noexcept {
    return {from, out, count, maps, position, rounding, stream};
  }

  In in;
  typename R::type* out;
  index count;
  piece_maps maps;
  std::uint64_t position;
  Round rounding;
  bool stream;  ///< write past the caches; then out is aligned to 16 bytes
};

/// out[i] = dequantize_value(in[i]).
template <KernelRange R, bool Centered = false>
struct dequantize_piece {
  static constexpr bool divides = false;
  const typename R::type* in;
  float* out;
  index count;
  piece_maps maps;
  std::uint64_t position;  ///< has no effect
  bool stream;             ///< write past the caches; then out is aligned to 16 bytes
};

/// out[i] = dequantize_value(quantize_value(in[i])).
template <KernelRange R, KernelRounding Round, Stepping Steps, bool Centered = false, class In = const float*>
struct fake_quantize_piece {
  static constexpr bool divides = std::is_same_v<Steps, divided>;
  template <class I>
  fake_quantize_piece<R, Round, Steps, Centered, I> reading(const I& from) const noexcept {
    return {from, out, count, maps, position, rounding, stream};
  }

  In in;
  float* out;
  index count;
  piece_maps maps;
  std::uint64_t position;
  Round rounding;
  bool stream;  ///< write past the caches; then out is aligned to 16 bytes
};

}  // namespace pare

#define PARE_KERNEL_FILE "../kernel/convert.inl"
#include "../simd/for_each_target.inc"

namespace pare::inline PARE_UNIT {

template <class Piece>
using piece_kernel = void (*)(const Piece&) noexcept;

/// The kernel for pieces of this type on target `t`, to be called as often as one likes. Pre: available(t).
template <class Piece>
piece_kernel<Piece> kernel_for(target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return &name::run_piece;
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
      return nullptr;
  }
}

}  // namespace pare::inline PARE_UNIT
