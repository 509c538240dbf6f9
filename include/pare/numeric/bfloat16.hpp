// bfloat16.hpp: the upper half of a float, as storage for scales.
#pragma once

#include <cstdint>

#include "../core/bits.hpp"

namespace pare {

/// A float with the 8 leading bits of its fraction. Converts from float to the nearest, ties to even; not-a-number
/// stays one.
struct bfloat16 {
  std::uint16_t bits = 0;

  constexpr bfloat16() noexcept = default;
  constexpr explicit bfloat16(float value) noexcept {
    const auto word = pare::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = value != value ? word | 0x10000u : word + 0x7fffu + ((word >> 16) & 1u);
    bits = static_cast<std::uint16_t>(rounded >> 16);
  }
  constexpr operator float() const noexcept { return pare::bit_cast<float>(std::uint32_t{bits} << 16); }
};
static_assert(sizeof(bfloat16) == 2);

}  // namespace pare
