// features.hpp: the compiler's names of what each target may use, and the system's headers of intrinsics.
#pragma once

#include <limits>

#include "../core/bits.hpp"
#include "intrinsics.hpp"
#include "target.hpp"

#if PARE_X86
#define PARE_FEATURES_sse41 "sse4.1,ssse3"
#define PARE_FEATURES_avx2 "avx2,fma,f16c"
#define PARE_FEATURES_avx_vnni "avxvnni,avx2,fma,f16c"
#define PARE_FEATURES_avx512 "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma"
#define PARE_FEATURES_avx512_vnni "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma"
#elif PARE_ARM
#include <arm_neon.h>
#if defined(__clang__)
#define PARE_FEATURES_neon "neon"
#define PARE_FEATURES_neon_dotprod "dotprod"
#define PARE_FEATURES_neon_i8mm "dotprod,i8mm"
#else
#define PARE_FEATURES_neon "arch=armv8-a"
#define PARE_FEATURES_neon_dotprod "arch=armv8.2-a+dotprod"
#define PARE_FEATURES_neon_i8mm "arch=armv8.2-a+dotprod+i8mm"
#endif
#elif PARE_WASM
#include <wasm_simd128.h>
#define PARE_FEATURES_wasm_simd128 "simd128"
#endif
