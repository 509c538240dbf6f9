// peak.cpp: the peak loops, in assembly: enough independent accumulators to hide any latency, operands all zero.
#include "peak.hpp"

#include <vector>

#include "pare/simd/features.hpp"

namespace pare::bench {
namespace {

// PARE_PEAK(name, begin, step, end): `step` names its accumulator \\r, one after the other, once each per pass.
#if PARE_X86
constexpr double accumulators = 12;  // vector registers 0 to 11; 13 is scratch, 14 and 15 are operands
#define PARE_PEAK(name, begin, step, end)                                                                       \
  void name(long passes) {                                                                                      \
    __asm__ volatile(begin "\n1:\n.irp r,0,1,2,3,4,5,6,7,8,9,10,11\n" step "\n.endr\ndec %0\njnz 1b\n" end      \
                     : "+r"(passes)                                                                             \
                     :                                                                                          \
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
                       "xmm11", "xmm13", "xmm14", "xmm15", "cc");                                               \
  }
#define PARE_ZERO_XMM ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,14,15\npxor %%xmm\\r, %%xmm\\r\n.endr"

PARE_PEAK(run_vpdpbusd, "vzeroall", "vpdpbusd %%zmm14, %%zmm15, %%zmm\\r", "vzeroupper")
PARE_PEAK(run_vpdpwssd, "vzeroall", "vpdpwssd %%zmm14, %%zmm15, %%zmm\\r", "vzeroupper")
PARE_PEAK(run_maddubs_zmm, "vzeroall",
          "vpmaddubsw %%zmm14, %%zmm15, %%zmm13\nvpmaddwd %%zmm14, %%zmm13, %%zmm13\n"
          "vpaddd %%zmm13, %%zmm\\r, %%zmm\\r",
          "vzeroupper")
PARE_PEAK(run_madd_zmm, "vzeroall", "vpmaddwd %%zmm14, %%zmm15, %%zmm13\nvpaddd %%zmm13, %%zmm\\r, %%zmm\\r",
          "vzeroupper")
PARE_PEAK(run_fma_zmm, "vzeroall", "vfmadd231ps %%zmm14, %%zmm15, %%zmm\\r", "vzeroupper")
PARE_PEAK(run_vpdpbusd_ymm, "vzeroall", "%{vex%} vpdpbusd %%ymm14, %%ymm15, %%ymm\\r", "vzeroupper")
PARE_PEAK(run_vpdpwssd_ymm, "vzeroall", "%{vex%} vpdpwssd %%ymm14, %%ymm15, %%ymm\\r", "vzeroupper")
PARE_PEAK(run_maddubs_ymm, "vzeroall",
          "vpmaddubsw %%ymm14, %%ymm15, %%ymm13\nvpmaddwd %%ymm14, %%ymm13, %%ymm13\n"
          "vpaddd %%ymm13, %%ymm\\r, %%ymm\\r",
          "vzeroupper")
PARE_PEAK(run_madd_ymm, "vzeroall", "vpmaddwd %%ymm14, %%ymm15, %%ymm13\nvpaddd %%ymm13, %%ymm\\r, %%ymm\\r",
          "vzeroupper")
PARE_PEAK(run_fma_ymm, "vzeroall", "vfmadd231ps %%ymm14, %%ymm15, %%ymm\\r", "vzeroupper")
PARE_PEAK(run_maddubs_xmm, PARE_ZERO_XMM,
          "movdqa %%xmm15, %%xmm13\npmaddubsw %%xmm14, %%xmm13\npmaddwd %%xmm14, %%xmm13\npaddd %%xmm13, %%xmm\\r", "")
PARE_PEAK(run_madd_xmm, PARE_ZERO_XMM, "movdqa %%xmm15, %%xmm13\npmaddwd %%xmm14, %%xmm13\npaddd %%xmm13, %%xmm\\r", "")
PARE_PEAK(run_mul_xmm, PARE_ZERO_XMM, "movaps %%xmm15, %%xmm13\nmulps %%xmm14, %%xmm13\naddps %%xmm13, %%xmm\\r", "")

#elif PARE_ARM
constexpr double accumulators = 24;  // v0 to v23; v24 is scratch, v30 and v31 are operands
#define PARE_PEAK(name, step)                                                                                          \
  void name(long passes) {                                                                                             \
    __asm__ volatile(                                                                                                  \
        ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,30,31\nmovi v\\r\\().16b, "              \
        "#0\n.endr\n1:\n"                                                                                              \
        ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23\n" step                                  \
        "\n.endr\n"                                                                                                    \
        "subs %0, %0, #1\nb.ne 1b"                                                                                     \
        : "+r"(passes)                                                                                                 \
        :                                                                                                              \
        : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", \
          "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v30", "v31", "cc");                                 \
  }

PARE_PEAK(run_fmla, "fmla v\\r\\().4s, v30.4s, v31.4s")
PARE_PEAK(run_smlal_halves, "smlal v\\r\\().4s, v30.4h, v31.4h")
PARE_PEAK(run_smlal_bytes, "smull v24.8h, v30.8b, v31.8b\nsmlal v24.8h, v30.8b, v31.8b\nsadalp v\\r\\().4s, v24.8h")
PARE_TARGET_BEGIN(PARE_FEATURES_neon_dotprod)
PARE_PEAK(run_sdot, "sdot v\\r\\().4s, v30.16b, v31.16b")
PARE_TARGET_END
#else
constexpr double accumulators = 0;
#endif

// PARE_READ(name, registers, step): `step` loads the register \\r bytes from where %0 points.
#if PARE_X86
#define PARE_READ(name, places, step, end)                                                              \
  void name(const std::byte* p, index bytes) {                                                          \
    __asm__ volatile("1:\n.irp r," places "\n" step "\n.endr\nadd $256, %0\nsub $256, %1\njnz 1b\n" end \
                     : "+r"(p), "+r"(bytes)::"xmm0", "cc", "memory");                                   \
  }
PARE_READ(read_zmm, "0,64,128,192", "vmovdqu64 \\r(%0), %%zmm0", "vzeroupper")
PARE_READ(read_ymm, "0,32,64,96,128,160,192,224", "vmovdqu \\r(%0), %%ymm0", "vzeroupper")
PARE_READ(read_xmm, "0,16,32,48,64,80,96,112,128,144,160,176,192,208,224,240", "movdqu \\r(%0), %%xmm0", "")
#elif PARE_ARM
void read_neon(const std::byte* p, index bytes) {
  __asm__ volatile(
      "1:\n.irp r,0,32,64,96,128,160,192,224\nldp q0, q1, [%0, \\r]\n.endr\n"
      "add %0, %0, #256\nsubs %1, %1, #256\nb.ne 1b"
      : "+r"(p), "+r"(bytes)::"v0", "v1", "cc", "memory");
}
#endif

struct entry {
  target on;
  arithmetic unit;
  peak_loop loop;
};

/// `products` per accumulator and pass.
[[maybe_unused]] entry row(target on, arithmetic unit, void (*run)(long), int products) {
  return {on, unit, {2.0 * accumulators * products, run}};
}

const std::vector<entry> loops {
#if PARE_X86
  row(target::avx512_vnni, arithmetic::bytes, run_vpdpbusd, 64),
      row(target::avx512_vnni, arithmetic::halves, run_vpdpwssd, 32),
      row(target::avx512_vnni, arithmetic::floats, run_fma_zmm, 16),
      row(target::avx512, arithmetic::bytes, run_maddubs_zmm, 64),
      row(target::avx512, arithmetic::halves, run_madd_zmm, 32),
      row(target::avx512, arithmetic::floats, run_fma_zmm, 16),
      row(target::avx_vnni, arithmetic::bytes, run_vpdpbusd_ymm, 32),
      row(target::avx_vnni, arithmetic::halves, run_vpdpwssd_ymm, 16),
      row(target::avx_vnni, arithmetic::floats, run_fma_ymm, 8),
      row(target::avx2, arithmetic::bytes, run_maddubs_ymm, 32),
      row(target::avx2, arithmetic::halves, run_madd_ymm, 16), row(target::avx2, arithmetic::floats, run_fma_ymm, 8),
      row(target::sse41, arithmetic::bytes, run_maddubs_xmm, 16),
      row(target::sse41, arithmetic::halves, run_madd_xmm, 8), row(target::sse41, arithmetic::floats, run_mul_xmm, 4),
#elif PARE_ARM
  row(target::neon_dotprod, arithmetic::bytes, run_sdot, 16),
      row(target::neon_dotprod, arithmetic::halves, run_smlal_halves, 4),
      row(target::neon_dotprod, arithmetic::floats, run_fmla, 4),
      row(target::neon, arithmetic::bytes, run_smlal_bytes, 16),
      row(target::neon, arithmetic::halves, run_smlal_halves, 4), row(target::neon, arithmetic::floats, run_fmla, 4),
#endif
};

}  // namespace

void read_memory([[maybe_unused]] const std::byte* p, index bytes, [[maybe_unused]] target on) noexcept {
  if (bytes == 0) return;
#if PARE_X86
  if (on == target::avx512 || on == target::avx512_vnni || on == target::avx512_vbmi) return read_zmm(p, bytes);
  if (on == target::avx2 || on == target::avx_vnni) return read_ymm(p, bytes);
  read_xmm(p, bytes);
#elif PARE_ARM
  read_neon(p, bytes);
#endif
}

const peak_loop* peak_of(target on, arithmetic unit) noexcept {
  const target multiplies = on == target::avx512_vbmi                           ? target::avx512_vnni
                            : on == target::neon_a55 || on == target::neon_i8mm ? target::neon_dotprod
                                                                                : on;
  for (const entry& e : loops)
    if (e.on == multiplies && e.unit == unit) return &e.loop;
  return nullptr;
}

}  // namespace pare::bench
