// avx_vnni.hpp: AVX2's registers with vpdpbusd and vpdpwssd: CPUs that have them without AVX-512.
#pragma once

#include <cstring>
#include <type_traits>

#include "../../core/cell.hpp"
#include "../features.hpp"

#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX_VNNI)
PARE_TARGET_BEGIN(PARE_FEATURES_avx_vnni)
namespace pare::inline PARE_UNIT::avx_vnni {

#define PARE_OPAQUE(x) __asm__("" : "+x"(x))
#include "../avx2_registers.inl"

PARE_ALWAYS_INLINE i32_reg madd_add(i32_reg sum, i32_reg a, i32_reg w) {
  return (i32_reg)_mm256_dpwssd_avx_epi32((__m256i)sum, (__m256i)a, (__m256i)w);
}
PARE_ALWAYS_INLINE i32_reg dpbusd(i32_reg sum, i32_reg a, i32_reg w) {
  return (i32_reg)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)a, (__m256i)w);
}
PARE_ALWAYS_INLINE i32_reg broadcast_flipped(const std::byte* p, i32_reg flips) { return broadcast_4(p) ^ flips; }
PARE_ALWAYS_INLINE void copy_flipped(std::byte* to, const std::byte* from, index bytes) {
  __m256i cells;
  if (bytes >= register_bytes) {
    cells = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  } else {
    const __m256i lane = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    const __m256i some = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(bytes)), lane);
    cells = _mm256_maskload_epi32(reinterpret_cast<const int*>(from), some);
  }
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), _mm256_xor_si256(cells, _mm256_set1_epi8(-128)));
}

#include "../dots.inl"

#include "../vnni_bytes.inl"

#include "../tables.inl"
#include "../windows.inl"

}  // namespace pare::inline PARE_UNIT::avx_vnni
PARE_TARGET_END
#undef PARE_OPAQUE
#endif
