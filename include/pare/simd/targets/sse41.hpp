// sse41.hpp: 16-byte registers, maddubs and madd: a strip is four registers.
#pragma once

#include <cstring>

#include "../../core/cell.hpp"
#include "../../numeric/range.hpp"
#include "../features.hpp"

#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_SSE41)
PARE_TARGET_BEGIN(PARE_FEATURES_sse41)
namespace pare::inline PARE_UNIT::sse41 {

inline constexpr int registers = 16;
inline constexpr bool fuses = false;
inline constexpr int madd_scratch = 1;
inline constexpr bool cells_first = false;
inline constexpr int register_bytes = 16;
#include "../registers.inl"

#define PARE_OPAQUE(x) __asm__("" : "+x"(x))
PARE_ALWAYS_INLINE i32_reg to_int(f32_reg x) { return (i32_reg)_mm_cvtps_epi32((__m128)x); }
PARE_ALWAYS_INLINE void stream_16_bytes(std::byte* p, const std::byte* from) {
  _mm_stream_si128(reinterpret_cast<__m128i*>(p), _mm_load_si128(reinterpret_cast<const __m128i*>(from)));
}
PARE_ALWAYS_INLINE void stream_register(float* p, f32_reg x) { _mm_stream_ps(p, (__m128)x); }
PARE_ALWAYS_INLINE i64_reg mul_even(i32_reg a, i32_reg b) { return (i64_reg)_mm_mul_epi32((__m128i)a, (__m128i)b); }
PARE_ALWAYS_INLINE i32_reg join_words(i32_reg even, i32_reg odd) {
  return (i32_reg)_mm_blend_epi16((__m128i)even, (__m128i)odd, 0xcc);
}
#include "../q31_by_words.inl"

// One register of codes of 8 or 16 bits.
PARE_ALWAYS_INLINE __m128i four_bytes(const void* p) {
  std::int32_t four;
  std::memcpy(&four, p, sizeof four);
  return _mm_cvtsi32_si128(four);
}
PARE_ALWAYS_INLINE void widen_codes(const std::int8_t* p, i32_reg& x) { x = (i32_reg)_mm_cvtepi8_epi32(four_bytes(p)); }
PARE_ALWAYS_INLINE void widen_codes(const std::uint8_t* p, i32_reg& x) {
  x = (i32_reg)_mm_cvtepu8_epi32(four_bytes(p));
}
PARE_ALWAYS_INLINE void widen_codes(const std::int16_t* p, i32_reg& x) {
  x = (i32_reg)_mm_cvtepi16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE void widen_codes(const std::uint16_t* p, i32_reg& x) {
  x = (i32_reg)_mm_cvtepu16_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE i32_reg load_widened(const std::byte* p) {
  return (i32_reg)_mm_cvtepi8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE i32_reg broadcast_4(const std::byte* p) {
  std::int32_t four;
  std::memcpy(&four, p, sizeof four);
  return (i32_reg)_mm_set1_epi32(four);
}
PARE_ALWAYS_INLINE i32_reg broadcast_8(const std::byte* p) {
  long long eight;
  std::memcpy(&eight, p, sizeof eight);
  return (i32_reg)_mm_set1_epi64x(eight);
}
PARE_ALWAYS_INLINE i32_reg madd(i32_reg a, i32_reg w) { return (i32_reg)_mm_madd_epi16((__m128i)a, (__m128i)w); }
PARE_ALWAYS_INLINE i32_reg maddubs(i32_reg a, i32_reg w) { return (i32_reg)_mm_maddubs_epi16((__m128i)a, (__m128i)w); }
PARE_ALWAYS_INLINE i32_reg absolute(i32_reg a) { return (i32_reg)_mm_abs_epi8((__m128i)a); }
PARE_ALWAYS_INLINE i32_reg with_sign(i32_reg w, i32_reg a) { return (i32_reg)_mm_sign_epi8((__m128i)w, (__m128i)a); }
PARE_ALWAYS_INLINE i32_reg low_bytes(i32_reg w) { return (i32_reg)_mm_srai_epi16(_mm_slli_epi16((__m128i)w, 8), 8); }
PARE_ALWAYS_INLINE i32_reg high_bytes(i32_reg w) { return (i32_reg)_mm_srai_epi16((__m128i)w, 8); }
PARE_ALWAYS_INLINE f32_reg fma_add(f32_reg sum, f32_reg a, f32_reg w) { return sum + a * w; }
PARE_ALWAYS_INLINE i32_reg pairwise_sum(i32_reg a, i32_reg b) {
  return (i32_reg)_mm_hadd_epi32((__m128i)a, (__m128i)b);
}

/// Fewer bytes than a register has; the others are those of `others`.
PARE_ALWAYS_INLINE i32_reg load_some(const std::byte* p, index bytes, std::int32_t others) {
  i32_reg x = i32_reg{} + others;
  std::memcpy(&x, p, static_cast<std::size_t>(bytes));
  return x;
}
PARE_ALWAYS_INLINE std::int32_t sum_of_lanes(i32_reg x) {
  const i32_reg two = pairwise_sum(x, x);
  return pairwise_sum(two, two)[0];
}

#include "../lanes.inl"

#include "../halves.inl"

#include "../x86_bytes.inl"

PARE_ALWAYS_INLINE void store_codes(std::int16_t* p, const i32x16& x) {
  PARE_UNROLL for (int i = 0; i < 2; ++i) _mm_storeu_si128(
      reinterpret_cast<__m128i*>(p + 8 * i), _mm_packs_epi32((__m128i)x.r[2 * i], (__m128i)x.r[2 * i + 1]));
}
PARE_ALWAYS_INLINE void store_codes(std::uint8_t* p, const i32x16& x) {
  const __m128i low = _mm_packus_epi32((__m128i)(x.r[0] & 0xff), (__m128i)(x.r[1] & 0xff));
  const __m128i high = _mm_packus_epi32((__m128i)(x.r[2] & 0xff), (__m128i)(x.r[3] & 0xff));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(low, high));
}
PARE_ALWAYS_INLINE void store_codes(std::int8_t* p, const i32x16& x) {
  store_codes(reinterpret_cast<std::uint8_t*>(p), x);
}

using dot_for_floats = dot_floats;

PARE_ALWAYS_INLINE i32_reg broadcast_16(const std::byte* p) { return load_register(p); }
PARE_ALWAYS_INLINE i32_reg low_places(i32_reg places) { return places; }  // the shuffle reads their low 4 bits
PARE_ALWAYS_INLINE i32_reg table_places(i32_reg places, int t) {
  const __m128i less = _mm_sub_epi8((__m128i)places, _mm_set1_epi8(static_cast<char>(16 * t)));
  return (i32_reg)_mm_adds_epu8(less, _mm_set1_epi8(0x70));  // the top bit is set for all but 0 to 15
}
PARE_ALWAYS_INLINE i32_reg pick_bytes(i32_reg table, i32_reg places) {
  return (i32_reg)_mm_shuffle_epi8((__m128i)table, (__m128i)places);
}
template <class A, class W>
using dot_by_vector = dot_for_bytes<A, W>;
#include "../tables.inl"
#include "../windows.inl"

}  // namespace pare::inline PARE_UNIT::sse41
PARE_TARGET_END
#undef PARE_OPAQUE
#endif
