// arm_cpu.hpp: what an Arm CPU says of itself: its instructions, and which core it is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"

#if PARE_ARM
#if defined(__linux__)
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace pare::inline PARE_UNIT::cpu {

#if defined(__linux__)
/// Bits of <asm/hwcap.h>.
inline constexpr unsigned long hwcap_cpuid = 1ul << 11, hwcap_asimddp = 1ul << 20, hwcap2_i8mm = 1ul << 13;
#elif defined(__APPLE__)
inline bool has_feature(const char* name) noexcept {
  int has = 0;
  std::size_t size = sizeof has;
  return sysctlbyname(name, &has, &size, nullptr, 0) == 0 && has != 0;
}
#endif

inline bool has_dotprod() noexcept {
#if defined(__ARM_FEATURE_DOTPROD)
  return true;
#elif defined(__linux__)
  return (getauxval(AT_HWCAP) & hwcap_asimddp) != 0;
#elif defined(__APPLE__)
  return has_feature("hw.optional.arm.FEAT_DotProd");
#else
  return false;
#endif
}

inline bool has_i8mm() noexcept {
#if defined(__ARM_FEATURE_MATMUL_INT8)
  return true;
#elif defined(__linux__)
  return (getauxval(AT_HWCAP2) & hwcap2_i8mm) != 0;
#elif defined(__APPLE__)
  return has_feature("hw.optional.arm.FEAT_I8MM");
#else
  return false;
#endif
}

/// Whether a main ID register (MIDR_EL1: implementer in bits 31 to 24, part in 15 to 4) is that of a Cortex-A55.
constexpr bool is_cortex_a55(std::uint64_t midr) noexcept {
  return (midr >> 24 & 0xff) == 0x41 && (midr >> 4 & 0xfff) == 0xd05;
}

/// The main ID register of the core that runs this; 0 if the system does not tell.
inline std::uint64_t midr_here() noexcept {
  std::uint64_t midr = 0;
#if defined(__linux__)
  if ((getauxval(AT_HWCAP) & hwcap_cpuid) != 0) __asm__ volatile("mrs %0, midr_el1" : "=r"(midr));
#endif
  return midr;
}

/// The main ID register of one of the machine's cores; 0 if the system does not tell.
inline std::uint64_t midr_of([[maybe_unused]] long core) noexcept {
  std::uint64_t midr = 0;
#if defined(__linux__)
  char text[80];
  std::snprintf(text, sizeof text, "/sys/devices/system/cpu/cpu%ld/regs/identification/midr_el1", core);
  if (std::FILE* file = std::fopen(text, "r")) {
    if (std::fgets(text, sizeof text, file) != nullptr) midr = std::strtoull(text, nullptr, 16);
    std::fclose(file);
  }
#endif
  return midr;
}

/// Whether all of the machine's cores are Cortex-A55, as far as it tells: threads may run on any of them.
inline bool all_cortex_a55() noexcept {
  long cores = 0;
#if defined(__linux__)
  cores = sysconf(_SC_NPROCESSORS_CONF);
#endif
  for (long core = 0; core < cores; ++core)
    if (!is_cortex_a55(midr_of(core))) return false;
  return cores > 0;
}

}  // namespace pare::inline PARE_UNIT::cpu
#endif
