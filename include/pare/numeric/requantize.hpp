// requantize.hpp: the named policies that turn an accumulator into a code of the output.
//
// Each is a formula for M * x, where M = scale_x * scale_w / scale_y, rounded to a whole number, followed by
// clamp(., min - zero_point, max - zero_point) + zero_point. They differ in the last bit, so the type names them.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include "../core/bits.hpp"
#include "../core/error.hpp"
#include "../core/standard.hpp"
#include "multiplier.hpp"
#include "rounding.hpp"

namespace pare {

/// The output's zero point and the interval it is clamped to: a fused activation's, inside the storage range.
/// Pre: min <= max, and min - zero_point and max - zero_point fit int32.
struct output_map {
  std::int32_t zero_point = 0;
  std::int32_t min = 0;
  std::int32_t max = 0;
};

/// The 4-byte words of one channel's multiplier.
template <class P>
using requantize_terms = std::array<std::int32_t, static_cast<std::size_t>(P::terms)>;

/// accepts(M): can the policy express this multiplier? from_scale(M): its words, for an accepted M. apply: the formula.
template <class P>
concept RequantizePolicy = (std::same_as<typename P::accumulator, std::int32_t> ||
                            std::same_as<typename P::accumulator, std::int64_t>)&&  //
    requires(double M, typename P::accumulator x, const requantize_terms<P>& terms, const output_map& out) {
  { P::accepts(M) } -> std::same_as<bool>;
  { P::from_scale(M) } -> std::same_as<requantize_terms<P>>;
  { P::apply(x, terms, out) } -> std::same_as<std::int32_t>;
};

namespace detail {
/// Clamps in the type of x, so that narrowing comes last.
template <std::integral T>
constexpr std::int32_t to_code(T x, const output_map& out) noexcept {
  const T low = T{out.min} - out.zero_point, high = T{out.max} - out.zero_point;
  return static_cast<std::int32_t>(clamped(x, low, high) + out.zero_point);
}
}  // namespace detail

/// TFLite's builtin kernels, TFLite-Micro and CMSIS-NN: a rounding high product, then a rounding shift.
/// Terms {value, shift} of decompose(M). x * 2^shift for M >= 1 wraps: pre: it fits int32.
struct tflite {
  using accumulator = std::int32_t;
  static constexpr int terms = 2;
  static constexpr bool accepts(double M) noexcept { return M >= 0 && M < 0x1p29; }
  static constexpr std::array<std::int32_t, terms> from_scale(double M) noexcept {
    const fixed_multiplier m = decompose(M);
    return {m.value, m.shift};
  }
  static constexpr std::int32_t apply(accumulator x, const std::array<std::int32_t, terms>& t,
                                      const output_map& out) noexcept {
    const std::int32_t product = multiply_q31(shift_left(x, larger(t[1], 0)), t[0]);
    return detail::to_code(divide_by_power(product, larger(-t[1], 0)), out);
  }
};

/// TFLite's single-rounding build and ruy: the exact product, rounded once. Terms as those of tflite.
struct tflite_single {
  using accumulator = std::int32_t;
  static constexpr int terms = 2;
  static constexpr bool accepts(double M) noexcept { return tflite::accepts(M); }
  static constexpr std::array<std::int32_t, terms> from_scale(double M) noexcept { return tflite::from_scale(M); }
  static constexpr std::int32_t apply(accumulator x, const std::array<std::int32_t, terms>& t,
                                      const output_map& out) noexcept {
    return detail::to_code(shift_right_rounding(std::int64_t{x} * t[0], 31 - t[1]), out);
  }
};

/// TFLite's 16-bit activations with int64 sums: the multiplier is first reduced to 16 bits, which is part of the
/// definition. Terms {reduced value, shift}. Pre: |x| <= 2^47.
struct tflite_int64 {
  using accumulator = std::int64_t;
  static constexpr int terms = 2;
  static constexpr bool accepts(double M) noexcept { return M >= 0 && M < 0x1p7; }
  static constexpr std::array<std::int32_t, terms> from_scale(double M) noexcept {
    const fixed_multiplier m = decompose(M);
    return {m.value < 0x7FFF0000 ? (m.value + (1 << 15)) >> 16 : 0x7FFF, m.shift};
  }
  static constexpr std::int32_t apply(accumulator x, const std::array<std::int32_t, terms>& t,
                                      const output_map& out) noexcept {
    return detail::to_code(shift_right_rounding(x * t[0], 15 - t[1]), out);
  }
};

/// XNNPACK's per-channel int8 and ONNX Runtime: a product of floats, clamped, rounded half to even.
/// Term: the bits of float(M). Pre: |min - zero_point| and |max - zero_point| are at most 2^24, exact in float.
struct float_nearest_even {
  using accumulator = std::int32_t;
  static constexpr int terms = 1;
  static constexpr bool accepts(double M) noexcept { return M >= 0 && M <= 0x1p127; }
  static constexpr std::array<std::int32_t, terms> from_scale(double M) noexcept {
    return {pare::bit_cast<std::int32_t>(static_cast<float>(M))};
  }
  static constexpr std::int32_t apply(accumulator x, const std::array<std::int32_t, terms>& t,
                                      const output_map& out) noexcept {
    const auto low = static_cast<float>(out.min - out.zero_point);
    const auto high = static_cast<float>(out.max - out.zero_point);
    const float product = static_cast<float>(x) * pare::bit_cast<float>(t[0]);
    return static_cast<std::int32_t>(half_even{}(clamped(product, low, high))) + out.zero_point;
  }
};

/// Fixed-point formats Qm.n: M is 2^-e with 0 <= e <= 31; x / 2^e, ties toward +infinity. Term: e.
struct power_of_two {
  using accumulator = std::int32_t;
  static constexpr int terms = 1;
  static constexpr bool accepts(double M) noexcept {
    constexpr auto fraction = (std::uint64_t{1} << 52) - 1;
    return M >= 0x1p-31 && M <= 1 && (pare::bit_cast<std::uint64_t>(M) & fraction) == 0;
  }
  static constexpr std::array<std::int32_t, terms> from_scale(double M) noexcept { return {1 - decompose(M).shift}; }
  static constexpr std::int32_t apply(accumulator x, const std::array<std::int32_t, terms>& t,
                                      const output_map& out) noexcept {
    return detail::to_code(shift_right_rounding(x, t[0]), out);
  }
};

inline namespace PARE_UNIT {

/// The words of M under P. Fails if P cannot express M: a negative or infinite one, or not a power of two for
/// power_of_two.
template <RequantizePolicy P>
constexpr requantize_terms<P> checked_terms(const detail::text_part& argument, double M) {
  if (!P::accepts(M)) fail(argument, "a multiplier that the requantization policy can express", M);
  return P::from_scale(M);
}

}  // namespace PARE_UNIT
}  // namespace pare
