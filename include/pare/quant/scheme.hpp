// scheme.hpp: how an interval of real numbers becomes a scale and a zero point.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
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

namespace detail {
/// The greater magnitude of two bounds; NaN if one of them is.
inline double reach(double min, double max) noexcept {
  const double a = std::abs(min), b = std::abs(max);
  return a > b || a != a ? a : b;
}
}  // namespace detail

/// Zero point 0, scale max(|min|, |max|) / (largest code). The range has no -2^(bits - 1) unless another is named:
/// symmetric<std::int8_t> is [-127, 127] (TFLite weights), symmetric<std::int8_t, s8> is [-128, 127].
template <class T, IntegerRange R = narrow_range<std::make_signed_t<T>>>
struct symmetric {
  static_assert(std::is_signed_v<T>, "pare: a symmetric scheme needs a signed type; use affine<T> for an unsigned one");
  static_assert(std::is_same_v<T, typename R::type>, "pare: the range of symmetric<T, range> must be stored in T");
  using range = R;
  static constexpr bool maps_zero_to_zero = true;
  static affine_map choose(double min, double max) { return choose_symmetric<R>(detail::reach(min, max)); }
};

/// Any zero point in the range, which is the whole of T unless another is named; parameters as TFLite chooses them.
template <class T, IntegerRange R = full_range<T>>
struct affine {
  static_assert(std::is_same_v<T, typename R::type>, "pare: the range of affine<T, range> must be stored in T");
  using range = R;
  static constexpr bool maps_zero_to_zero = false;
  static affine_map choose(double min, double max) { return choose_affine_tflite<R>(min, max); }
};

/// Qm.n: zero point 0 and scale 2^-FractionBits, whatever the data; or, without FractionBits, the most fraction bits
/// with which the data fits. Division by a power of two is exact as a product, so kernels multiply.
inline constexpr int searched = std::numeric_limits<int>::min();
template <class T, int FractionBits = searched, IntegerRange R = full_range<T>>
struct fixed_point {
  static_assert(std::is_signed_v<T>, "pare: fixed_point<T> is signed, Qm.n; use affine<T> for unsigned codes");
  static_assert(FractionBits == searched || (FractionBits >= -126 && FractionBits <= 126),
                "pare: fixed_point<T, FractionBits> has scale 2^-FractionBits, a float: -126 to 126 bits");
  using range = R;
  using stepping = multiplied;
  static constexpr bool maps_zero_to_zero = true;
  static affine_map choose(double min, double max) {
    if constexpr (FractionBits == searched) {
      return choose_power_of_two<R>(detail::reach(min, max));
    } else {
      return {std::ldexp(1.f, -FractionBits), 0};
    }
  }
};

/// The scheme S, with codes defined by a product with the reciprocal of the scale, as in XNNPACK.
template <Scheme S>
struct by_reciprocal : S {
  using stepping = multiplied;
};

namespace detail {
template <class S>
struct named_stepping {
  using type = divided;
};
template <class S>
requires Stepping<typename S::stepping>
struct named_stepping<S> {
  using type = typename S::stepping;
};
}  // namespace detail
/// How a scheme turns numbers into steps of its scale: its member type `stepping`, or `divided`.
template <Scheme S>
using stepping_of = typename detail::named_stepping<S>::type;

}  // namespace pare
