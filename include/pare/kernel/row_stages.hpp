// row_stages.hpp: stages that differ from row to row: what zero points of weights, and activations that are quantized
// row by row, add to an epilogue. Their arrays begin at row `first`, so that a call can have them for some rows only.
#pragma once

#include "epilogue.hpp"

namespace pare {

/// int32 sum + values[row].
struct row_terms_stage : stage {
  const std::int32_t* values;
  index first;
};

/// Takes the zero point of a row's activations out of its sums: sum - zero_points[row] * sums[column], where sums[j] is
/// the sum of channel j's weights (int32), or of the real ones in float if the value is a real.
template <class T>
struct row_zero_points_stage : stage {
  const std::int32_t* zero_points;
  index first;
  const T* sums;
};

/// real * scales[row].
struct row_scales_stage : stage {
  const float* scales;
  index first;
};

template <value_kind In>
struct after<In, row_terms_stage> : gives<In> {
  static_assert(In == value_kind::sum32, "pare: row terms are added to int32 sums");
};
template <value_kind In, class T>
struct after<In, row_zero_points_stage<T>> : gives<In> {
  static_assert(In == (std::is_same_v<T, float> ? value_kind::real : value_kind::sum32),
                "pare: zero points of rows are taken out of int32 sums with int32 sums of weights, out of reals with "
                "float ones");
};
template <value_kind In>
struct after<In, row_scales_stage> : gives<In> {
  static_assert(In == value_kind::real, "pare: rows are scaled as reals; put dequantize first");
};

}  // namespace pare
