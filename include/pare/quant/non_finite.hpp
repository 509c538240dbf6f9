// non_finite.hpp: what becomes of infinities and NaN when they are quantized.
#pragma once

#include <concepts>

#include "../core/error.hpp"

namespace pare {

/// NonFinite: the number that is quantized instead of an infinity or a NaN; NaN again means the zero point.
template <class N>
concept NonFinite = requires(float x, double y) {
  { N::replace(x) } -> std::same_as<float>;
  { N::replace(y) } -> std::same_as<double>;
};

/// Infinities to the ends of the range, NaN to the zero point (ONNX leaves NaN open, TFLite does not look).
struct saturate_non_finite {
  template <std::floating_point F>
  static constexpr F replace(F x) noexcept {
    return x;
  }
};

/// Infinities and NaN to the zero point: what is no number adds nothing.
struct zero_non_finite {
  template <std::floating_point F>
  static constexpr F replace(F) noexcept {
    return 0;
  }
};

/// Infinities and NaN are the caller's mistake: they fail when they are read.
struct refuse_non_finite {
  template <std::floating_point F>
  static F replace(F x) {
    fail("quantize", "finite numbers, as the quantizer's non-finite policy says", x);
  }
};

}  // namespace pare
