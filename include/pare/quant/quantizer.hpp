// quantizer.hpp: scheme x granularity x rounding x calibration x non-finite policy, the choices of a quantizer under
// one name.
#pragma once

#include "calibration.hpp"
#include "calibrator.hpp"
#include "non_finite.hpp"

namespace pare {

/// The types say which codes there are, what shares a scale, how to round, how to look at data, and what becomes of
/// infinities and NaN; the values are the parts' own numbers (a seed, a percentile): `q{.rounding = {.seed = 7}}`.
template <Scheme S, Granularity G = per_tensor, Rounding R = half_even, Calibration C = min_max,
          NonFinite N = saturate_non_finite>
struct quantizer {
  using scheme = S;
  using granularity = G;
  using rounding_type = R;
  using calibration_type = C;
  using non_finite = N;
  using range = typename S::range;
  using storage = typename range::type;

  [[no_unique_address]] R rounding{};
  C calibration{};

  /// Looks at all of `values` now and chooses the parameters: an expression with a shape, or a sized range (one axis).
  /// Fails if there are none, or if some are not finite.
  template <class V>
  quantization<quantizer> calibrate(const V& values) const {
    return calibrator<quantizer>(*this).observe(values).finish();
  }
};

/// Any quantizer<...>.
template <class Q>
concept Quantizer =
    Scheme<typename Q::scheme> && Granularity<typename Q::granularity> && Rounding<typename Q::rounding_type> &&
    Calibration<typename Q::calibration_type> && NonFinite<typename Q::non_finite>;

}  // namespace pare
