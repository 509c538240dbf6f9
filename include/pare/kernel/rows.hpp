// rows.hpp: what is done to activations before they are multiplied, row by row: sums, and floats to codes with a scale
// for each row.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "../core/standard.hpp"
#include "../core/view.hpp"
#include "../numeric/activation.hpp"
#include "gemm.hpp"

namespace pare {

/// Where the codes and maps of rows go: codes[i * stride + l], scales[i], zero_points[i].
struct row_codes {
  std::int8_t* codes = nullptr;
  index stride = 0;
  float* scales = nullptr;
  std::int32_t* zero_points = nullptr;
};

/// The map of a row whose numbers are in [low, high], which holds 0: TFLite's choice over all of int8 (TFLite,
/// asymmetric_quantize_inputs). An infinite end counts as the largest finite number.
inline affine_map row_map(float low, float high) noexcept {
  constexpr float most = std::numeric_limits<float>::max();
  return choose_affine_tflite<s8>(double{larger(low, -most)}, double{smaller(high, most)});
}

}  // namespace pare

#define PARE_KERNEL_FILE "../kernel/rows.inl"
#include "../simd/for_each_target.inc"

namespace pare::inline PARE_UNIT {

// Each runs the function of this name on target t. Pre: available(t).
#define PARE_ON_EVERY_TARGET()                                 \
  switch (t) {                                                 \
    PARE_FOR_EACH_TARGET(PARE_CASE)                            \
    default:                                                   \
      assert(false && "pare: this target is not compiled in"); \
  }

/// sums[i] = sum of x[i, :], modulo 2^32. T has 8 bits.
template <class T>
void sum_rows(const matrix_view<const T>& x, std::int32_t* sums, target t) noexcept {
  static_assert(std::is_integral_v<T> && sizeof(T) == 1);
#define PARE_CASE(name) \
  case target::name:    \
    return name::sum_rows(x, sums);
  PARE_ON_EVERY_TARGET()
#undef PARE_CASE
}

/// Rows [begin, end) of x to codes and maps: codes = quantize_value<s8>(x, row_map(row), half_even).
template <class T>
requires std::is_same_v<T, float>
void quantize_rows(const matrix_view<const T>& x, const row_codes& to, index begin, index end, target t) noexcept {
#define PARE_CASE(name) \
  case target::name:    \
    return name::quantize_rows(x, to, begin, end);
  PARE_ON_EVERY_TARGET()
#undef PARE_CASE
}

/// terms[i, g] = -8 * sum of x[i, g * group ...], g < groups, for rows [begin, end): what grouped_call and 4-bit
/// weights want.
template <class T>
void sum_groups(const matrix_view<const T>& x, index groups, index group, std::int32_t* terms, index begin, index end,
                target t) noexcept {
#define PARE_CASE(name) \
  case target::name:    \
    return name::sum_groups(x, groups, group, terms, begin, end);
  PARE_ON_EVERY_TARGET()
#undef PARE_CASE
}
#undef PARE_ON_EVERY_TARGET

}  // namespace pare::inline PARE_UNIT
