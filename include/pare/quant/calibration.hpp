// calibration.hpp: from the values seen to the interval that the codes shall cover.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "scheme.hpp"
#include "value_range.hpp"

namespace pare {

/// Real numbers from min to max.
struct interval {
  double min = 0;
  double max = 0;
};

/// What range_of does, in another way.
template <class F>
concept RangeIn = requires(const F& f, std::span<const float> values) {
  { f(values) } -> std::same_as<value_range>;
};

namespace detail {
/// A calibration may need to know the codes: it then has interval_for<Scheme>().
template <class C>
concept KnowsScheme = requires(const C& c) {
  { c.template interval_for<symmetric<std::int8_t>>() } -> std::same_as<interval>;
};
}  // namespace detail

/// Calibration: observes values in pieces of any size, merges with another that saw other values, and names the
/// interval: interval(), or interval_for<Scheme>() if it depends on the codes. Its own numbers (a percentile, say) are
/// members; a copy of a fresh one is fresh. Optional: end_batch(), called after the last piece of a batch, and
/// fields(f), which calls f with every member that shall survive calibrator::to_bytes; where the range of values, or a
/// faster range_of, is known, observe(range) of a calibration that needs no more, and observe(values, range_in) of one
/// that does, are called instead of observe(values).
template <class C>
concept Calibration = std::copyable<C> && requires(C c, const C& other, std::span<const float> values) {
  c.observe(values);
  c.merge(other);
} &&(detail::KnowsScheme<C> || requires(const C& c) {
  { c.interval() } -> std::same_as<interval>;
});

/// The interval that a calibration names for the codes of S.
template <Scheme S, Calibration C>
interval interval_for(const C& calibration) {
  if constexpr (detail::KnowsScheme<C>) {
    return calibration.template interval_for<S>();
  } else {
    return calibration.interval();
  }
}

/// From the least to the greatest value seen. Infinite and NaN values are an error, and so is to have seen none.
class min_max {
 public:
  void observe(std::span<const float> values) { seen_.include(range_of(values)); }
  void observe(const value_range& range) { seen_.include(range); }
  void merge(const min_max& other) { seen_.include(other.seen_); }
  pare::interval interval() const {
    if (seen_.empty()) fail("calibration data", "at least one value", "none");
    return {double{seen_.min}, double{seen_.max}};
  }
  template <class F>
  void fields(F&& f) {
    f(seen_.min, seen_.max);
  }

 private:
  value_range seen_;
};

}  // namespace pare
