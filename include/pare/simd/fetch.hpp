// fetch.hpp: how far ahead loops over much memory ask for what they will read.
#pragma once

#include <cstdint>

#include "../config.hpp"

namespace pare {

/// A loop that reads at p fetches the line at (p + distance) & mask; both in bytes.
struct fetch_ahead {
  std::uintptr_t distance = 0, mask = ~std::uintptr_t{0};
};

inline namespace PARE_UNIT {

/// Zen 3 and 4, whose prefetchers stop where a page ends, follow again from its first line, and need no help in
/// between.
inline bool fetches_whole_pages() noexcept {
#if PARE_X86
  return __builtin_cpu_is("amdfam19h");
#else
  return false;
#endif
}

/// What suits this CPU. Measured on tensors of 64 MiB (quantize, min-max, arithmetic): a Zen 5 takes 0.5 to 0.9 of the
/// time if every line is fetched 8 KiB ahead, and 1.5 times as long if where the next page begins is; a Zen 4 takes up
/// to 1.4 times as long if every line is, and is fastest if where the next page begins is.
inline fetch_ahead fetch_ahead_here() noexcept {
  return fetches_whole_pages() ? fetch_ahead{4096, ~std::uintptr_t{4095}} : fetch_ahead{8192};
}

/// How far ahead loops fetch that read panels side by side, each a stream. Measured on 4 MiB of weights and one row: a
/// Zen 4 takes 0.87 of the time of 2 KiB with anything up to 256 bytes, of which 256 is best beside other load; a Zen 5
/// was measured with 2 KiB only, 0.88 of the time of none on four rows.
inline std::intptr_t streams_ahead_here() noexcept { return fetches_whole_pages() ? 256 : 2048; }

}  // namespace PARE_UNIT
}  // namespace pare
