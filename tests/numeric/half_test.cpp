#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <pare/numeric/half.hpp>

namespace {

pare::half of_bits(unsigned bits) {
  pare::half value;
  value.bits = static_cast<std::uint16_t>(bits);
  return value;
}

/// What the bits of a finite half stand for, by IEEE 754's definition.
float by_definition(unsigned bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                        : std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
  return (bits & 0x8000u) != 0 ? -magnitude : magnitude;
}

bool same_bits(float a, float b) { return pare::bit_cast<std::uint32_t>(a) == pare::bit_cast<std::uint32_t>(b); }

}  // namespace

TEST_CASE("every half is the float that the definition says, and comes back from it") {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const auto value = static_cast<float>(of_bits(bits));
    if ((bits & 0x7fffu) > 0x7c00u) {
      REQUIRE(std::isnan(value));
      REQUIRE(std::isnan(static_cast<float>(pare::half(value))));
      continue;
    }
    if ((bits & 0x7fffu) < 0x7c00u) REQUIRE(same_bits(value, by_definition(bits)));
    REQUIRE(pare::half(value).bits == bits);
  }
  CHECK(static_cast<float>(of_bits(0x7c00)) == std::numeric_limits<float>::infinity());
  CHECK(static_cast<float>(of_bits(0xfc00)) == -std::numeric_limits<float>::infinity());
}

TEST_CASE("floats between two halves round to the nearer one, ties to the even one") {
  for (unsigned bits = 0; bits < 0x7c00; ++bits) {
    // After the greatest half, infinity stands where the next one would be.
    const float low = by_definition(bits), high = bits == 0x7bff ? 65536 : by_definition(bits + 1);
    const float middle = low + (high - low) / 2;
    REQUIRE(pare::half(std::nextafter(middle, low)).bits == bits);
    REQUIRE(pare::half(std::nextafter(middle, high)).bits == bits + 1);
    REQUIRE(pare::half(middle).bits == bits + bits % 2);
    REQUIRE(pare::half(-middle).bits == 0x8000 + bits + bits % 2);
  }
  CHECK(pare::half(std::numeric_limits<float>::max()).bits == 0x7c00);
  CHECK(pare::half(std::numeric_limits<float>::denorm_min()).bits == 0);
}
