// intrinsics.cpp: a unit may include the intrinsics of its own after pare's headers, which read but a part of them.
#include <pare/nn.hpp>
#if PARE_X86
#include <immintrin.h>

__attribute__((target("sha,sse4.1"))) __m128i rounds_of_sha(__m128i a, __m128i b, __m128i k) {
  return _mm_sha256rnds2_epu32(a, b, k);
}
__attribute__((target("vpclmulqdq,avx2"))) __m256i carryless_product(__m256i a, __m256i b) {
  return _mm256_clmulepi64_epi128(a, b, 0x10);
}
#endif
