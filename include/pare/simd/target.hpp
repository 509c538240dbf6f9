// target.hpp: the instruction sets that kernels are generated for, and which of them this CPU has.
#pragma once

#include <array>
#include <string_view>

#include "../core/error.hpp"
#include "arm_cpu.hpp"
#include "fetch.hpp"
#include "units.hpp"
#if PARE_X86
#include <cpuid.h>
#endif

// The targets of this architecture, worst first: PARE_FOR_EACH_TARGET(X) expands X(name) for each that is compiled in.
// Each X_IF macro is its argument when the target is wanted, nothing when PARE_TARGETS leaves it out.
#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_SSE41)
#define PARE_IF_SSE41(X) X(sse41)
#else
#define PARE_IF_SSE41(X)
#endif
#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX2)
#define PARE_IF_AVX2(X) X(avx2)
#else
#define PARE_IF_AVX2(X)
#endif
#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX_VNNI)
#define PARE_IF_AVX_VNNI(X) X(avx_vnni)
#else
#define PARE_IF_AVX_VNNI(X)
#endif
#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX512)
#define PARE_IF_AVX512(X) X(avx512)
#else
#define PARE_IF_AVX512(X)
#endif
#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX512_VNNI)
#define PARE_IF_AVX512_VNNI(X) X(avx512_vnni)
#else
#define PARE_IF_AVX512_VNNI(X)
#endif
#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX512_VNNI) && (PARE_TARGETS & PARE_TARGET_BIT_AVX512_VBMI)
#define PARE_IF_AVX512_VBMI(X) X(avx512_vbmi)
#else
#define PARE_IF_AVX512_VBMI(X)
#endif
#if PARE_ARM && (PARE_TARGETS & PARE_TARGET_BIT_NEON)
#define PARE_IF_NEON(X) X(neon)
#else
#define PARE_IF_NEON(X)
#endif
#if PARE_ARM && (PARE_TARGETS & PARE_TARGET_BIT_NEON_DOTPROD)
#define PARE_IF_NEON_DOTPROD(X) X(neon_dotprod)
#else
#define PARE_IF_NEON_DOTPROD(X)
#endif
#if PARE_ARM && (PARE_TARGETS & PARE_TARGET_BIT_NEON_DOTPROD) && (PARE_TARGETS & PARE_TARGET_BIT_NEON_A55)
#define PARE_IF_NEON_A55(X) X(neon_a55)
#else
#define PARE_IF_NEON_A55(X)
#endif
#if PARE_ARM && (PARE_TARGETS & PARE_TARGET_BIT_NEON_DOTPROD) && (PARE_TARGETS & PARE_TARGET_BIT_NEON_I8MM)
#define PARE_HAS_NEON_I8MM 1
#define PARE_IF_NEON_I8MM(X) X(neon_i8mm)
#else
#define PARE_HAS_NEON_I8MM 0
#define PARE_IF_NEON_I8MM(X)
#endif
/// The targets that multiply weights in pairs of strips.
#define PARE_FOR_EACH_PAIR_TARGET(X) PARE_IF_NEON_I8MM(X)
#if PARE_WASM && (PARE_TARGETS & PARE_TARGET_BIT_WASM_SIMD128)
#define PARE_IF_WASM_SIMD128(X) X(wasm_simd128)
#else
#define PARE_IF_WASM_SIMD128(X)
#endif
#define PARE_FOR_EACH_TARGET(X) \
  X(scalar)                     \
  PARE_IF_SSE41(X)              \
  PARE_IF_AVX2(X)               \
  PARE_IF_AVX_VNNI(X)           \
  PARE_IF_AVX512(X)             \
  PARE_IF_AVX512_VNNI(X)        \
  PARE_IF_NEON(X)               \
  PARE_IF_NEON_DOTPROD(X)       \
  PARE_IF_AVX512_VBMI(X)        \
  PARE_IF_NEON_A55(X) PARE_IF_NEON_I8MM(X) PARE_IF_WASM_SIMD128(X)

