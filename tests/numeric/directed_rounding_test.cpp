#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <pare/numeric/rounding.hpp>

TEST_CASE("upward and downward agree with ceil and floor in every exponent band") {
  int wrong = 0;
  for (std::uint32_t band = 0; band < 512; ++band)
    for (std::uint32_t step = 0; step < 64; ++step) {
      const std::uint32_t bits = (band << 23) | ((step * 0x20821u) & 0x7fffff);
      float x;
      std::memcpy(&x, &bits, sizeof x);
      if (x != x) continue;
      wrong += pare::upward{}(x) != std::ceil(x) || pare::downward{}(x) != std::floor(x);
      wrong +=
          pare::upward{}(double{x}) != std::ceil(double{x}) || pare::downward{}(double{x}) != std::floor(double{x});
    }
  CHECK(wrong == 0);
}
