#include <catch2/catch.hpp>
#include <pare/core/index.hpp>

TEST_CASE("division rounds up to the least sufficient quotient") {
  for (pare::index divisor = 1; divisor < 20; ++divisor) {
    for (pare::index value = 0; value < 100; ++value) {
      const pare::index q = pare::ceil_div(value, divisor);
      REQUIRE((q * divisor >= value && (q == 0 || (q - 1) * divisor < value)));
      REQUIRE(pare::round_up(value, divisor) == q * divisor);
    }
  }
}
