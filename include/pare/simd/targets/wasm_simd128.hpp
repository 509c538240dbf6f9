// wasm_simd128.hpp: WebAssembly with 128-bit registers: bytes are split into even and odd ones, whose products
// i32x4.dot_i16x8_s adds in pairs.
#pragma once

#include <cstring>

#include "../../core/cell.hpp"
#include "../features.hpp"

#if PARE_WASM
PARE_TARGET_BEGIN(PARE_FEATURES_wasm_simd128)
#define PARE_OPAQUE(x) __asm__("" : "+r"(x))
namespace pare::inline PARE_UNIT::wasm_simd128 {

inline constexpr int registers = 32;  // Arm's; larger tiles are faster on x86, too, though some sums leave its 16
inline constexpr bool fuses = false;
inline constexpr int madd_scratch = 1;
inline constexpr bool cells_first = false;
inline constexpr int register_bytes = 16;
#include "../registers.inl"

PARE_ALWAYS_INLINE i32_reg to_int(f32_reg x) {
  return (i32_reg)wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest((v128_t)x));
}
PARE_ALWAYS_INLINE void stream_16_bytes(std::byte* p, const std::byte* from) { std::memcpy(p, from, 16); }
PARE_ALWAYS_INLINE void stream_register(float* p, f32_reg x) { wasm_v128_store(p, (v128_t)x); }
using q31_factor = i32_reg;
PARE_ALWAYS_INLINE i32_reg mul_q31(i32_reg a, i32_reg b) {
  const v128_t half = wasm_i64x2_const_splat(std::int64_t{1} << 30);
  const v128_t low = wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4((v128_t)a, (v128_t)b), half);
  const v128_t high = wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4((v128_t)a, (v128_t)b), half);
  return (i32_reg)wasm_i32x4_shuffle(wasm_u64x2_shr(low, 31), wasm_u64x2_shr(high, 31), 0, 2, 4, 6);
}
// One register of codes of 8 or 16 bits.
PARE_ALWAYS_INLINE void widen_codes(const std::int16_t* p, i32_reg& x) { x = (i32_reg)wasm_i32x4_load16x4(p); }
PARE_ALWAYS_INLINE void widen_codes(const std::uint16_t* p, i32_reg& x) { x = (i32_reg)wasm_u32x4_load16x4(p); }
PARE_ALWAYS_INLINE void widen_codes(const std::int8_t* p, i32_reg& x) {
  x = (i32_reg)wasm_i32x4_extend_low_i16x8(wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(p)));
}
PARE_ALWAYS_INLINE void widen_codes(const std::uint8_t* p, i32_reg& x) {
  x = (i32_reg)wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(p)));
}
PARE_ALWAYS_INLINE i32_reg load_widened(const std::byte* p) { return (i32_reg)wasm_i16x8_load8x8(p); }
PARE_ALWAYS_INLINE i32_reg broadcast_4(const std::byte* p) { return (i32_reg)wasm_v128_load32_splat(p); }
PARE_ALWAYS_INLINE i32_reg broadcast_8(const std::byte* p) { return (i32_reg)wasm_v128_load64_splat(p); }
PARE_ALWAYS_INLINE i32_reg broadcast_16(const std::byte* p) { return load_register(p); }
/// Places outside [0, 16) pick 0.
PARE_ALWAYS_INLINE i32_reg low_places(i32_reg places) { return places & 0x0f0f0f0f; }
PARE_ALWAYS_INLINE i32_reg table_places(i32_reg places, int t) {
  return (i32_reg)wasm_i8x16_sub((v128_t)places, wasm_i8x16_splat(static_cast<std::int8_t>(16 * t)));
}
PARE_ALWAYS_INLINE i32_reg pick_bytes(i32_reg table, i32_reg places) {
  return (i32_reg)wasm_i8x16_swizzle((v128_t)table, (v128_t)places);
}
PARE_ALWAYS_INLINE i32_reg madd(i32_reg a, i32_reg w) { return (i32_reg)wasm_i32x4_dot_i16x8((v128_t)a, (v128_t)w); }
PARE_ALWAYS_INLINE i32_reg low_bytes(i32_reg w) { return (i32_reg)wasm_i16x8_shr(wasm_i16x8_shl((v128_t)w, 8), 8); }
PARE_ALWAYS_INLINE i32_reg high_bytes(i32_reg w) { return (i32_reg)wasm_i16x8_shr((v128_t)w, 8); }
PARE_ALWAYS_INLINE f32_reg fma_add(f32_reg sum, f32_reg a, f32_reg w) { return sum + a * w; }
PARE_ALWAYS_INLINE i32_reg pairwise_sum(i32_reg a, i32_reg b) {
  return (i32_reg)wasm_i32x4_add(wasm_i32x4_shuffle((v128_t)a, (v128_t)b, 0, 2, 4, 6),
                                 wasm_i32x4_shuffle((v128_t)a, (v128_t)b, 1, 3, 5, 7));
}

#include "../lanes.inl"

#include "../halves.inl"

#include "../madd_bytes.inl"

PARE_ALWAYS_INLINE v128_t to_halves(i32_reg low, i32_reg high) {
  return wasm_i16x8_narrow_i32x4((v128_t)low, (v128_t)high);
}
PARE_ALWAYS_INLINE void store_codes(std::int16_t* p, const i32x16& x) {
  wasm_v128_store(p, to_halves(x.r[0], x.r[1]));
  wasm_v128_store(p + 8, to_halves(x.r[2], x.r[3]));
}
PARE_ALWAYS_INLINE void store_codes(std::int8_t* p, const i32x16& x) {
  wasm_v128_store(p, wasm_i8x16_narrow_i16x8(to_halves(x.r[0], x.r[1]), to_halves(x.r[2], x.r[3])));
}
PARE_ALWAYS_INLINE void store_codes(std::uint8_t* p, const i32x16& x) {
  wasm_v128_store(p, wasm_u8x16_narrow_i16x8(to_halves(x.r[0], x.r[1]), to_halves(x.r[2], x.r[3])));
}

/// Signed bytes x 4 bits: even and odd bytes of both cells of a row, by those of both halves of the weights.
struct dot_nibbles : nibble_strip {
  using bytes = dot_full_bytes<true>;
  struct part {
    bytes::part low, high;
  };
  struct cell {
    bytes::cell first, second;
  };
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    const auto both = (u32_reg)load_register(strip + Part * register_bytes);
    const auto nibble = [&](int shift) { return (i32_reg)(both >> shift & 0x000f000f); };
    return {{nibble(0), nibble(8)}, {nibble(4), nibble(12)}};
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) {
    return {bytes::broadcast(p), bytes::broadcast(p + cell_bytes)};
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    bytes::mul_add<Part>(sum, a.first, w.low);
    bytes::mul_add<Part>(sum, a.second, w.high);
  }
};

template <class A, class W>
using dot_for_bytes = dot_full_bytes<(A::min < 0)>;

using dot_for_floats = dot_floats;

template <class A, class W>
using dot_by_vector = dot_for_bytes<A, W>;
#include "../tables.inl"
#include "../windows.inl"

}  // namespace pare::inline PARE_UNIT::wasm_simd128
#undef PARE_OPAQUE
PARE_TARGET_END
#endif
