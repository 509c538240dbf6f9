// scheme.hpp: how an interval of real numbers becomes a scale and a zero point.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <type_traits>

#include "../numeric/affine.hpp"

namespace pare {

/// Scheme: the range of the codes, and the affine map it chooses for values in [min, max].
/// `maps_zero_to_zero` promises that every map has zero point 0, so that a pruned weight stays 0.
template <class S>
concept Scheme = IntegerRange<typename S::range> && requires(double bound) {
  { S::choose(bound, bound) } -> std::same_as<affine_map>;
  { S::maps_zero_to_zero } -> std::convertible_to<bool>;
};

/// Zero point 0, scale max(|min|, |max|) / (largest code). The range has no -2^(bits - 1) unless another is named:
/// symmetric<std::int8_t> is [-127, 127] (TFLite weights), symmetric<std::int8_t, s8> is [-128, 127].
template <class T, IntegerRange R = narrow_range<std::make_signed_t<T>>>
struct symmetric {
  static_assert(std::is_signed_v<T>, "pare: a symmetric scheme needs a signed type; use affine<T> for an unsigned one");
  static_assert(std::is_same_v<T, typename R::type>, "pare: the range of symmetric<T, range> must be stored in T");
  using range = R;
  static constexpr bool maps_zero_to_zero = true;
  static affine_map choose(double min, double max) {
    return choose_symmetric<R>(std::max(std::abs(min), std::abs(max)));
  }
};

/// Any zero point in the range, which is the whole of T unless another is named; parameters as TFLite chooses them.
template <class T, IntegerRange R = full_range<T>>
struct affine {
  static_assert(std::is_same_v<T, typename R::type>, "pare: the range of affine<T, range> must be stored in T");
  using range = R;
  static constexpr bool maps_zero_to_zero = false;
  static affine_map choose(double min, double max) { return choose_affine_tflite<R>(min, max); }
};

}  // namespace pare
