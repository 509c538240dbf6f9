// avx512_vnni.hpp: 64-byte registers, vpdpbusd and vpdpwssd.
#pragma once

#include <cstring>
#include <limits>
#include <type_traits>

#include "../../core/cell.hpp"
#include "../features.hpp"

#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX512_VNNI)
PARE_TARGET_BEGIN(PARE_FEATURES_avx512_vnni)
namespace pare::inline PARE_UNIT::avx512_vnni {

#define PARE_OPAQUE(x) __asm__("" : "+v"(x))
#include "../avx512_registers.inl"

PARE_ALWAYS_INLINE i32_reg madd_add(i32_reg sum, i32_reg a, i32_reg w) {
  return (i32_reg)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)w);
}

#include "../dots.inl"

/// Every byte with its top bit flipped. One instruction that reads, broadcasts and flips; clang 14 would flip in a
/// general register and then broadcast.
PARE_ALWAYS_INLINE i32_reg broadcast_flipped(const std::byte* p, i32_reg flips) {
  using unaligned_word = std::int32_t __attribute__((aligned(1), may_alias));
  i32_reg flipped;
  __asm__("vpxord %2%{1to16%}, %1, %0" : "=v"(flipped) : "v"(flips), "m"(*reinterpret_cast<const unaligned_word*>(p)));
  return flipped;
}
PARE_ALWAYS_INLINE void copy_flipped(std::byte* to, const std::byte* from, index bytes) {
  const __mmask64 some = bytes >= register_bytes ? ~__mmask64{} : (__mmask64{1} << bytes) - 1;
  _mm512_store_si512(to, _mm512_xor_si512(_mm512_maskz_loadu_epi8(some, from), _mm512_set1_epi8(-128)));
}
PARE_ALWAYS_INLINE i32_reg dpbusd(i32_reg sum, i32_reg a, i32_reg w) {
  return (i32_reg)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)w);
}
/// Only for calls that avx512_vbmi runs: its intrinsic would not compile here.
PARE_ALWAYS_INLINE i32_reg pick_of_line(i32_reg line, i32_reg places) {
  i32_reg picked;
  __asm__("vpermb %1, %2, %0" : "=v"(picked) : "v"(line), "v"(places));
  return picked;
}

#include "../vnni_bytes.inl"

#include "../tables.inl"
#include "../windows.inl"

}  // namespace pare::inline PARE_UNIT::avx512_vnni
PARE_TARGET_END
#undef PARE_OPAQUE
#endif
