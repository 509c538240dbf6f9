// units.hpp: which instructions of a loop this CPU runs beside each other.
#pragma once

#include "../config.hpp"

namespace pare::inline PARE_UNIT {

/// Whether flipping the bytes of a register delays products: Intel's processors do both in the same vector units,
/// AMD's in different ones. Measured on a Zen 4: 3136x64x576 takes 0.95 of the time if cells are flipped in the loop
/// instead of copied before it, 3x3 windows over 56x56x64 0.92 to 0.99, by where the image lies; on a Sapphire Rapids
/// 512^3 takes 1.2 times as long, those windows 1.1. A variable, so that tests can take both ways: the results are the
/// same.
#if PARE_X86
inline bool flips_delay_products = !__builtin_cpu_is("amd");
#else
inline bool flips_delay_products = true;
#endif

}  // namespace pare::inline PARE_UNIT
