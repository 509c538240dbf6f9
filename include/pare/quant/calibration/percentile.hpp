// percentile.hpp: an interval that leaves out the rarest values at both ends.
#pragma once

#include "../calibration.hpp"
#include "value_histogram.hpp"

namespace pare {

namespace detail {
/// The value below which a share of all values lies, 0 <= share <= 1. Between neighbours it is interpolated linearly;
/// inside a bin of a histogram values count as evenly spread. Pre: !seen.empty().
inline double quantile(const value_histogram& seen, double share) {
  if (seen.exact()) {
    std::vector<float> sorted(seen.values().begin(), seen.values().end());
    std::sort(sorted.begin(), sorted.end());
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, sorted.size() - 1);
    const double part = place - static_cast<double>(below);
    return double{sorted[below]} * (1 - part) + double{sorted[above]} * part;
  }
  double all = 0;
  for (const std::uint64_t count : seen.counts()) all += static_cast<double>(count);
  double left = share * all;
  std::size_t bin = 0;
  for (; bin + 1 < seen.counts().size() && left > static_cast<double>(seen.counts()[bin]); ++bin)
    left -= static_cast<double>(seen.counts()[bin]);
  const double inside = seen.counts()[bin] == 0 ? 0 : left / static_cast<double>(seen.counts()[bin]);
  const double value = (static_cast<double>(bin) - value_histogram::side + inside) * seen.width();
  return std::clamp(value, seen.min(), seen.max());
}
}  // namespace detail

/// From the value that `percent` of the values exceed to the value that they stay below: 99.9 leaves out 0.1 % at each
/// end. Exact up to 4096 values, then within a bin of 1/1024 of the greatest magnitude or less.
struct percentile {
  double percent = 99.99;
  value_histogram seen{};  ///< so far

  void observe(std::span<const float> values) { seen.observe(values); }
  template <RangeIn F>
  void observe(std::span<const float> values, const F& range_in) {
    seen.observe(values, range_in);
  }
  void merge(const percentile& other) { seen.merge(other.seen); }
  pare::interval interval() const {
    if (!(percent > 50 && percent <= 100)) fail("percentile.percent", "above 50 and at most 100", percent);
    if (seen.empty()) fail("calibration data", "at least one value", "none");
    return {detail::quantile(seen, 1 - percent / 100), detail::quantile(seen, percent / 100)};
  }
  template <class F>
  void fields(F&& f) {
    f(percent);
    seen.fields(f);
  }
};

}  // namespace pare
