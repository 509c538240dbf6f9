// multiplier.hpp: a positive real multiplier as a 32-bit fraction and a shift, and the integer steps that apply it.
#pragma once

#include <cstdint>
#include <limits>

#include "../core/bits.hpp"

namespace pare {

/// value * 2^(shift - 31): value is 0 or in [2^30, 2^31), shift in [-31, 31], left if positive.
struct fixed_multiplier {
  std::int32_t value = 0;
  std::int32_t shift = 0;
  friend constexpr bool operator==(const fixed_multiplier&, const fixed_multiplier&) = default;
};

/// The fixed multiplier next to M, ties up; below 2^-32 it is 0. Pre: 0 <= M < 2^31.
/// Source: TFLite, QuantizeMultiplier: frexp, then round_half_away(fraction * 2^31).
constexpr fixed_multiplier decompose(double M) noexcept {
  const auto bits = pare::bit_cast<std::uint64_t>(M);
  const auto exponent = static_cast<std::int32_t>(bits >> 52);
  if (exponent == 0) return {};  // zero and numbers below 2^-1022
  // M = fraction * 2^(exponent - 1022 - 53), with the leading bit that is not stored.
  const std::uint64_t fraction = (bits & ((std::uint64_t{1} << 52) - 1)) | (std::uint64_t{1} << 52);
  std::uint64_t value = (fraction + (std::uint64_t{1} << 21)) >> 22;
  std::int32_t shift = exponent - 1022;
  if (value == std::uint64_t{1} << 31) {
    value /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  return {static_cast<std::int32_t>(value), shift};
}

/// a * b / 2^31, ties toward +infinity; 2^31 - 1 for the one product that does not fit.
/// Source: gemmlowp, SaturatingRoundingDoublingHighMul (Arm: SQRDMULH).
constexpr std::int32_t multiply_q31(std::int32_t a, std::int32_t b) noexcept {
  constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
  if (a == least && b == least) return std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>((std::int64_t{a} * b + (std::int64_t{1} << 30)) >> 31);
}

/// x / 2^exponent, ties away from zero. Pre: 0 <= exponent <= 31. Source: gemmlowp, RoundingDivideByPOT.
constexpr std::int32_t divide_by_power(std::int32_t x, std::int32_t exponent) noexcept {
  const std::int64_t mask = (std::int64_t{1} << exponent) - 1;
  const std::int64_t remainder = x & mask;
  const std::int64_t threshold = (mask >> 1) + (x < 0);
  return (x >> exponent) + (remainder > threshold);
}

/// x * 2^exponent modulo 2^32. Pre: 0 <= exponent <= 31.
constexpr std::int32_t shift_left(std::int32_t x, std::int32_t exponent) noexcept {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(x) << exponent);
}

/// x / 2^exponent, ties toward +infinity. Pre: 0 <= exponent <= 62, x + 2^(exponent - 1) fits.
constexpr std::int64_t shift_right_rounding(std::int64_t x, std::int32_t exponent) noexcept {
  return (x + ((std::int64_t{1} << exponent) >> 1)) >> exponent;
}

}  // namespace pare
