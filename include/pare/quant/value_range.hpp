// value_range.hpp: the least and the greatest of many values, at the speed of memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

#include "../core/error.hpp"

namespace pare {

/// The bounds of the values seen so far; min > max if there were none.
struct value_range {
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();

  bool empty() const noexcept { return min > max; }
  void include(const value_range& other) noexcept {
    min = std::min(min, other.min);
    max = std::max(max, other.max);
  }
};

inline namespace PARE_UNIT {

/// The bounds of `values`. Fails if one of them is infinite or NaN.
inline value_range range_of(std::span<const float> values) {
  // Four independent rows of four lanes hide the latency of a comparison on every processor.
  typedef float row __attribute__((vector_size(16)));
  typedef float row_in_memory __attribute__((vector_size(16), aligned(alignof(float)), may_alias));
  constexpr std::size_t rows = 4, step = rows * 4;
  const value_range none;
  row low[rows], high[rows], odd[rows] = {};  // odd becomes NaN with the first value that is not finite, and stays NaN
  for (std::size_t r = 0; r < rows; ++r) low[r] = none.min + row{}, high[r] = none.max + row{};
  std::size_t i = 0;
  for (; i + step <= values.size(); i += step) {
    PARE_UNROLL for (std::size_t r = 0; r < rows; ++r) {
      const row x = *reinterpret_cast<const row_in_memory*>(values.data() + i + 4 * r);
      low[r] = x < low[r] ? x : low[r];
      high[r] = x > high[r] ? x : high[r];
      odd[r] += x - x;
    }
  }
  value_range all;
  bool finite = true;
  for (std::size_t r = 0; r < rows; ++r)
    for (int lane = 0; lane < 4; ++lane) {
      all.include({low[r][lane], high[r][lane]});
      finite &= odd[r][lane] == 0;
    }
  for (; i < values.size(); ++i) {
    all.include({values[i], values[i]});
    finite &= values[i] - values[i] == 0;
  }
  if (!finite) fail("calibration data", "finite values", "NaN or infinity");
  return all;
}

}  // namespace PARE_UNIT
}  // namespace pare
