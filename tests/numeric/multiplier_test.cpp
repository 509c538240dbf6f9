#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <pare/numeric/multiplier.hpp>
#include <random>
#include <vector>

using pare::fixed_multiplier;

namespace {

// As TFLite writes it, on the standard library's functions.
fixed_multiplier expected(double M) {
  if (M == 0) return {};
  int shift = 0;
  const double fraction = std::frexp(M, &shift);
  auto value = static_cast<std::int64_t>(std::round(fraction * 0x1p31));
  if (value == std::int64_t{1} << 31) {
    value /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  return {static_cast<std::int32_t>(value), shift};
}

// a * b / 2^31 as gemmlowp writes it: nudged by the sign of the product, then a division that truncates.
std::int32_t gemmlowp_product(std::int32_t a, std::int32_t b) {
  if (a == b && a == INT32_MIN) return INT32_MAX;
  const std::int64_t product = std::int64_t{a} * b;
  const std::int64_t nudge = product >= 0 ? 1 << 30 : 1 - (1 << 30);
  return static_cast<std::int32_t>((product + nudge) / (std::int64_t{1} << 31));
}

std::vector<std::int32_t> extremes() {
  std::vector<std::int32_t> values;
  for (int e = 0; e < 32; ++e) {
    for (std::int64_t d = -2; d <= 2; ++d) {
      for (const std::int64_t sign : {-1, 1}) {
        const std::int64_t x = sign * ((std::int64_t{1} << e) + d);
        if (x >= INT32_MIN && x <= INT32_MAX) values.push_back(static_cast<std::int32_t>(x));
      }
    }
  }
  return values;
}

}  // namespace

TEST_CASE("decomposition agrees with frexp over scales of every exponent") {
  std::mt19937_64 random(1);
  int wrong = 0;
  for (int exponent = -1074; exponent < 29; ++exponent) {
    for (int i = 0; i < 500; ++i) {
      const double M = std::ldexp(1 + static_cast<double>(random() >> 12) * 0x1p-52, exponent);
      wrong += pare::decompose(M) != expected(M);
      const auto single = static_cast<double>(static_cast<float>(M));  // what files hold
      wrong += pare::decompose(single) != expected(single);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("decomposition agrees with frexp at every kind of tie and carry") {
  int wrong = 0;
  for (int exponent = -34; exponent < 29; ++exponent) {
    const auto base = std::bit_cast<std::uint64_t>(std::ldexp(1., exponent));
    for (int bit = 0; bit < 52; ++bit) {
      for (const std::uint64_t mantissa : {std::uint64_t{1} << bit, (std::uint64_t{2} << bit) - 1,
                                           (std::uint64_t{1} << 52) - (std::uint64_t{1} << bit)}) {
        for (std::uint64_t d = 0; d < 3; ++d) {
          const double M = std::bit_cast<double>(base + mantissa + d - 1);
          wrong += pare::decompose(M) != expected(M);
        }
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("decomposition of the ends") {
  CHECK(pare::decompose(0) == fixed_multiplier{0, 0});
  CHECK(pare::decompose(5e-324) == fixed_multiplier{0, 0});
  CHECK(pare::decompose(0x1p-32) == fixed_multiplier{1 << 30, -31});
  CHECK(pare::decompose(0x1.fffffffp-33) == fixed_multiplier{0, 0});
  CHECK(pare::decompose(0x1.ffffffffffp-33) == fixed_multiplier{1 << 30, -31});  // carries into the last exponent
  CHECK(pare::decompose(0x1.fffffffffffffp28) == fixed_multiplier{1 << 30, 30});
}

TEST_CASE("a fixed multiplier is within half a unit of its last place") {
  for (double M = 1e-9; M < 1e8; M *= 1.0173) {
    const fixed_multiplier m = pare::decompose(M);
    REQUIRE(m.value >= 1 << 30);
    REQUIRE(std::abs(std::ldexp(m.value, m.shift - 31) / M - 1) <= 0x1p-31);
  }
}

TEST_CASE("the high product agrees with gemmlowp's on the extremes, at random and at every tie") {
  int wrong = 0;
  const auto values = extremes();
  for (const std::int32_t a : values) {
    for (const std::int32_t b : values) wrong += pare::multiply_q31(a, b) != gemmlowp_product(a, b);
  }
  std::mt19937 random(2);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto a = static_cast<std::int32_t>(random()), b = static_cast<std::int32_t>(random());
    wrong += pare::multiply_q31(a, b) != gemmlowp_product(a, b);
  }
  for (std::int32_t odd = -(1 << 17) + 1; odd < 1 << 17; odd += 2) {  // odd * 2^30 / 2^31 is a tie
    wrong += pare::multiply_q31(odd, 1 << 30) != gemmlowp_product(odd, 1 << 30);
    wrong += pare::multiply_q31(odd, 1 << 30) != static_cast<std::int32_t>(std::floor(odd / 2. + 0.5));
  }
  CHECK(wrong == 0);
  CHECK(pare::multiply_q31(INT32_MIN, INT32_MIN) == INT32_MAX);
  CHECK(pare::multiply_q31(INT32_MIN, INT32_MAX) == -INT32_MAX);
}

TEST_CASE("the rounding division agrees with exact arithmetic, ties away from zero") {
  int wrong = 0;
  for (std::int32_t e = 0; e < 32; ++e) {
    const auto check = [&](std::int32_t x) {
      wrong += pare::divide_by_power(x, e) != static_cast<std::int32_t>(std::round(std::ldexp(x, -e)));
    };
    for (std::int32_t x = -70'000; x <= 70'000; ++x) check(x);
    for (const std::int32_t x : extremes()) check(x);
    for (std::int32_t i = -1000; i <= 1000; ++i) {  // ties of large numbers
      check(static_cast<std::int32_t>(static_cast<std::uint32_t>(2 * i + 1) << (e == 0 ? 0 : e - 1)));
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("the shift that rounds agrees with exact arithmetic, ties toward infinity") {
  int wrong = 0;
  for (std::int32_t e = 0; e <= 31; ++e) {
    for (std::int64_t x = -70'000; x <= 70'000; ++x) {
      wrong += pare::shift_right_rounding(x, e) !=
               static_cast<std::int64_t>(std::floor(std::ldexp(static_cast<double>(x), -e) + 0.5));
    }
  }
  CHECK(wrong == 0);
  CHECK(pare::shift_right_rounding(std::int64_t{1} << 61, 62) == 1);
  CHECK(pare::shift_right_rounding((std::int64_t{1} << 61) - 1, 62) == 0);
  CHECK(pare::shift_right_rounding(-(std::int64_t{1} << 61), 62) == 0);
}

TEST_CASE("the left shift wraps") {
  CHECK(pare::shift_left(-3, 4) == -48);
  CHECK(pare::shift_left(1, 31) == INT32_MIN);
  CHECK(pare::shift_left(3, 31) == INT32_MIN);
}

TEST_CASE("multipliers give at run time what they give at compile time") {
  constexpr std::array<double, 5> scales = {0.3, 1e-5, 17.25, 0x1.ffffffffffp-33, 0.5};
  constexpr auto compiled = [&] {
    std::array<fixed_multiplier, scales.size()> result{};
    for (std::size_t i = 0; i < scales.size(); ++i) result[i] = pare::decompose(scales[i]);
    return result;
  }();
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const volatile double M = scales[i];
    CHECK(pare::decompose(M) == compiled[i]);
  }
  static_assert(pare::multiply_q31(-3, 1 << 30) == -1);
  static_assert(pare::divide_by_power(-3, 1) == -2);
}
