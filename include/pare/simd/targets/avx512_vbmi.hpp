// avx512_vbmi.hpp: AVX-512 VNNI on CPUs that also have vpermb, which picks any bytes out of 64.
//
// Only weights of which N of every M stay have a kernel of their own here (see line_call in kernel/gemm.hpp); all
// others run those of AVX-512 VNNI. So this target costs no compile time where it brings nothing.
#pragma once

#include "avx512_vnni.hpp"

#if PARE_X86 && (PARE_TARGETS & PARE_TARGET_BIT_AVX512_VNNI) && (PARE_TARGETS & PARE_TARGET_BIT_AVX512_VBMI)
namespace pare::inline PARE_UNIT::avx512_vbmi {
using namespace avx512_vnni;
}
#endif