namespace pare {

/// Every instruction set the library knows, on any architecture. Its number is that of its bit in PARE_TARGETS.
enum class target {
  scalar,
  sse41,
  avx2,
  avx_vnni,
  avx512_vnni,
  neon,
  neon_dotprod,
  avx512_vbmi,
  neon_a55,
  neon_i8mm,
  wasm_simd128,
  avx512
};

inline constexpr std::array all_targets{target::scalar,   target::sse41,        target::avx2,
                                        target::avx_vnni, target::avx512,       target::avx512_vnni,
                                        target::neon,     target::neon_dotprod, target::avx512_vbmi,
                                        target::neon_a55, target::neon_i8mm,    target::wasm_simd128};

constexpr std::string_view name(target t) noexcept {
  constexpr std::string_view names[] = {"scalar",      "sse4.1",    "avx2",         "avx-vnni",
                                        "avx512-vnni", "neon",      "neon-dotprod", "avx512-vbmi",
                                        "neon-a55",    "neon-i8mm", "wasm-simd128", "avx512"};
  return names[static_cast<int>(t)];
}

inline namespace PARE_UNIT {

/// True if kernels for `t` are part of this unit (architecture and PARE_TARGETS).
constexpr bool compiled_in(target t) noexcept {
#define PARE_IS(target_name) \
  if (t == target::target_name) return true;
  PARE_FOR_EACH_TARGET(PARE_IS)
#undef PARE_IS
  return false;
}

namespace cpu {

#if PARE_X86
/// __builtin_cpu_supports of clang 14 does not know it: CPUID leaf 7, subleaf 1, EAX bit 4. Asked once: virtual
/// machines take microseconds to answer.
inline bool cpu_has_avx_vnni() noexcept {
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 4 & 1) != 0;
  }();
  return has;
}
/// Nor this one: leaf 1, ECX bit 29. What lets AVX2 run lets it run.
inline bool cpu_has_f16c() noexcept {
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c >> 29 & 1) != 0;
  }();
  return has;
}
inline bool cpu_has(target t) noexcept {
  switch (t) {
    case target::scalar:
      return true;
    case target::sse41:
      return !!__builtin_cpu_supports("sse4.1");
    case target::avx2:
      return !!__builtin_cpu_supports("avx2") && !!__builtin_cpu_supports("fma") && cpu_has_f16c();
    case target::avx_vnni:
      return cpu_has(target::avx2) && cpu_has_avx_vnni();
    case target::avx512:
      return !!__builtin_cpu_supports("avx512f") && !!__builtin_cpu_supports("avx512bw") &&
             !!__builtin_cpu_supports("avx512vl") && !!__builtin_cpu_supports("avx512dq");
    case target::avx512_vnni:
      return cpu_has(target::avx512) && !!__builtin_cpu_supports("avx512vnni");
    case target::avx512_vbmi:
      return cpu_has(target::avx512_vnni) && !!__builtin_cpu_supports("avx512vbmi");
    default:
      return false;
  }
}
#elif PARE_ARM
inline bool cpu_has(target t) noexcept {
  switch (t) {
    case target::scalar:
    case target::neon:
      return true;
    case target::neon_dotprod:
    case target::neon_a55:
      return has_dotprod();
    case target::neon_i8mm:
      return has_dotprod() && has_i8mm();
    default:
      return false;
  }
}
#else
inline bool cpu_has(target t) noexcept { return t == target::scalar || (PARE_WASM && t == target::wasm_simd128); }
#endif

/// The target that the unit's own flags promise: nothing needs to be asked at run time if it is the best there is.
constexpr target promised() noexcept {
#if defined(__AVX512VNNI__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
#if defined(__AVX512VBMI__)
  if constexpr (compiled_in(target::avx512_vbmi)) return target::avx512_vbmi;
#endif
  return target::avx512_vnni;
#elif defined(__ARM_FEATURE_DOTPROD) && defined(__ARM_FEATURE_MATMUL_INT8)
  return compiled_in(target::neon_i8mm) ? target::neon_i8mm : target::neon_dotprod;
#elif defined(__ARM_FEATURE_DOTPROD)
  return compiled_in(target::neon_i8mm) || compiled_in(target::neon_a55) ? target::scalar : target::neon_dotprod;
#elif PARE_WASM
  return target::wasm_simd128;
#else
  return target::scalar;
#endif
}

/// Whether a target that the CPU has is for CPUs like this one.
inline bool suits([[maybe_unused]] target t) noexcept {
#if PARE_ARM
  return t != target::neon_a55 || all_cortex_a55();
#else
  return true;
#endif
}

inline target detect() noexcept {
  target best = target::scalar;
  for (target t : all_targets)
    if (compiled_in(t) && cpu_has(t) && suits(t)) best = t;
  return best;
}

}  // namespace cpu

/// True if kernels for `t` are compiled in and this CPU can run them.
inline bool available(target t) noexcept { return compiled_in(t) && cpu::cpu_has(t); }

/// The target that runs when none is asked for: the last of all_targets that is available, where the order of
/// Cortex-A55 counts only if all cores are that: the others would be half as fast.
inline target best_target() noexcept {
  if constexpr (cpu::promised() != target::scalar && compiled_in(cpu::promised())) {
    return cpu::promised();
  } else {
    static const target best = cpu::detect();
    return best;
  }
}

/// The same for a thread that stays on the core that it is on.
inline target best_target_here() noexcept {
  const target best = best_target();
#if PARE_ARM
  if (compiled_in(target::neon_a55) && (best == target::neon_dotprod || best == target::neon_a55)) {
    const auto midr = cpu::midr_here();
    if (midr != 0) return cpu::is_cortex_a55(midr) ? target::neon_a55 : target::neon_dotprod;
  }
#endif
  return best;
}

namespace cpu {
PARE_COLD void expect_lesser(target t) {
  if (!compiled_in(t)) fail("target", "one that is compiled in (see PARE_TARGETS)", name(t));
  if (!cpu_has(t)) fail("target", "one that this CPU has", name(t));
}
}  // namespace cpu

/// Fails unless `t` is available.
inline void expect_available(target t) {
  if (t != best_target()) cpu::expect_lesser(t);
}

/// The target called `spelling`, as name() spells it; fails for an unknown one. Does not ask whether it is available.
inline target parse_target(std::string_view spelling) {
  for (target t : all_targets)
    if (name(t) == spelling) return t;
  detail::text_part known[2 * all_targets.size()];
  std::size_t size = 0;
  for (target t : all_targets) {
    known[size] = size == 0 ? "one of " : ", ";
    known[size + 1] = name(t);
    size += 2;
  }
  fail("target", detail::text_part(known, size), spelling);
}

}  // namespace PARE_UNIT
}  // namespace pare
