// config.hpp: the version and every PARE_ macro, with what it means.
#pragma once

#define PARE_VERSION_MAJOR 0
#define PARE_VERSION_MINOR 1
#define PARE_VERSION_PATCH 0

// Instruction sets. PARE_TARGETS is a bit set of them, a plain number, the same in every unit of a program:
//   1 scalar   2 SSE4.1   4 AVX2   8 AVX-VNNI   16 AVX-512 VNNI   32 NEON   64 NEON dot product
//   128 AVX-512 VBMI, with 16   256 the order of Cortex-A55, with 64   512 NEON i8mm, with 64
//   1024 WebAssembly SIMD128, where the unit's flags promise it (-msimd128)
//   2048 AVX-512 without VNNI, only where it is asked for: it serves CPUs of a few years and costs every build its time
// Targets of another architecture are ignored. The scalar target is always kept.
#ifndef PARE_TARGETS
#define PARE_TARGETS 0xf7ff
#endif
#define PARE_TARGET_BIT_SCALAR 1
#define PARE_TARGET_BIT_SSE41 2
#define PARE_TARGET_BIT_AVX2 4
#define PARE_TARGET_BIT_AVX_VNNI 8
#define PARE_TARGET_BIT_AVX512_VNNI 16
#define PARE_TARGET_BIT_NEON 32
#define PARE_TARGET_BIT_NEON_DOTPROD 64
#define PARE_TARGET_BIT_AVX512_VBMI 128
#define PARE_TARGET_BIT_NEON_A55 256
#define PARE_TARGET_BIT_NEON_I8MM 512
#define PARE_TARGET_BIT_WASM_SIMD128 1024
#define PARE_TARGET_BIT_AVX512 2048

#if defined(__FAST_MATH__)
#error "pare: -ffast-math breaks the exact rounding that quantization is defined by; compile this unit without it"
#endif

#if defined(__x86_64__)
#define PARE_X86 1
#else
#define PARE_X86 0
#endif
#if defined(__aarch64__)
#define PARE_ARM 1
#else
#define PARE_ARM 0
#endif
// A WebAssembly module that names an instruction does not load where that is missing: the flags decide, not the CPU.
#if defined(__wasm_simd128__)
#define PARE_WASM 1
#else
#define PARE_WASM 0
#endif

// 1 if the unit is compiled with exceptions; without them errors go to pare::set_error_handler's function.
#if defined(__cpp_exceptions)
#define PARE_EXCEPTIONS 1
#else
#define PARE_EXCEPTIONS 0
#endif

// On a call that reports a caller's mistake: it throws nothing where there is nothing to throw.
#define PARE_THROWS_MISTAKES noexcept(!PARE_EXCEPTIONS)

// Units built with other flags generate other code for the same inline function, and a linker would keep one
// of the two. Types are plain members of pare, so that units can exchange them; functions whose code depends on
// the flags (targets, kernels and whatever calls them, errors) live in an inline namespace that spells the flags.
#if defined(__AVX512VNNI__) && defined(__AVX512VBMI__)
#define PARE_UNIT_ISA avx512vbmi
#elif defined(__AVX512VNNI__)
#define PARE_UNIT_ISA avx512vnni
#elif defined(__AVX512F__)
#define PARE_UNIT_ISA avx512f
#elif defined(__AVXVNNI__)
#define PARE_UNIT_ISA avxvnni
#elif defined(__AVX2__)
#define PARE_UNIT_ISA avx2
#elif defined(__SSE4_1__)
#define PARE_UNIT_ISA sse41
#elif defined(__ARM_FEATURE_MATMUL_INT8)
#define PARE_UNIT_ISA i8mm
#elif defined(__ARM_FEATURE_DOTPROD)
#define PARE_UNIT_ISA dotprod
#elif defined(__wasm_simd128__)
#define PARE_UNIT_ISA simd128
#else
#define PARE_UNIT_ISA baseline
#endif
#if PARE_EXCEPTIONS
#define PARE_UNIT_ERRORS throws
#else
#define PARE_UNIT_ERRORS calls
#endif
#define PARE_UNIT_PASTE(isa, errors, targets) unit_##isa##_##errors##_##targets
#define PARE_UNIT_EXPAND(isa, errors, targets) PARE_UNIT_PASTE(isa, errors, targets)
/// The inline namespace of functions whose code depends on the unit's flags: `namespace pare::inline PARE_UNIT { ...
/// }`.
#define PARE_UNIT PARE_UNIT_EXPAND(PARE_UNIT_ISA, PARE_UNIT_ERRORS, PARE_TARGETS)

#define PARE_PRAGMA(text) _Pragma(#text)
// Everything between PARE_TARGET_BEGIN("features") and PARE_TARGET_END is compiled for those features.
#if defined(__clang__)
#define PARE_TARGET_BEGIN(features) \
  PARE_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define PARE_TARGET_END PARE_PRAGMA(clang attribute pop)
#else
#define PARE_TARGET_BEGIN(features) PARE_PRAGMA(GCC push_options) PARE_PRAGMA(GCC target(features))
#define PARE_TARGET_END PARE_PRAGMA(GCC pop_options)
#endif

#define PARE_UNROLL PARE_PRAGMA(GCC unroll 32)
#define PARE_ALWAYS_INLINE inline __attribute__((always_inline))
/// What explains a mistake to the caller: out of line, so that the check before it is a few instructions.
#define PARE_COLD inline __attribute__((noinline, cold))
#define PARE_RESTRICT __restrict__
