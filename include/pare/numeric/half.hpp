// half.hpp: IEEE 754's binary16, as storage for floats.
#pragma once

#include <cstdint>

#include "../core/bits.hpp"

namespace pare {

/// A float of 5 bits of exponent and 10 of fraction, with subnormals: the bits of _Float16 and __fp16. Converts from
/// float to the nearest, ties to even, from 65520 on to infinity; not-a-number stays one.
struct half {
  std::uint16_t bits = 0;

  constexpr half() noexcept = default;
  constexpr explicit half(float value) noexcept {
    const auto word = pare::bit_cast<std::uint32_t>(value);
    bits = static_cast<std::uint16_t>((word >> 16 & 0x8000u) | rounded(word & 0x7fffffffu));
  }
  constexpr operator float() const noexcept {
    constexpr float least = 0x1p-24f;
    const std::uint32_t sign = (bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
    if (magnitude < 0x0400u)
      return pare::bit_cast<float>(sign | pare::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * least));
    const std::uint32_t rebias = magnitude < 0x7c00u ? 112u << 23 : 224u << 23;
    return pare::bit_cast<float>(sign | ((magnitude << 13) + rebias));
  }

 private:
  static constexpr std::uint32_t rounded(std::uint32_t magnitude) noexcept {
    if (magnitude > 0x7f800000u) return 0x7e00u | (magnitude >> 13 & 0x3ffu);
    if (magnitude >= 0x477ff000u) return 0x7c00u;
    if (magnitude < 0x38800000u)  // below 2^-14 the steps are those of floats from 1/2 to 1
      return pare::bit_cast<std::uint32_t>(pare::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
    return (magnitude + 0xfffu + (magnitude >> 13 & 1u) - (112u << 23)) >> 13;
  }
};
static_assert(sizeof(half) == 2);

}  // namespace pare
