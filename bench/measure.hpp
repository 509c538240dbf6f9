// measure.hpp: how long a call takes: medians of many short samples of this thread's CPU time, on one core.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "contender.hpp"
#include "peak.hpp"

namespace pare::bench {

/// Keeps this thread on the last core it may use. Does nothing where the system has no such call.
void pin_to_last_core();

struct measurement {
  double seconds;  ///< of one run(), caches warm
  double of_peak;  ///< fraction of the peak loop's speed; 0 without a loop
};

/// Of a contender whose run() is `operations` operations. Its samples and those of the peak loop take turns, and each
/// is compared with its neighbour, so that whatever else the machine does weighs on both alike.
measurement measure(contender& c, double operations, const peak_loop* peak);

/// Median seconds of each call; they take turns.
struct turns {
  std::vector<double> seconds;
  std::vector<double> of_last;  ///< each call's seconds as a fraction of its neighbour's, which is the last call
};
turns measure_in_turns(std::span<const std::function<void()>> calls);

/// The shortest of a few samples: to choose between two ways of calling a library.
double best_seconds(contender& c);

}  // namespace pare::bench
