// peak.hpp: loops of nothing but one multiply-accumulate instruction: the most that this core could do.
#pragma once

#include "contender.hpp"

namespace pare::bench {

/// run(passes) executes `operations` operations (a multiply and an add count as two) per pass.
struct peak_loop {
  double operations;
  void (*run)(long passes);
};

/// The loop for the instruction that kernels on `on` multiply with; null if this architecture's is not known.
/// Pre: available(on) where the loop is run.
const peak_loop* peak_of(target on, arithmetic unit) noexcept;

/// Reads [p, p + bytes) into registers in order, as wide as target `on` can. Pre: bytes is a multiple of 256.
void read_memory(const std::byte* p, index bytes, target on) noexcept;

}  // namespace pare::bench
