// fixed_point.hpp: exp and 1 / (1 + x) on fixed-point numbers, by integer arithmetic alone: the same bits everywhere.
//
// A number of `Bits` integer bits is raw / 2^(31 - Bits). The polynomials and constants are gemmlowp's
// (fixedpoint/fixedpoint.h), which define TFLite's integer softmax.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "multiplier.hpp"

namespace pare {

/// x * 2^exponent, rounded half away for a negative exponent, saturated for a positive one.
constexpr std::int32_t multiply_by_power(std::int32_t x, int exponent) noexcept {
  if (exponent <= 0) return divide_by_power(x, -exponent);
  const std::int64_t wide = std::int64_t{x} * (std::int64_t{1} << exponent);
  if (wide > std::numeric_limits<std::int32_t>::max()) return std::numeric_limits<std::int32_t>::max();
  if (wide < std::numeric_limits<std::int32_t>::min()) return std::numeric_limits<std::int32_t>::min();
  return static_cast<std::int32_t>(wide);
}

/// exp(a) for a in [-1/4, 0), both with 0 integer bits: a Taylor polynomial around -1/8.
constexpr std::int32_t exp_near_zero(std::int32_t a) noexcept {
  constexpr std::int32_t exp_of_minus_one_eighth = 1895147668, one_third = 715827883;
  const std::int32_t x = a + (1 << 28);
  const std::int32_t x2 = multiply_q31(x, x), x3 = multiply_q31(x2, x), x4 = multiply_q31(x2, x2);
  const std::int32_t tail = divide_by_power(multiply_q31(divide_by_power(x4, 2) + x3, one_third) + x2, 1);
  return exp_of_minus_one_eighth + multiply_q31(exp_of_minus_one_eighth, x + tail);
}

/// exp(a) with 0 integer bits (1 is 2^31 - 1) for a <= 0 with `Bits` integer bits, 0 <= Bits <= 5.
template <int Bits>
constexpr std::int32_t exp_of_negative(std::int32_t a) noexcept {
  static_assert(Bits >= 0 && Bits <= 5);
  // exp(-2^e) for e = -2, -1, ...: the bits of what lies below the last quarter choose the factors.
  constexpr std::int32_t powers[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  constexpr std::int32_t quarter = std::int32_t{1} << (29 - Bits);
  if (a == 0) return std::numeric_limits<std::int32_t>::max();
  const std::int32_t rest = (a & (quarter - 1)) - quarter;
  const std::int32_t quarters = rest - a;
  std::int32_t result = exp_near_zero(multiply_by_power(rest, Bits));
  for (int i = 0; i < Bits + 2; ++i) {
    if ((quarters >> (29 - Bits + i)) & 1) result = multiply_q31(result, powers[i]);
  }
  return result;
}

/// 1 / (1 + x) for x in [0, 1), both with 0 integer bits, by three Newton steps from 48/17 - 32/17 d, d = (1 + x) / 2.
constexpr std::int32_t reciprocal_of_one_plus(std::int32_t x) noexcept {
  constexpr std::int32_t c48_over_17 = 1515870810, minus_32_over_17 = -1010580540, one = 1 << 29;  // 2 integer bits
  // (x + 1 + 1) / 2 of non-negative numbers: the half that rounds up.
  const auto d = static_cast<std::int32_t>((std::int64_t{x} + std::numeric_limits<std::int32_t>::max() + 1) / 2);
  std::int32_t y = c48_over_17 + multiply_q31(d, minus_32_over_17);
  for (int step = 0; step < 3; ++step) y += multiply_by_power(multiply_q31(y, one - multiply_q31(d, y)), 2);
  return multiply_by_power(y, 1);
}

}  // namespace pare
