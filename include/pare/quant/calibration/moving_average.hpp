// moving_average.hpp: bounds that follow the batches: the exponential moving average of their minima and maxima.
#pragma once

#include <cmath>
#include <cstdint>

#include "../calibration.hpp"

namespace pare {

/// After batches with minima m_1 ... m_n: sum of (1 - momentum) momentum^(n - i) m_i, divided by 1 - momentum^n, which
/// is what the weights add up to (the start is not biased toward 0: Kingma and Ba 2014, section 3); the same for
/// maxima. Merging appends the other's batches after this one's. Source: Jacob et al. 2018, section 3.1.
struct moving_average {
  double momentum = 0.99;
  double min = 0, max = 0;    ///< sums of the batches' bounds, weighted; not yet divided
  std::uint64_t batches = 0;  ///< that are part of the sums
  value_range batch{};        ///< the one that has not ended

  void observe(std::span<const float> values) { batch.include(range_of(values)); }
  void observe(const value_range& range) { batch.include(range); }
  /// An empty batch does not count.
  void end_batch() {
    if (batch.empty()) return;
    min = momentum * min + (1 - momentum) * double{batch.min};
    max = momentum * max + (1 - momentum) * double{batch.max};
    ++batches;
    batch = {};
  }
  void merge(const moving_average& other) {
    end_batch();
    moving_average theirs = other;
    theirs.end_batch();
    const double fade = std::pow(momentum, static_cast<double>(theirs.batches));
    min = fade * min + theirs.min;
    max = fade * max + theirs.max;
    batches += theirs.batches;
  }
  pare::interval interval() const {
    if (!(momentum >= 0 && momentum < 1)) fail("moving_average.momentum", "at least 0 and below 1", momentum);
    moving_average all = *this;
    all.end_batch();
    if (all.batches == 0) fail("calibration data", "at least one value", "none");
    const double weights = 1 - std::pow(momentum, static_cast<double>(all.batches));
    return {all.min / weights, all.max / weights};
  }
  template <class F>
  void fields(F&& f) {
    f(momentum, min, max, batches, batch.min, batch.max);
  }
};

}  // namespace pare
