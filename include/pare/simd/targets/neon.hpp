// neon.hpp: Armv8-A without extensions: smull, smlal and sadalp straight from the strips.
#pragma once

#include <cstring>

#include "../../core/cell.hpp"
#include "../../core/standard.hpp"
#include "../features.hpp"

#if PARE_ARM && (PARE_TARGETS & PARE_TARGET_BIT_NEON)
PARE_TARGET_BEGIN(PARE_FEATURES_neon)
#define PARE_OPAQUE(x) __asm__("" : "+w"(x))
namespace pare::inline PARE_UNIT::neon {

#include "../neon_registers.inl"

/// Both sides 8 bits; two lanes per channel. Unsigned activations enter as x - 128.
template <bool Signed>
struct dot_bytes : plain_dot<4> {
  static constexpr std::int32_t offset = Signed ? 0 : -128;
  static constexpr int scratch = 7;
  using acc = paired_sums;
  static PARE_ALWAYS_INLINE i32_reg as_cell(i32_reg x) {
    return Signed ? x : (i32_reg)veorq_s8((int8x16_t)x, vdupq_n_s8(-128));
  }
  static PARE_ALWAYS_INLINE i32_reg broadcast(const std::byte* p) { return as_cell(broadcast_4(p)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, i32_reg a, i32_reg w) {
    const int16x8_t low = vmull_s8(vget_low_s8((int8x16_t)a), vget_low_s8((int8x16_t)w));
    add(sum, Part, low, vmull_high_s8((int8x16_t)a, (int8x16_t)w));
  }
  static PARE_ALWAYS_INLINE void add(acc& sum, int part, int16x8_t low, int16x8_t high) {
    sum.r[2 * part] = (i32_reg)vpadalq_s16((int32x4_t)sum.r[2 * part], low);
    sum.r[2 * part + 1] = (i32_reg)vpadalq_s16((int32x4_t)sum.r[2 * part + 1], high);
  }
  static PARE_ALWAYS_INLINE i32x16 result(const acc& sum) { return add_pairs(sum); }
};

/// Weights >= -127: the products of two strips fit int16 together, which saves every other sadalp.
template <bool Signed>
struct dot_narrow_bytes : dot_bytes<Signed> {
  static constexpr int strips = 2;
  using single = dot_bytes<Signed>;
  /// The same four channels, or the same row, in two consecutive cells.
  struct part {
    i32_reg first, second;
  };
  using cell = part;
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    return {single::template load<Part>(strip), single::template load<Part>(strip + strip_bytes)};
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) {
    return {single::broadcast(p), single::broadcast(p + cell_bytes)};
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(paired_sums& sum, const cell& a, const part& w) {
    const auto a0 = (int8x16_t)a.first, a1 = (int8x16_t)a.second, w0 = (int8x16_t)w.first, w1 = (int8x16_t)w.second;
    const int16x8_t low = vmlal_s8(vmull_s8(vget_low_s8(a0), vget_low_s8(w0)), vget_low_s8(a1), vget_low_s8(w1));
    single::add(sum, Part, low, vmlal_high_s8(vmull_high_s8(a0, w0), a1, w1));
  }
};

/// Signed bytes x 4 bits: as two strips of narrow weights.
struct dot_nibbles : nibble_strip {
  static constexpr int scratch = 7;
  using acc = paired_sums;
  using cell = dot_narrow_bytes<true>::cell;
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return dot_narrow_bytes<true>::broadcast(p); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    dot_narrow_bytes<true>::mul_add<Part>(sum, a, {w.low, w.high});
  }
  static PARE_ALWAYS_INLINE i32x16 result(const acc& sum) { return add_pairs(sum); }
};

template <class A, class W>
using dot_for_bytes = std::conditional_t<(W::min >= -127), dot_narrow_bytes<(A::min < 0)>, dot_bytes<(A::min < 0)>>;

template <class A, class W>
using dot_by_vector = dot_bytes<(A::min < 0)>;
#include "../neon_tables.inl"
#include "../windows.inl"

#include "../neon_windows.inl"

/// Two windows at a time whose places are the same in all lanes, for weights >= -127.
template <bool Signed, int Depth>
struct dot_picked_pairs : dot_narrow_bytes<Signed> {
  using single = dot_picked<picked_bytes<dot_bytes<Signed>>, Depth>;
  static constexpr int scratch = single::scratch + single::tables;
  struct picker {
    typename single::picker first, second;
    explicit PARE_ALWAYS_INLINE picker(const std::byte* from) : first(from), second(from + cell_bytes) {}
    PARE_ALWAYS_INLINE auto broadcast(const std::byte* p) const {
      return typename dot_narrow_bytes<Signed>::cell{first.broadcast(p).of[0], second.broadcast(p + Depth).of[0]};
    }
  };
};
template <class A, class W, int Depth>
requires(sizeof(typename A::type) == 1 && W::min >= -127) struct choose_windows<A, W, Depth, true, false> {
  using type = dot_picked_pairs<(A::min < 0), Depth>;
};

}  // namespace pare::inline PARE_UNIT::neon
#undef PARE_OPAQUE
PARE_TARGET_END
#endif
