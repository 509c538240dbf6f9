// avx2.hpp: 32-byte registers, maddubs and madd: a strip is two registers.
#pragma once

#include <cstring>
#include <type_traits>

#include "../../core/cell.hpp"
#include "../../numeric/range.hpp"
#include "../features.hpp"

#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX2)
PARE_TARGET_BEGIN(PARE_FEATURES_avx2)
namespace pare::inline PARE_UNIT::avx2 {

#define PARE_OPAQUE(x) __asm__("" : "+x"(x))
#include "../avx2_registers.inl"

PARE_ALWAYS_INLINE i32_reg madd(i32_reg a, i32_reg w) { return (i32_reg)_mm256_madd_epi16((__m256i)a, (__m256i)w); }
PARE_ALWAYS_INLINE i32_reg maddubs(i32_reg a, i32_reg w) {
  return (i32_reg)_mm256_maddubs_epi16((__m256i)a, (__m256i)w);
}
PARE_ALWAYS_INLINE i32_reg absolute(i32_reg a) { return (i32_reg)_mm256_abs_epi8((__m256i)a); }
PARE_ALWAYS_INLINE i32_reg with_sign(i32_reg w, i32_reg a) { return (i32_reg)_mm256_sign_epi8((__m256i)w, (__m256i)a); }
PARE_ALWAYS_INLINE i32_reg low_bytes(i32_reg w) {
  return (i32_reg)_mm256_srai_epi16(_mm256_slli_epi16((__m256i)w, 8), 8);
}
/// Fewer bytes than a register has; the others are those of `others`.
PARE_ALWAYS_INLINE i32_reg load_some(const std::byte* p, index bytes, std::int32_t others) {
  const i32_reg cells = i32_reg{0, 1, 2, 3, 4, 5, 6, 7}, whole = i32_reg{} + static_cast<std::int32_t>(bytes / 4);
  const i32_reg here = cells < whole;
  i32_reg x = (i32_reg)_mm256_maskload_epi32(reinterpret_cast<const int*>(p), (__m256i)here) | (~here & others);
  if (bytes % 4 != 0) {
    std::int32_t last = others;
    std::memcpy(&last, p + bytes / 4 * 4, static_cast<std::size_t>(bytes % 4));
    x = cells == whole ? i32_reg{} + last : x;
  }
  return x;
}
PARE_ALWAYS_INLINE std::int32_t sum_of_lanes(i32_reg x) {
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128((__m256i)x), _mm256_extracti128_si256((__m256i)x, 1));
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

#include "../x86_bytes.inl"

using dot_for_floats = dot_floats;
template <class A, class W>
using dot_by_vector = dot_for_bytes<A, W>;
#include "../tables.inl"
#include "../windows.inl"

}  // namespace pare::inline PARE_UNIT::avx2
PARE_TARGET_END
#undef PARE_OPAQUE
#endif
