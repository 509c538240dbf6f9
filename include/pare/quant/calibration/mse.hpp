// mse.hpp: the interval whose codes are nearest to the values: calibration by a search for the least squared error.
#pragma once

#include "../calibration.hpp"
#include "value_histogram.hpp"

namespace pare {

namespace detail {

/// Sum of squared distances of the values from what the codes of S under `map` stand for, rounded to nearest. A bin of
/// a histogram counts as four values spread over it.
template <Scheme S>
double squared_error(const value_histogram& seen, const affine_map& map) {
  const auto distance = [&](float x) {
    const double d =
        double{x} - double{dequantize_value(quantize_value<typename S::range, half_even, stepping_of<S>>(x, map), map)};
    return d * d;
  };
  double sum = 0;
  for (const float x : seen.values()) sum += distance(x);
  for (std::size_t i = 0; i < seen.counts().size(); ++i) {
    if (seen.counts()[i] == 0) continue;
    const double begin = static_cast<double>(i) - value_histogram::side;
    double of_bin = 0;
    for (int part = 0; part < 4; ++part) {
      const double x = std::clamp((begin + 0.125 + 0.25 * part) * seen.width(), seen.min(), seen.max());
      of_bin += distance(static_cast<float>(x));
    }
    sum += of_bin / 4 * static_cast<double>(seen.counts()[i]);
  }
  return sum;
}

}  // namespace detail

/// The interval with the least mean squared error that a search finds: both ends shrunk together, then each by itself.
/// The whole interval is a candidate, so the error is never above min_max's: exactly so up to 4096 values, and beyond
/// that by an estimate which must improve on it by 1 %. Constant memory, no gradient, no labels.
/// Source: the clipping of Banner et al. 2019 ("ACIQ"), by search instead of a fitted distribution.
class mse {
 public:
  void observe(std::span<const float> values) { seen_.observe(values); }
  template <RangeIn F>
  void observe(std::span<const float> values, const F& range_in) {
    seen_.observe(values, range_in);
  }
  void merge(const mse& other) { seen_.merge(other.seen_); }

  template <Scheme S>
  interval interval_for() const {
    if (seen_.empty()) fail("calibration data", "at least one value", "none");
    const interval whole{seen_.min(), seen_.max()};
    candidate best{whole, error_of<S>(whole)};
    const double whole_error = best.error;
    for (int share = 63; share >= 6; --share) try_one<S>(best, {whole.min * share / 64, whole.max * share / 64});
    for (double step = 1 / 64.; step > 1 / 600.; step /= 2) {
      const interval from = best.covered;
      for (const double change : {-step, step}) {
        if (from.min < 0) try_one<S>(best, {from.min + change * whole.min, best.covered.max});
        if (from.max > 0) try_one<S>(best, {best.covered.min, from.max + change * whole.max});
      }
    }
    return seen_.exact() || best.error < 0.99 * whole_error ? best.covered : whole;
  }
  template <class F>
  void fields(F&& f) {
    seen_.fields(f);
  }

 private:
  struct candidate {
    interval covered;
    double error;
  };
  template <Scheme S>
  double error_of(const interval& covered) const {
    return detail::squared_error<S>(seen_, S::choose(covered.min, covered.max));
  }
  template <Scheme S>
  void try_one(candidate& best, const interval& covered) const {
    if (covered.min > covered.max) return;
    const double error = error_of<S>(covered);
    if (error < best.error) best = {covered, error};
  }

  value_histogram seen_;
};

}  // namespace pare
