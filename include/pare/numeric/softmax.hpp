// softmax.hpp: the softmax of quantized numbers in integers: its terms, and what one row needs of them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "../core/error.hpp"
#include "../core/standard.hpp"
#include "fixed_point.hpp"
#include "rounding.hpp"

namespace pare {

/// Softmax of 8-bit codes. Differences to the row's maximum are scaled to 5 integer bits; those below `least` give 0.
/// Source: TFLite, SOFTMAX. The output's scale is 1 / 256 with zero point -128 (s8), or 1 / 32768 with 0 (s16).
struct softmax_terms {
  std::int32_t value = 0;  ///< of the multiplier value * 2^(shift - 31) of a difference
  std::int32_t shift = 0;
  std::int32_t least = 0;

  /// exp(difference) with 0 integer bits. Pre: least <= difference <= 0.
  constexpr std::int32_t exp(std::int32_t difference) const noexcept {
    return exp_of_negative<5>(multiply_q31(shift_left(difference, shift), value));
  }
};

/// What the exponentials of a row are multiplied by: their sum's reciprocal, in [1/2, 1], and a shift.
struct softmax_norm {
  std::int32_t reciprocal = 0;
  std::int32_t shift = 0;

  /// sum: of exp / 2^12 over a row, each rounded half away. Pre: sum > 0.
  static constexpr softmax_norm of(std::int32_t sum) noexcept {
    const int zeros = std::countl_zero(static_cast<std::uint32_t>(sum));
    const std::uint32_t fraction = (static_cast<std::uint32_t>(sum) << zeros) - (std::uint32_t{1} << 31);
    return {reciprocal_of_one_plus(static_cast<std::int32_t>(fraction)), 12 - zeros};
  }
  /// The probability of an exponential as a code of Out: [0, 1) over Out's whole range.
  template <class Out>
  constexpr Out code(std::int32_t exp) const noexcept {
    using limits = std::numeric_limits<Out>;
    const std::int32_t bits = shift + 31 - 8 * static_cast<std::int32_t>(sizeof(Out));
    const std::int32_t scaled = divide_by_power(multiply_q31(reciprocal, exp), bits) + limits::min();
    return static_cast<Out>(clamped<std::int32_t>(scaled, limits::min(), limits::max()));
  }
};

/// A function of 16-bit codes as 513 numbers and straight lines between them. Source: TFLite, LUTPopulate.
struct curve {
  std::array<std::int16_t, 513> points{};

  constexpr std::int16_t operator()(std::int16_t x) const noexcept {
    const auto i = static_cast<std::size_t>(256 + (x >> 7));
    const int base = points[i], slope = points[i + 1] - base;
    return static_cast<std::int16_t>(base + ((slope * (x & 0x7f) + 64) >> 7));
  }
};

/// f over [low, high] as a curve of codes with 15 fraction bits; each point is moved by half the error in the middle of
/// its line.
template <class F>
curve curve_of(const F& f, double low, double high) {
  constexpr half_away round{};
  constexpr double one = 32768;
  const double step = (high - low) / 512;
  const auto code = [](double x) { return static_cast<std::int16_t>(clamped(x, -32768.0, 32767.0)); };
  curve result;
  for (int i = 0; i < 512; ++i) {
    const double x = low + i * step, here = round(f(x) * one);
    const double middle = round((f(low + (i + 1) * step) * one + here) / 2);
    result.points[static_cast<std::size_t>(i)] = code(here - round((middle - round(f(x + step / 2) * one)) / 2));
  }
  result.points[512] = code(round(f(high) * one));
  return result;
}

/// Softmax of 16-bit codes with zero point 0; the output's scale is 1 / 32768. Source: TFLite, SoftmaxInt16.
struct softmax_curves {
  fixed_multiplier multiplier;  ///< a difference to [-65535, 0], which stands for [-10, 0]
  curve exponential, reciprocal;

  /// exp(difference) with 15 fraction bits. Pre: -65535 <= difference <= 0.
  constexpr std::int32_t exp(std::int32_t difference) const noexcept {
    const std::int32_t scaled =
        divide_by_power(multiply_q31(shift_left(difference, larger(multiplier.shift, 0)), multiplier.value),
                        larger(-multiplier.shift, 0));
    return exponential(static_cast<std::int16_t>(clamped(scaled + 32767, -32768, 32767)));
  }
  /// The probability of `exp` in a row of which the exponentials' sum is `sum`, in [0, 32767].
  constexpr std::int16_t code(std::int32_t exp, std::int32_t sum) const noexcept {
    const int zeros = std::countl_zero(static_cast<std::uint32_t>(sum));
    const auto shifted = static_cast<std::int32_t>(((std::int64_t{sum} << (zeros - 1)) + (1 << 13)) >> 14);
    const std::int16_t factor =
        reciprocal(static_cast<std::int16_t>(clamped(shifted - (1 << 15) - (1 << 16), -32768, 32767)));
    const std::int64_t product = shift_right_rounding(std::int64_t{exp} * factor, 31 - zeros);
    return static_cast<std::int16_t>(clamped<std::int64_t>(product, 0, 32767));
  }
};

inline namespace PARE_UNIT {

/// The terms of softmax(beta * x) for 8-bit codes of this scale. Fails unless beta * scale is finite and above 2^-26,
/// where a difference of codes still makes one.
inline softmax_terms softmax_of(float scale, float beta = 1) {
  const double M = smaller(static_cast<double>(beta) * static_cast<double>(scale) * 0x1p26, 0x1p31 - 1);
  if (!(M > 1)) fail("beta * scale", "a finite number above 2^-26", static_cast<double>(beta) * scale);
  const fixed_multiplier m = decompose(M);
  const double least = 31 * 0x1p26 / static_cast<double>(std::int64_t{1} << m.shift);  // positive: cut off below
  return {m.value, m.shift, -static_cast<std::int32_t>(least)};
}

/// The terms of softmax(beta * x) for 16-bit codes of this scale. Fails unless beta * scale is finite and not negative.
inline softmax_curves softmax_curves_of(float scale, float beta = 1) {
  const double M = static_cast<double>(scale) * static_cast<double>(beta) / (10.0 / 65535.0);
  if (!(M >= 0 && M < 0x1p14)) fail("beta * scale", "a number in [0, 2.5)", static_cast<double>(beta) * scale);
  return {decompose(M), curve_of([](double x) { return real::exp(x); }, -10, 0),
          curve_of([](double x) { return 1 / (1 + x); }, 0, 1)};
}

}  // namespace PARE_UNIT
}  // namespace pare
