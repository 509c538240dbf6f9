// avx2.hpp: 32-byte registers, maddubs and madd: a strip is two registers.
#pragma once

#include <cstring>

#include "../../core/cell.hpp"
#include "../../numeric/range.hpp"
#include "../features.hpp"

#if PARE_X86
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

#include "../x86_bytes.inl"

using dot_for_floats = dot_floats;
template <class A, class W>
using dot_by_vector = dot_for_bytes<A, W>;
#include "../windows.inl"

}  // namespace pare::inline PARE_UNIT::avx2
PARE_TARGET_END
#undef PARE_OPAQUE
#endif
