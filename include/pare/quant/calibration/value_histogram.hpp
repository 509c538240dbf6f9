// value_histogram.hpp: any number of values in constant memory: exactly while they are few, as a histogram afterwards.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../value_range.hpp"

namespace pare {

/// Counts of values in bins of equal width, the least power of two with which all values seen fit. Bins of one width
/// are halves of the bins of twice that width, so the counts do not depend on the order of the values, and two
/// histograms merge to exactly what one would have counted. The first `exact_values` values are kept as they are.
class value_histogram {
 public:
  static constexpr int side = 2048;  ///< bins below zero, and from zero on: half of them in use at least
  static constexpr std::size_t exact_values = 4096;

  /// Fails if a value is not finite; values before it may have been counted.
  void observe(std::span<const float> values) { observe(values, range_of); }
  /// The same with another range_of, which may have whole_parts(x, count, factor, to), a faster
  /// to[i] = whole_part(x[i], factor) for a multiple of 16 values.
  template <class F>
  void observe(std::span<const float> values, const F& range_in) {
    if (counts_.empty() && values_.size() + values.size() <= exact_values) {
      range_.include(range_in(values));
      values_.insert(values_.end(), values.begin(), values.end());
      return;
    }
    for (std::size_t at = 0; at < values.size(); at += part) {  // each part is read twice, but from the nearest cache
      const auto next = values.subspan(at, std::min(part, values.size() - at));
      range_.include(range_in(next));
      spill();
      widen(exponent_for(reach()));
      count(next, range_in);
    }
  }

  void merge(const value_histogram& other) {
    range_.include(other.range_);
    if (counts_.empty() && other.counts_.empty() && values_.size() + other.values_.size() <= exact_values) {
      values_.insert(values_.end(), other.values_.begin(), other.values_.end());
      return;
    }
    spill();
    value_histogram theirs = other;
    theirs.spill();
    const int exponent = std::max(exponent_, theirs.exponent_);
    widen(exponent);
    theirs.widen(exponent);
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += theirs.counts_[i];
  }

  /// True while every value is known: values() then has them all.
  bool exact() const noexcept { return counts_.empty(); }
  std::span<const float> values() const noexcept { return values_; }
  bool empty() const noexcept { return range_.empty(); }
  /// The least and the greatest value seen. Pre: !empty().
  double min() const noexcept { return double{range_.min}; }
  double max() const noexcept { return double{range_.max}; }

  /// Bins from -side() * width on: bin i has the values in [(i - side) * width, (i - side + 1) * width), negative ones
  /// in the bin whose end nearer to zero is excluded.
  value_histogram binned() const {
    value_histogram all = *this;
    all.spill();
    return all;
  }
  std::span<const std::uint64_t> counts() const noexcept { return counts_; }
  double width() const noexcept { return std::ldexp(1., exponent_); }

  /// The members, for a reader or a writer of bytes. Fails if what was read contradicts itself.
  template <class F>
  void fields(F&& f) {
    f(values_, counts_, exponent_, range_.min, range_.max);
    const bool binned = counts_.size() == bins && values_.empty(),
               few = counts_.empty() && values_.size() <= exact_values;
    if (!(binned || few) || exponent_ < least_exponent || exponent_ > 127 || (empty() && !(few && values_.empty())))
      fail("bytes", "what calibrator::to_bytes wrote", "a histogram that contradicts itself");
  }

 private:
  static constexpr std::size_t bins = 2 * side;
  static constexpr int least_exponent = -126;  // the reciprocal of the width is a float
  static constexpr std::size_t part = 4096;    ///< values; 16 KiB

  float reach() const noexcept { return empty() ? 0 : std::max(std::abs(range_.min), std::abs(range_.max)); }
  static int exponent_for(float reach) noexcept {
    if (reach == 0) return least_exponent;
    return std::max(least_exponent, std::ilogb(reach) + 1 - std::countr_zero(static_cast<unsigned>(side)));
  }

  /// From values to counts.
  void spill() {
    if (!counts_.empty()) return;
    counts_.assign(bins, 0);
    exponent_ = least_exponent;
    widen(exponent_for(reach()));
    count(values_, range_of);
    values_ = {};
  }

  void widen(int exponent) {
    for (; exponent_ < exponent; ++exponent_) {
      for (std::size_t i = 0; i < side / 2; ++i) {
        counts_[side + i] = counts_[side + 2 * i] + counts_[side + 2 * i + 1];
        counts_[side - 1 - i] = counts_[side - 1 - 2 * i] + counts_[side - 2 - 2 * i];
      }
      std::fill(counts_.begin(), counts_.begin() + side / 2, 0);
      std::fill(counts_.end() - side / 2, counts_.end(), 0);
    }
  }

  /// Pre: every value fits.
  template <class F>
  void count(std::span<const float> values, const F& range_in) noexcept {
    constexpr std::size_t step = 256;
    const float per_width = std::ldexp(1.f, -exponent_);
    std::uint64_t* const zero = counts_.data() + side;
    std::int32_t places[step];
    std::size_t i = 0;
    for (; i + step <= values.size(); i += step) {
      if constexpr (requires { range_in.whole_parts(&values[i], step, per_width, places); }) {
        range_in.whole_parts(&values[i], step, per_width, places);
      } else {
        for (std::size_t j = 0; j < step; ++j) places[j] = whole_part(values[i + j], per_width);
      }
      for (std::size_t j = 0; j < step; j += 16) {
        fetch_one_part_ahead(&values[i + j]);
        count_eight(places + j, zero);
        count_eight(places + j + 8, zero);
      }
    }
    for (; i < values.size(); ++i) ++zero[whole_part(values[i], per_width)];
  }
  /// A loop round each took 1.4 times as long.
  static void count_eight(const std::int32_t* places, std::uint64_t* zero) noexcept {
    ++zero[places[0]], ++zero[places[1]], ++zero[places[2]], ++zero[places[3]];
    ++zero[places[4]], ++zero[places[5]], ++zero[places[6]], ++zero[places[7]];
  }
  /// Memory is the limit of a search for the range, and has nothing to do while values are counted.
  static void fetch_one_part_ahead(const float* x) noexcept {
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(x) + sizeof(float) * part));
  }
  /// trunc(|x| * factor), counted from 0 up and from -1 down: the place of x, without rounding since the width is a
  /// power of two.
  static std::int32_t whole_part(float x, float factor) noexcept {
    return static_cast<std::int32_t>(x * factor) - (x < 0);
  }

  std::vector<float> values_;
  std::vector<std::uint64_t> counts_;
  int exponent_ = least_exponent;
  value_range range_;
};

}  // namespace pare
