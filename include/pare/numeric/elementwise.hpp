// elementwise.hpp: the layers that treat every element by itself, on quantized numbers, as functions of codes.
//
// Each is a type that holds its numbers in fixed-point form and maps codes (or floats) to a code: the definition that
// reference/ runs as it is and kernel/elementwise.inl repeats over 16 lanes.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>

#include "../core/standard.hpp"
#include "activation.hpp"
#include "multiplier.hpp"

namespace pare {

/// M * x in integers, a rounding high product and then a rounding shift: what the policy `tflite` computes before it
/// clamps. Pre: x * 2^shift fits int32 if shift > 0.
constexpr std::int32_t scaled_by(std::int32_t x, const fixed_multiplier& m) noexcept {
  return divide_by_power(multiply_q31(shift_left(x, larger(m.shift, 0)), m.value), larger(-m.shift, 0));
}

/// a + b, or a - b, of codes under different maps: both are brought to a common finer scale, added, and brought to the
/// output's. Source: TFLite, ADD and SUB.
template <bool Subtract = false>
struct quantized_sum {
  std::int32_t a_zero_point = 0, b_zero_point = 0;
  std::int32_t left_shift = 20;  ///< bits of the common scale below the inputs': 20 for 8-bit codes, 15 for 16-bit
  fixed_multiplier a, b, sum;
  output_map output;

  constexpr std::int32_t operator()(std::int32_t x, std::int32_t y) const noexcept {
    const std::int32_t first = scaled_by(shift_left(x - a_zero_point, left_shift), a);
    const std::int32_t second = scaled_by(shift_left(y - b_zero_point, left_shift), b);
    return detail::to_code(scaled_by(Subtract ? first - second : first + second, sum), output);
  }
};
using quantized_difference = quantized_sum<true>;

/// a * b of codes under different maps. Source: TFLite, MUL.
struct quantized_product {
  std::int32_t a_zero_point = 0, b_zero_point = 0;
  fixed_multiplier product;
  output_map output;

  constexpr std::int32_t operator()(std::int32_t x, std::int32_t y) const noexcept {
    return detail::to_code(scaled_by((x - a_zero_point) * (y - b_zero_point), product), output);
  }
};

/// The larger or the smaller of two numbers under one map, floats or codes.
template <bool Larger>
struct extremum {
  template <class T>
  constexpr T operator()(T x, T y) const noexcept {
    return Larger ? (x > y ? x : y) : (x < y ? x : y);
  }
};
using maximum = extremum<true>;
using minimum = extremum<false>;

/// min(max(a + sign * b, low), high) of floats; sign is 1 or -1.
struct real_sum {
  float sign = 1;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  constexpr float operator()(float x, float y) const noexcept { return smaller(larger(x + sign * y, low), high); }
};
/// min(max(a * b, low), high) of floats.
struct real_product {
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  constexpr float operator()(float x, float y) const noexcept { return smaller(larger(x * y, low), high); }
};

/// A code under one map to a code under another. Pre: x - zero_point fits 32 bits, as it does for all codes of 8 and 16
/// bits, and for all of 32 bits under zero point 0. Source: TFLite, Requantize.
struct rescale {
  std::int32_t zero_point = 0;
  fixed_multiplier multiplier;
  output_map output;

  constexpr std::int32_t operator()(std::int32_t x) const noexcept {
    return detail::to_code(scaled_by(x - zero_point, multiplier), output);
  }
};

/// x where it is at least 0, alpha * x below. Source: TFLite, LEAKY_RELU.
struct quantized_leaky_relu {
  std::int32_t zero_point = 0;
  fixed_multiplier positive, negative;
  output_map output;

  constexpr std::int32_t operator()(std::int32_t x) const noexcept {
    const std::int32_t value = x - zero_point;
    return detail::to_code(scaled_by(value, value >= 0 ? positive : negative), output);
  }
};

/// A code to the real number that it stands for.
struct code_to_real {
  affine_map map;
  template <std::integral T>
  constexpr float operator()(T code) const noexcept {
    return dequantize_value(code, map);
  }
};

/// The mean of `count` codes from their sum, under another map. Source: TFLite, MEAN (integer_ops).
struct quantized_mean {
  std::int32_t zero_points = 0;  ///< count * zero point of the inputs
  fixed_multiplier multiplier;   ///< of scale_x / scale_y / count
  output_map output;

