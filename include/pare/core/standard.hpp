// standard.hpp: the little that the kernels need of <algorithm> and <cmath>: to read those takes a compiler longer than
// to read the kernels of a target (bench/compile).
#pragma once

#include <type_traits>

#include "index.hpp"

namespace pare {

template <class T>
constexpr T smaller(T x, T y) noexcept {
  return y < x ? y : x;
}

template <class T>
constexpr T larger(T x, T y) noexcept {
  return x < y ? y : x;
}

/// The number of [low, high] that is nearest to x. Pre: low <= high.
template <class T>
constexpr T clamped(T x, T low, T high) noexcept {
  return x < low ? low : high < x ? high : x;
}

/// The largest of `count` elements. Pre: count > 0.
template <class T>
constexpr T largest_of(const T* from, index count) noexcept {
  T largest = from[0];
  for (index i = 1; i < count; ++i) largest = larger(largest, from[i]);
  return largest;
}

/// Copies `count` elements and gives the end of the copy. Bytes go by memcpy: compilers leave a loop over two pointers
/// alone that might meet.
template <class From, class To>
constexpr To* copy_elements(const From* from, index count, To* to) noexcept {
  if constexpr (std::is_same_v<From, To> && std::is_trivially_copyable_v<To>) {
    if (!__builtin_is_constant_evaluated()) {
      if (count > 0) __builtin_memcpy(to, from, static_cast<std::size_t>(count) * sizeof(To));
      return to + count;
    }
  }
  for (index i = 0; i < count; ++i) to[i] = from[i];
  return to + count;
}

/// Writes `value` to `count` elements and gives their end.
template <class T>
constexpr T* fill_elements(T* to, index count, T value) noexcept {
  for (index i = 0; i < count; ++i) to[i] = value;
  return to + count;
}

/// The functions of <cmath>, by the names that gcc and clang have for them.
namespace real {

inline float exp(float x) noexcept { return __builtin_expf(x); }
inline double exp(double x) noexcept { return __builtin_exp(x); }
inline float tanh(float x) noexcept { return __builtin_tanhf(x); }
inline double sqrt(double x) noexcept { return __builtin_sqrt(x); }
inline float nearest_even(float x) noexcept { return __builtin_nearbyintf(x); }
inline float copysign(float magnitude, float sign) noexcept { return __builtin_copysignf(magnitude, sign); }

}  // namespace real
}  // namespace pare
