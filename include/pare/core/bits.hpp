// bits.hpp: a value's bits as a value of another type.
#pragma once

#include "../config.hpp"

namespace pare {

/// std::bit_cast, which libc++ lacks before version 14 (Android's NDK r23, Debian 12's emscripten). Pre: both types are
/// trivially copyable and of the same size. Inlined without optimization, too: a call would pass a target's registers
/// as units without that target expect them.
template <class To, class From>
PARE_ALWAYS_INLINE constexpr To bit_cast(const From& value) noexcept {
  return __builtin_bit_cast(To, value);
}

}  // namespace pare
