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

}  // namespace pare::bench
