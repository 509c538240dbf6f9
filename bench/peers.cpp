// peers.cpp: the peers of this build and their common settings.
#include "peers.hpp"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace pare::bench {
namespace {

/// True if the environment had to be changed.
bool set_variable(const char* name, const char* value) {
  const char* const before = std::getenv(name);
  if (before != nullptr && std::strcmp(before, value) == 0) return false;
  return setenv(name, value, 1) == 0;
}

}  // namespace

void configure_peers(target cap, char** arguments) {
  // OpenBLAS takes CPUs newer than itself for much older ones, so it is told even where nothing is capped.
  struct names {
    target cap;
    const char *onednn, *openblas;
  };
  constexpr names of_targets[] = {{target::sse41, "SSE41", "Nehalem"},
                                  {target::avx2, "AVX2", "Haswell"},
                                  {target::avx_vnni, "AVX2_VNNI", "Haswell"},
                                  {target::avx512_vnni, "AVX512_CORE_VNNI", "SkylakeX"},
                                  {target::avx512_vbmi, "ALL", "SkylakeX"}};
  bool changed = set_variable("OMP_NUM_THREADS", "1");
  changed |= set_variable("OPENBLAS_NUM_THREADS", "1");
  for (const names& n : of_targets) {
    if (n.cap != cap) continue;
    changed |= set_variable("ONEDNN_MAX_CPU_ISA", n.onednn);
    changed |= set_variable("OPENBLAS_CORETYPE", n.openblas);
  }
  if (!changed) return;
  execvp(arguments[0], arguments);
  fail("arguments[0]", "the name of this program, to start it again", arguments[0]);
}

std::vector<variant> peer_variants([[maybe_unused]] target cap) {
  std::vector<variant> all;
#if defined(PARE_BENCH_ONEDNN)
  add_onednn(all, cap);
  add_onednn_conv(all, cap);
#endif
#if defined(PARE_BENCH_XNNPACK)
  add_xnnpack(all, cap);
  add_xnnpack_conv(all, cap);
#endif
#if defined(PARE_BENCH_GEMMLOWP)
  add_gemmlowp(all, cap);
#endif
#if defined(PARE_BENCH_OPENBLAS)
  add_openblas(all, cap);
#endif
  return all;
}

}  // namespace pare::bench
