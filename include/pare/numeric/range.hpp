// range.hpp: the values that an element may hold, as a type: an interval of integers, or a float.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "half.hpp"

namespace pare {

/// The integers Min..Max, stored in T. Narrower than T where a kernel or a proof needs it: int8 weights without -128.
template <std::integral T, std::int64_t Min, std::int64_t Max>
struct integer_range {
  static_assert(Min <= Max, "pare: integer_range<T, Min, Max> is empty; Min must not be above Max");
  static_assert(std::in_range<T>(Min) && std::in_range<T>(Max),
                "pare: integer_range<T, Min, Max> does not fit its storage type T; use a wider T or a narrower range");
  using type = T;
  static constexpr std::int64_t min = Min;
  static constexpr std::int64_t max = Max;
};

/// Every value of T.
template <std::integral T>
using full_range =
    integer_range<T, std::int64_t{std::numeric_limits<T>::min()}, std::int64_t{std::numeric_limits<T>::max()}>;
/// [-max, max] of T: negation and |x| stay inside.
template <std::signed_integral T>
using narrow_range =
    integer_range<T, -std::int64_t{std::numeric_limits<T>::max()}, std::int64_t{std::numeric_limits<T>::max()}>;

/// The codes of Bits bits in two's complement, kept in T: signed_bits<4> is [-8, 7].
template <int Bits, std::signed_integral T = std::int8_t>
using signed_bits = integer_range<T, -(std::int64_t{1} << (Bits - 1)), (std::int64_t{1} << (Bits - 1)) - 1>;
/// signed_bits without the least code: narrow_bits<4> is [-7, 7].
template <int Bits, std::signed_integral T = std::int8_t>
using narrow_bits = integer_range<T, 1 - (std::int64_t{1} << (Bits - 1)), (std::int64_t{1} << (Bits - 1)) - 1>;
/// The codes of Bits bits without a sign, kept in T: unsigned_bits<4> is [0, 15].
template <int Bits, std::unsigned_integral T = std::uint8_t>
using unsigned_bits = integer_range<T, 0, (std::int64_t{1} << Bits) - 1>;

using s8 = full_range<std::int8_t>;
using u8 = full_range<std::uint8_t>;
using s16 = full_range<std::int16_t>;
using u16 = full_range<std::uint16_t>;
using s8_narrow = narrow_range<std::int8_t>;
using s16_narrow = narrow_range<std::int16_t>;

/// The integers Min..Max in 4 bits. One number is an int8; packed weights hold two in a byte.
template <std::int64_t Min, std::int64_t Max>
struct nibble_range {
  static_assert(-8 <= Min && Min <= Max && Max <= 7, "pare: nibble_range<Min, Max> is a part of [-8, 7]");
  using type = std::int8_t;
  static constexpr int bits = 4;
  static constexpr std::int64_t min = Min;
  static constexpr std::int64_t max = Max;
};
using s4 = nibble_range<-8, 7>;
using s4_narrow = nibble_range<-7, 7>;

/// How many bits a packed number of R has.
template <class R>
inline constexpr int bits_of = 8 * static_cast<int>(sizeof(typename R::type));
template <std::int64_t Min, std::int64_t Max>
inline constexpr int bits_of<nibble_range<Min, Max>> = 4;

/// The element type of a float operand.
struct f32 {
  using type = float;
};
/// The element type of weights for float activations that are stored as halves.
struct f16 {
  using type = half;
};

template <class R>
concept IntegerRange = std::integral<typename R::type> && requires {
  { R::min } -> std::convertible_to<std::int64_t>;
  { R::max } -> std::convertible_to<std::int64_t>;
};

template <class R>
concept Element = IntegerRange<R> || std::same_as<R, f32> || std::same_as<R, f16>;

/// The greatest |value| in R.
template <IntegerRange R>
inline constexpr std::int64_t greatest_magnitude = -R::min > R::max ? -R::min : R::max;

}  // namespace pare
