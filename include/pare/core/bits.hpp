// bits.hpp: a value's bits as a value of another type.
#pragma once

namespace pare {

/// std::bit_cast, which libc++ lacks before version 14 (Android's NDK r23, Debian 12's emscripten). Pre: both types are
/// trivially copyable and of the same size.
template <class To, class From>
constexpr To bit_cast(const From& value) noexcept {
  return __builtin_bit_cast(To, value);
}

}  // namespace pare
