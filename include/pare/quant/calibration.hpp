// calibration.hpp: from the values seen to the interval that the codes shall cover.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <span>

#include "../core/error.hpp"

namespace pare {

/// Real numbers from min to max.
struct interval {
  double min = 0;
  double max = 0;
};

/// Calibration: observes values batch after batch, merges with another that saw other batches, and names the interval.
/// Its own numbers (a percentile, say) are members; a copy of a fresh one is fresh.
template <class C>
concept Calibration = std::copyable<C> && requires(C c, const C& other, std::span<const float> values) {
  c.observe(values);
  c.merge(other);
  { other.interval() } -> std::same_as<interval>;
};

/// From the least to the greatest value seen. Infinite and NaN values are an error, and so is to have seen none.
class min_max {
 public:
  void observe(std::span<const float> values) {
    bool finite = true;
    for (const float value : values) {
      min_ = std::min(min_, value);
      max_ = std::max(max_, value);
      finite &= std::isfinite(value);
    }
    if (!finite) fail("calibration data", "finite values", "NaN or infinity");
  }
  void merge(const min_max& other) {
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
  }
  pare::interval interval() const {
    if (min_ > max_) fail("calibration data", "at least one value", "none");
    return {min_, max_};
  }

 private:
  float min_ = std::numeric_limits<float>::infinity();
  float max_ = -std::numeric_limits<float>::infinity();
};

}  // namespace pare
