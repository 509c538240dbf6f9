#include "pare/numeric/fixed_point.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "pare/numeric/softmax.hpp"

namespace pare::test {

namespace {
double as_real(std::int32_t raw, int bits = 0) { return std::ldexp(raw, bits - 31); }
}  // namespace

TEST_CASE("the fixed-point exponential is exp to 3e-7, over all its range") {
  for (std::int64_t raw = 0; raw > INT32_MIN; raw -= 999983) {
    const auto x = static_cast<std::int32_t>(raw);
    REQUIRE(std::abs(as_real(exp_of_negative<5>(x)) - std::exp(as_real(x, 5))) < 3e-7);
    REQUIRE(std::abs(as_real(exp_of_negative<0>(x)) - std::exp(as_real(x))) < 3e-7);
  }
  static_assert(exp_of_negative<5>(0) == INT32_MAX);
}

TEST_CASE("the fixed-point reciprocal is 1 / (1 + x) to 1e-7") {
  for (std::int64_t raw = 0; raw <= INT32_MAX; raw += 999983) {
    const auto x = static_cast<std::int32_t>(raw);
    REQUIRE(std::abs(as_real(reciprocal_of_one_plus(x)) - 1 / (1 + as_real(x))) < 3e-7);
  }
}

TEST_CASE("a multiplication by a power of two rounds down the scale and saturates up it") {
  static_assert(multiply_by_power(5, -1) == 3);
  static_assert(multiply_by_power(-5, -1) == -3);
  static_assert(multiply_by_power(1 << 20, 20) == INT32_MAX);
  static_assert(multiply_by_power(-(1 << 20), 20) == INT32_MIN);
  static_assert(multiply_by_power(-3, 2) == -12);
}

TEST_CASE("a curve follows its function between its points") {
  const curve exponential = curve_of([](double x) { return std::exp(x); }, -10, 0);
  for (int x = -32768; x < 32768; x += 7) {
    const double real = (x + 32768) / 65536.0 * 10 - 10;
    REQUIRE(std::abs(exponential(static_cast<std::int16_t>(x)) / 32768.0 - std::exp(real)) < 2e-4);
  }
}

TEST_CASE("softmax refuses a scale that it cannot express") {
  CHECK_NOTHROW(softmax_of(0.1f));
  CHECK_THROWS_WITH(softmax_of(0), "pare: beta * scale: expected a finite number above 2^-26, got 0");
  CHECK_THROWS_WITH(softmax_of(-1), "pare: beta * scale: expected a finite number above 2^-26, got -1");
  CHECK_THROWS_WITH(softmax_of(NAN), Catch::Contains("beta * scale: expected a finite number"));
  CHECK_THROWS_WITH(softmax_curves_of(3), "pare: beta * scale: expected a number in [0, 2.5), got 3");
}

}  // namespace pare::test
