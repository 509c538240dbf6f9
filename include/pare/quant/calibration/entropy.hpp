// entropy.hpp: the clipping threshold whose codes tell the least about the values less: calibration by KL divergence.
#pragma once

#include "../calibration.hpp"
#include "value_histogram.hpp"

namespace pare {

namespace detail {

/// Counts of magnitudes: bin i has |x| in [i, i + 1) * width.
inline std::vector<double> magnitudes(const value_histogram& binned) {
  constexpr auto side = static_cast<std::size_t>(value_histogram::side);
  std::vector<double> all(side);
  for (std::size_t i = 0; i < side; ++i)
    all[i] = static_cast<double>(binned.counts()[side + i]) + static_cast<double>(binned.counts()[side - 1 - i]);
  return all;
}

/// KL divergence of the first `kept` bins, with all that lies beyond added to the last, from the same bins when only
/// `levels` groups of them can be told apart: each group's count is spread evenly over its bins that are not empty.
/// The sum of p log(p / q) is that of p log p, which sums over prefixes give, less that of p log q, one for each group.
class divergences {
 public:
  explicit divergences(const std::vector<double>& bins) : bins_(bins) {
    for (const double count : bins) {
      counts_.push_back(counts_.back() + count);
      filled_.push_back(filled_.back() + (count != 0));
      logarithms_.push_back(logarithms_.back() + times_log(count));
    }
  }
  /// Pre: 0 < levels <= kept <= number of bins.
  double operator()(std::size_t kept, std::size_t levels) const {
    const double total = counts_.back(), inside = counts_[kept], outside = total - inside;
    if (inside == 0) return std::numeric_limits<double>::infinity();
    const double last = bins_[kept - 1];
    double sum = logarithms_[kept - 1] + times_log(last + outside) - total * std::log(total);
    for (std::size_t level = 0; level < levels; ++level) {
      const std::size_t first = level * kept / levels, end = (level + 1) * kept / levels;
      const double count = counts_[end] - counts_[first];
      if (count == 0) continue;
      const double clipped = end == kept && last != 0 ? outside : 0;
      sum -= (count + clipped) * std::log(count / (filled_[end] - filled_[first]) / inside);
    }
    // A last bin that holds only what was clipped has no counterpart: it counts as the smallest one.
    if (last == 0) sum += outside * std::log(inside);
    return sum / total;
  }

 private:
  static double times_log(double x) { return x == 0 ? 0 : x * std::log(x); }

  std::vector<double> bins_;
  std::vector<double> counts_{0}, filled_{0}, logarithms_{0};  ///< of the bins before each
};

}  // namespace detail

/// Clips to [-t, t], or [0, t] if no value is negative, where t makes the distribution of the codes diverge least from
/// that of the values (KL divergence on a histogram of magnitudes). Constant memory; deterministic.
/// Source: S. Migacz, "8-bit Inference with TensorRT", GTC 2017, slides 35-37.
class entropy {
 public:
  void observe(std::span<const float> values) { seen_.observe(values); }
  template <RangeIn F>
  void observe(std::span<const float> values, const F& range_in) {
    seen_.observe(values, range_in);
  }
  void merge(const entropy& other) { seen_.merge(other.seen_); }

  template <Scheme S>
  interval interval_for() const {
    if (seen_.empty()) fail("calibration data", "at least one value", "none");
    const double min = seen_.min(), max = seen_.max();
    const double threshold = least_divergence(levels<S>(min < 0));
    return {std::max(min, -threshold), std::min(max, threshold)};
  }
  template <class F>
  void fields(F&& f) {
    seen_.fields(f);
  }

 private:
  /// How many codes there are for magnitudes: half of them if values have both signs.
  template <Scheme S>
  static constexpr std::size_t levels(bool both_signs) {
    const auto codes = static_cast<std::size_t>(S::range::max - S::range::min + 1);
    return both_signs || S::maps_zero_to_zero ? (codes + 1) / 2 : codes;
  }

  double least_divergence(std::size_t levels) const {
    const value_histogram binned = seen_.binned();
    const std::vector<double> bins = detail::magnitudes(binned);
    std::size_t used = bins.size();
    while (used > 1 && bins[used - 1] == 0) --used;
    const detail::divergences of(bins);
    double best = std::numeric_limits<double>::infinity();
    std::size_t kept = used;
    for (std::size_t i = used; i >= levels && i > 0; --i) {  // from all values down: a tie keeps more of them
      const double candidate = of(i, levels);
      if (candidate < best - 1e-12) best = candidate, kept = i;
    }
    return static_cast<double>(kept) * binned.width();
  }

  value_histogram seen_;
};

}  // namespace pare
