// avx512.hpp: 64-byte registers, maddubs and madd: CPUs that have AVX-512 without VNNI.
#pragma once

#include <cstring>
#include <limits>
#include <type_traits>

#include "../../core/cell.hpp"
#include "../../numeric/range.hpp"
#include "../features.hpp"

#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX512)
PARE_TARGET_BEGIN(PARE_FEATURES_avx512)
namespace pare::inline PARE_UNIT::avx512 {

#define PARE_OPAQUE(x) __asm__("" : "+v"(x))
#include "../avx512_registers.inl"

PARE_ALWAYS_INLINE i32_reg madd(i32_reg a, i32_reg w) { return (i32_reg)_mm512_madd_epi16((__m512i)a, (__m512i)w); }
PARE_ALWAYS_INLINE i32_reg maddubs(i32_reg a, i32_reg w) {
  return (i32_reg)_mm512_maddubs_epi16((__m512i)a, (__m512i)w);
}
PARE_ALWAYS_INLINE i32_reg absolute(i32_reg a) { return (i32_reg)_mm512_abs_epi8((__m512i)a); }
/// Where a is 0, w stays: it is multiplied by 0.
PARE_ALWAYS_INLINE i32_reg with_sign(i32_reg w, i32_reg a) {
  const __m512i zero{};
  return (i32_reg)_mm512_mask_sub_epi8((__m512i)w, _mm512_movepi8_mask((__m512i)a), zero, (__m512i)w);
}
PARE_ALWAYS_INLINE i32_reg low_bytes(i32_reg w) {
  return (i32_reg)_mm512_srai_epi16(_mm512_slli_epi16((__m512i)w, 8), 8);
}

/// Fewer bytes than a register has; the others are those of `others`.
PARE_ALWAYS_INLINE i32_reg load_some(const std::byte* p, index bytes, std::int32_t others) {
  const auto here = static_cast<__mmask64>((std::uint64_t{1} << bytes) - 1);
  return (i32_reg)_mm512_mask_loadu_epi8(_mm512_set1_epi32(others), here, p);
}
PARE_ALWAYS_INLINE std::int32_t sum_of_lanes(i32_reg x) {  // gcc 12 warns of an undefined value in its own reduction
  i32_half low, high;
  split<i32_half, i32_reg, 0>(x, low, half_sequence{});
  split<i32_half, i32_reg, half_lanes>(x, high, half_sequence{});
  const i32_half sum = low + high;
  std::int32_t all = 0;
  for (int i = 0; i < half_lanes; ++i) all += sum[i];
  return all;
}

#include "../x86_bytes.inl"

using dot_for_floats = dot_floats;
template <class A, class W>
using dot_by_vector = dot_for_bytes<A, W>;
#include "../tables.inl"
#include "../windows.inl"

}  // namespace pare::inline PARE_UNIT::avx512
PARE_TARGET_END
#undef PARE_OPAQUE
#endif
