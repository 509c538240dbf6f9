// affine.hpp: the affine map between codes and real numbers, how it is chosen, and one number through it.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "../core/error.hpp"
#include "../core/standard.hpp"
#include "range.hpp"
#include "rounding.hpp"

namespace pare {

/// real = scale * (code - zero_point).
struct affine_map {
  float scale = 1;
  std::int32_t zero_point = 0;
  friend constexpr bool operator==(const affine_map&, const affine_map&) = default;
};

/// How many steps of `scale` a number is, as TFLite and ONNX define it: a division, no reciprocal.
struct divided {
  template <std::floating_point F>
  static constexpr F steps(F x, float scale) noexcept {
    return x / static_cast<F>(scale);
  }
};
/// As XNNPACK defines it: a product with the reciprocal, which is rounded to float. For scales 2^e it is `divided`.
struct multiplied {
  template <std::floating_point F>
  static constexpr F steps(F x, float scale) noexcept {
    return x * static_cast<F>(1 / scale);
  }
};
template <class S>
concept Stepping = std::same_as<S, divided> || std::same_as<S, multiplied>;

/// clamp(round(x / scale) + zero_point) into R; not-a-number gives the zero point, infinities the ends of R.
/// Divides, or multiplies, in F and clamps before it converts. Pre: the map is valid for R.
template <IntegerRange R, Rounding Round = half_even, Stepping Steps = divided, std::floating_point F>
constexpr typename R::type quantize_value(F x, const affine_map& map, const Round& rounding = {},
                                          std::uint64_t position = 0) {
  static_assert(greatest_magnitude<R> <= std::int64_t{1} << 32, "pare: codes have at most 32 bits");
  // Wide enough for every code - zero_point to be exact.
  constexpr bool narrow = 2 * greatest_magnitude<R> <= std::int64_t{1} << 23;
  using real = std::conditional_t<narrow || (sizeof(F) > sizeof(double)), F, double>;
  using whole = std::conditional_t<narrow, std::int32_t, std::int64_t>;
  if (x != x) return static_cast<typename R::type>(map.zero_point);
  const real rounded = rounding(Steps::steps(x, map.scale), position);
  const real low = static_cast<real>(R::min - map.zero_point), high = static_cast<real>(R::max - map.zero_point);
  return static_cast<typename R::type>(static_cast<whole>(clamped(rounded, low, high)) + map.zero_point);
}

/// scale * (code - zero_point), the difference exact, the product in float.
template <std::integral T>
constexpr float dequantize_value(T code, const affine_map& map) noexcept {
  using whole = std::conditional_t<sizeof(T) <= 2, std::int32_t, std::int64_t>;
  return map.scale * static_cast<float>(static_cast<whole>(code) - map.zero_point);
}

namespace detail {
/// A positive, finite float next to s. Pre: s >= 0.
constexpr float to_scale(double s) noexcept {
  using limits = std::numeric_limits<float>;
  return static_cast<float>(clamped(s, double{limits::denorm_min()}, double{limits::max()}));
}
/// False for infinities and not-a-numbers.
template <std::floating_point F>
constexpr bool is_finite(F x) noexcept {
  return x - x == 0;
}
}  // namespace detail

inline namespace PARE_UNIT {

/// Fails unless the scale is finite and above zero and the zero point is a code of R.
template <IntegerRange R>
void expect_valid(const detail::text_part& argument, const affine_map& map) {
  if (!detail::is_finite(map.scale) || !(map.scale > 0)) {
    fail(words(argument, ".scale"), "a finite number above 0", map.scale);
  }
  if (map.zero_point < R::min || map.zero_point > R::max) {
    fail(words(argument, ".zero_point"), words("a code in [", R::min, ", ", R::max, "]"), map.zero_point);
  }
}

/// The map that TFLite chooses for real numbers in [min, max], widened to contain 0; scale 1 if that is [0, 0].
/// Fails if the bounds are not finite or in the wrong order. Source: TFLite, ChooseQuantizationParams.
template <IntegerRange R>
constexpr affine_map choose_affine_tflite(double min, double max) {
  static_assert(R::min < R::max, "pare: an affine map needs a range of at least two codes");
  if (!detail::is_finite(min)) fail("min", "a finite number", min);
  if (!detail::is_finite(max) || max < min) fail("max", "a finite number, at least min", max);
  min = smaller(min, 0.0);
  max = larger(max, 0.0);
  constexpr double low = static_cast<double>(R::min), high = static_cast<double>(R::max);
  if (min == max) return {1, static_cast<std::int32_t>(clamped(0.0, low, high))};
  const double scale = (max - min) / (high - low);
  // The side with the smaller magnitudes has the smaller rounding error.
  const bool from_min = (low < 0 ? -low : low) - min / scale < (high < 0 ? -high : high) + max / scale;
  const double zero_point = from_min ? low - min / scale : high - max / scale;
  return {detail::to_scale(scale), static_cast<std::int32_t>(half_away{}(clamped(zero_point, low, high)))};
}

/// Zero point 0 and scale max_abs / R::max, for real numbers in [-max_abs, max_abs]; scale 1 if max_abs is 0.
/// Fails if max_abs is negative or not finite.
template <IntegerRange R>
constexpr affine_map choose_symmetric(double max_abs) {
  static_assert(R::min <= 0 && R::max > 0, "pare: a symmetric map needs a range with 0 and a code above it");
  if (!detail::is_finite(max_abs) || max_abs < 0) fail("max_abs", "a finite number of at least 0", max_abs);
  return {max_abs == 0 ? 1 : detail::to_scale(max_abs / static_cast<double>(R::max)), 0};
}

/// Zero point 0 and the least power of two with which max_abs is within R: a fixed-point format (Qm.n) with as many
/// fraction bits as its whole part leaves; scale 1 if max_abs is 0. Fails if max_abs is negative or not finite.
template <IntegerRange R>
constexpr affine_map choose_power_of_two(double max_abs) {
  if (!detail::is_finite(max_abs) || max_abs < 0) fail("max_abs", "a finite number of at least 0", max_abs);
  if (max_abs == 0) return {};
  const double most = static_cast<double>(R::max);
  double power = 0x1p-126;  // its reciprocal is a float as well
  while (power < 0x1p126 && power * most < max_abs) power *= 2;
  return {static_cast<float>(power), 0};
}

/// The u8 map of ONNX DynamicQuantizeLinear for real numbers in [min, max], in float as its specification says.
/// Fails as choose_affine_tflite does.
constexpr affine_map choose_affine_onnx_u8(float min, float max) {
  if (!detail::is_finite(min)) fail("min", "a finite number", min);
  if (!detail::is_finite(max) || max < min) fail("max", "a finite number, at least min", max);
  min = smaller(min, 0.f);
  max = larger(max, 0.f);
  if (min == max) return {};
  const float scale = detail::to_scale(double{(max - min) / 255});
  return {scale, static_cast<std::int32_t>(half_even{}(clamped(-min / scale, 0.f, 255.f)))};
}

}  // namespace PARE_UNIT
}  // namespace pare