  constexpr std::int32_t operator()(std::int32_t sum) const noexcept {
    return detail::to_code(scaled_by(sum - zero_points, multiplier), output);
  }
};

namespace detail {
/// M as a multiplier that `scaled_by` can apply; fails for one below 0, not finite, or of `limit` and more.
constexpr fixed_multiplier checked_multiplier(const char* argument, double M, double limit = 0x1p29) {
  if (!(M >= 0 && M < limit)) fail(argument, words("a ratio of at least 0 and below ", limit), M);
  return decompose(M);
}

/// How far codes of R may be shifted left in int32.
template <IntegerRange R>
inline constexpr std::int32_t sum_shift = R::max - R::min < 256 ? 20 : 15;
}  // namespace detail

inline namespace PARE_UNIT {

/// a + b (or a - b) of codes of R into codes of R, clamped to `output`'s interval (see numeric/activation.hpp).
/// Fails on a map that is not valid, or an output scale so fine that the sums cannot reach it.
template <IntegerRange R, bool Subtract = false>
constexpr quantized_sum<Subtract> sum_of(const affine_map& a, const affine_map& b, const affine_map& y,
                                         const output_map& output) {
  expect_valid<R>("a", a), expect_valid<R>("b", b), expect_valid<R>("y", y);
  const double common = 2 * static_cast<double>(larger(a.scale, b.scale));
  const double finer = static_cast<double>(std::int32_t{1} << detail::sum_shift<R>);
  return {a.zero_point,
          b.zero_point,
          detail::sum_shift<R>,
          decompose(static_cast<double>(a.scale) / common),
          decompose(static_cast<double>(b.scale) / common),
          detail::checked_multiplier("2 * max(a.scale, b.scale) / y.scale / 2^left_shift",
                                     common / (finer * static_cast<double>(y.scale)), 1),
          output};
}

template <IntegerRange R>
constexpr quantized_difference difference_of(const affine_map& a, const affine_map& b, const affine_map& y,
                                             const output_map& output) {
  return sum_of<R, true>(a, b, y, output);
}

/// a * b of codes of R into codes of R, clamped to `output`'s interval. Fails on a map that is not valid.
template <IntegerRange R>
constexpr quantized_product product_of(const affine_map& a, const affine_map& b, const affine_map& y,
                                       const output_map& output) {
  expect_valid<R>("a", a), expect_valid<R>("b", b), expect_valid<R>("y", y);
  const double M = static_cast<double>(a.scale) * static_cast<double>(b.scale) / static_cast<double>(y.scale);
  return {a.zero_point, b.zero_point, detail::checked_multiplier("a.scale * b.scale / y.scale", M, 1), output};
}

/// Codes of R under x to codes under y, clamped to `output`'s interval. Fails on a map that is not valid, or a ratio
/// of scales at which codes of R would leave int32.
template <IntegerRange R>
constexpr rescale rescale_of(const affine_map& x, const affine_map& y, const output_map& output) {
  expect_valid<R>("x", x);
  // A shift to the left must leave room for x - zero point.
  constexpr double room = 0x1p31 / (static_cast<double>(R::max) - static_cast<double>(R::min) + 1);
  const double M = static_cast<double>(x.scale) / static_cast<double>(y.scale);
  return {x.zero_point, detail::checked_multiplier("x.scale / y.scale", M, larger(room, 1.0)), output};
}

/// Codes of R under x to codes under y, scaled_by by alpha where they are below zero. Fails as rescale_of does, or if
/// alpha is negative. (TFLite computes the two multipliers in float.)
template <IntegerRange R>
constexpr quantized_leaky_relu leaky_relu_of(float alpha, const affine_map& x, const affine_map& y,
                                             const output_map& output) {
  expect_valid<R>("x", x);
  constexpr double room = 0x1p31 / (static_cast<double>(R::max) - static_cast<double>(R::min) + 1);
  return {x.zero_point,
          detail::checked_multiplier("x.scale / y.scale", static_cast<double>(x.scale / y.scale), larger(room, 1.0)),
          detail::checked_multiplier("x.scale * alpha / y.scale", static_cast<double>(x.scale * alpha / y.scale),
                                     larger(room, 1.0)),
          output};
}

/// The mean of `count` codes of R under x as a code under y, clamped to `output`'s interval. Fails on a map that is not
/// valid, or if a sum of so many differences to the zero point may leave int32.
template <IntegerRange R>
constexpr quantized_mean mean_of(index count, const affine_map& x, const affine_map& y, const output_map& output) {
  expect_valid<R>("x", x);
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max() / (R::max - R::min + 1);
  if (count < 1 || count > most) fail("count", words("in [1, ", most, "]"), count);
  const double M = static_cast<double>(x.scale) / static_cast<double>(y.scale);
  fixed_multiplier m = detail::checked_multiplier("x.scale / y.scale", M, 0x1p30);
  // The count is divided out of the fraction, after as many bits as there is room for are shifted in.
  const int bits = smaller(smaller(63 - std::countl_zero(static_cast<std::uint64_t>(count)), 32), 31 + m.shift);
  m.value = static_cast<std::int32_t>((std::int64_t{m.value} << bits) / count);
  m.shift -= bits;
  return {static_cast<std::int32_t>(count) * x.zero_point, m, output};
}

}  // namespace PARE_UNIT
}  // namespace pare
