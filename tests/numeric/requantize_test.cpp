#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <pare/numeric/requantize.hpp>
#include <random>
#include <tuple>
#include <vector>

using pare::output_map;

namespace {

constexpr output_map s8_output{-3, -128, 127};
constexpr output_map wide_output{0, -(1 << 24), 1 << 24};

// Sums near zero, one by one, and everything near the ends and the powers of two of int32.
std::vector<std::int32_t> sums() {
  std::vector<std::int32_t> values;
  for (std::int32_t x = -3000; x <= 3000; ++x) values.push_back(x);
  for (int e = 12; e < 32; ++e) {
    for (std::int64_t d = -9; d <= 9; ++d) {
      const std::int64_t x = (std::int64_t{1} << e) + d;
      values.push_back(static_cast<std::int32_t>(std::min<std::int64_t>(x, INT32_MAX)));
      values.push_back(static_cast<std::int32_t>(std::max<std::int64_t>(-x, INT32_MIN)));
    }
  }
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) values.push_back(static_cast<std::int32_t>(random()));
  return values;
}

// Multipliers that round to less than 1, so that no sum overflows: ties among the products, and the ends.
std::vector<double> scales() {
  std::vector<double> values = {0, 0x1p-32, 0x1p-31, 0.75, 1 - 0x1p-31, 0x1.ffffffp-9};
  for (int e = 1; e < 31; ++e) values.push_back(std::ldexp(1., -e));
  for (double M = 1e-9; M < 1; M *= 1.31) values.push_back(M);
  return values;
}

// floor(x + 1/2) of an exact quotient. long double holds 64 bits and more, __int128 is not in the standard.
std::int64_t to_nearest_up(long double x) { return static_cast<std::int64_t>(std::floor(x + 0.5L)); }

// In steps of exact arithmetic: each policy by its definition.
std::int64_t expected(pare::tflite, std::int64_t x, double M) {
  int shift = 0;
  const double fraction = std::frexp(M, &shift);
  auto value = static_cast<std::int64_t>(std::round(fraction * 0x1p31));
  if (shift < -31 && !(shift == -32 && value == std::int64_t{1} << 31)) return 0;
  if (value == std::int64_t{1} << 31) value = 1 << 30, ++shift;
  const std::int64_t shifted = x * (std::int64_t{1} << std::max(shift, 0));
  const std::int64_t product = to_nearest_up(static_cast<long double>(shifted * value) / 0x1p31L);
  return static_cast<std::int64_t>(std::round(std::ldexp(static_cast<double>(product), std::min(shift, 0))));
}
std::int64_t expected(pare::tflite_single, std::int64_t x, double M) {
  const pare::fixed_multiplier m = pare::decompose(M);
  return to_nearest_up(std::ldexp(static_cast<long double>(x * m.value), m.shift - 31));
}
std::int64_t expected(pare::tflite_int64, std::int64_t x, double M) {
  const pare::fixed_multiplier m = pare::decompose(M);
  const std::int64_t reduced = m.value < 0x7FFF0000 ? to_nearest_up(m.value / 0x1p16L) : 0x7FFF;
  return to_nearest_up(std::ldexp(static_cast<long double>(x * reduced), m.shift - 15));
}
double expected(pare::float_nearest_even, std::int64_t x, double M) {
  return std::nearbyint(static_cast<float>(x) * static_cast<float>(M));
}
std::int64_t expected(pare::power_of_two, std::int64_t x, double M) {
  return to_nearest_up(static_cast<long double>(x) * static_cast<long double>(M));
}

template <class P>
int wrong_codes(const std::vector<typename P::accumulator>& xs, const std::vector<double>& Ms, const output_map& out) {
  int wrong = 0;
  for (const double M : Ms) {
    if (!P::accepts(M)) continue;
    const auto terms = P::from_scale(M);
    for (const auto x : xs) {
      const auto scaled = expected(P{}, x, M);
      const auto code = std::clamp<decltype(scaled)>(scaled, out.min - out.zero_point, out.max - out.zero_point);
      wrong += P::apply(x, terms, out) != static_cast<std::int32_t>(code) + out.zero_point;
    }
  }
  return wrong;
}

template <class P>
int wrong_codes(const std::vector<typename P::accumulator>& xs, const std::vector<double>& Ms) {
  return wrong_codes<P>(xs, Ms, s8_output) + wrong_codes<P>(xs, Ms, {0, -32768, 32767}) +
         wrong_codes<P>(xs, Ms, {100, 100, 255}) + wrong_codes<P>(xs, Ms, {-128, -101, -100}) +
         wrong_codes<P>(xs, Ms, wide_output);
}

using policies =
    std::tuple<pare::tflite, pare::tflite_single, pare::tflite_int64, pare::float_nearest_even, pare::power_of_two>;

}  // namespace

TEMPLATE_LIST_TEST_CASE("a policy gives what its definition gives in exact arithmetic", "", policies) {
  std::vector<typename TestType::accumulator> xs;
  for (const std::int32_t x : sums()) xs.push_back(x);
  CHECK(wrong_codes<TestType>(xs, scales()) == 0);
}

TEMPLATE_LIST_TEST_CASE("multipliers above 1 shift left as long as the product fits", "", policies) {
  std::vector<typename TestType::accumulator> xs;
  for (std::int32_t x = -5000; x <= 5000; ++x) xs.push_back(x);
  CHECK(wrong_codes<TestType>(xs, {1, 1 - 0x1p-53, 1.5, 2, 3.1, 16, 99.7}) == 0);
  CHECK(wrong_codes<TestType>({-1, 0, 1}, {0x1p20, 0x1.8p27, 0x1.fffp28}) == 0);
}

TEMPLATE_LIST_TEST_CASE("a policy saturates at both ends of int32", "", policies) {
  for (const double M : {0.5, 0x1p-10, 0x1p-23}) {
    const auto terms = TestType::from_scale(M);
    REQUIRE(TestType::apply(INT32_MAX, terms, s8_output) == 127);
    REQUIRE(TestType::apply(INT32_MIN, terms, s8_output) == -128);
    REQUIRE(TestType::apply(0, terms, s8_output) == -3);
  }
}

TEMPLATE_LIST_TEST_CASE("the sum 0 gives the zero point, under the greatest multiplier too", "", policies) {
  for (const double M : {0., 1., 0x1.fffffp28, 0x1p-31}) {
    if (TestType::accepts(M)) REQUIRE(TestType::apply(0, TestType::from_scale(M), s8_output) == -3);
  }
}

TEMPLATE_LIST_TEST_CASE("a multiplier that a policy cannot express is refused by name", "", policies) {
  for (const double M : {-1., -1e-300, 0x1p200, static_cast<double>(std::numeric_limits<float>::infinity()),
                         static_cast<double>(std::numeric_limits<float>::quiet_NaN())}) {
    CHECK_FALSE(TestType::accepts(M));
    CHECK_THROWS_WITH(pare::checked_terms<TestType>("scale", M),
                      Catch::StartsWith("pare: scale: expected a multiplier that the requantization policy can"));
  }
  CHECK(pare::checked_terms<TestType>("scale", 0.5) == TestType::from_scale(0.5));
}

TEST_CASE("each policy breaks ties its own way") {
  const auto halves = []<class P>(P) {
    std::vector<std::int32_t> codes;
    for (const std::int32_t x : {-5, -3, -1, 1, 3, 5}) codes.push_back(P::apply(x, P::from_scale(0.5), wide_output));
    return codes;
  };
  CHECK(halves(pare::tflite{}) == std::vector<std::int32_t>{-2, -1, 0, 1, 2, 3});
  CHECK(halves(pare::tflite_single{}) == std::vector<std::int32_t>{-2, -1, 0, 1, 2, 3});
  CHECK(halves(pare::tflite_int64{}) == std::vector<std::int32_t>{-2, -1, 0, 1, 2, 3});
  CHECK(halves(pare::float_nearest_even{}) == std::vector<std::int32_t>{-2, -2, 0, 0, 2, 2});
  CHECK(halves(pare::power_of_two{}) == std::vector<std::int32_t>{-2, -1, 0, 1, 2, 3});
  // The second rounding of tflite is away from zero: -6 / 4 is first -6 * 2^30 * 2 / 2^31 = -6, then -1.5.
  CHECK(pare::tflite::apply(-6, pare::tflite::from_scale(0.25), wide_output) == -2);
  CHECK(pare::tflite_single::apply(-6, pare::tflite_single::from_scale(0.25), wide_output) == -1);
}

TEST_CASE("sums of 48 bits go through the int64 policy exactly") {
  std::mt19937_64 random(4);
  std::vector<std::int64_t> xs = {std::int64_t{1} << 47, -(std::int64_t{1} << 47)};
  for (int i = 0; i < 3000; ++i) xs.push_back(static_cast<std::int64_t>(random()) >> (17 + random() % 40));
  CHECK(wrong_codes<pare::tflite_int64>(xs, scales()) == 0);
  CHECK(wrong_codes<pare::tflite_int64>(xs, {1.5, 63.9, 127.99}) == 0);
}

TEST_CASE("the reduced multiplier of the int64 policy does not exceed 16 bits") {
  CHECK(pare::tflite_int64::from_scale(1 - 0x1p-40)[0] == 1 << 14);
  CHECK(pare::tflite_int64::from_scale(1 - 0x1p-20)[0] == 0x7FFF);
  CHECK(pare::tflite_int64::from_scale(0x7FFF0000p-31)[0] == 0x7FFF);
  CHECK(pare::tflite_int64::from_scale(0x7FFE8000p-31)[0] == 0x7FFF);
  CHECK(pare::tflite_int64::from_scale(0x7FFE7FFFp-31)[0] == 0x7FFE);
}

TEST_CASE("double and single rounding differ rarely, and never by more than 1") {
  std::mt19937 random(5);
  const double count = 1e6;
  int different = 0, largest = 0;
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const double M = (1 + static_cast<double>(random()) * 0x1p-32) * 0x1p-9;
    const auto x = static_cast<std::int32_t>(random() % 65536) - 32768;
    const auto terms = pare::tflite::from_scale(M);
    const std::int32_t difference =
        pare::tflite::apply(x, terms, wide_output) - pare::tflite_single::apply(x, terms, wide_output);
    largest = std::max(largest, std::abs(difference));
    different += difference != 0;
  }
  CHECK(largest == 1);
  CHECK(different < 0.02 * count);
}

TEST_CASE("a power of two policy accepts powers of two alone") {
  for (int e = 0; e < 32; ++e) {
    const double M = std::ldexp(1., -e);
    REQUIRE(pare::power_of_two::accepts(M));
    REQUIRE(pare::power_of_two::from_scale(M)[0] == e);
  }
  for (const double M : {0., 2., 0.3, 0x1p-32, 0.5 + 0x1p-53}) CHECK_FALSE(pare::power_of_two::accepts(M));
}

TEMPLATE_LIST_TEST_CASE("policies give at run time what they give at compile time", "", policies) {
  constexpr std::array<std::int32_t, 8> xs = {0, 1, -1, 77, -1000, 123456789, INT32_MAX, INT32_MIN};
  constexpr std::array<double, 3> Ms = {0.5, 0x1p-7, 1};
  constexpr auto compiled = [&] {
    std::array<std::int32_t, xs.size() * Ms.size()> codes{};
    for (std::size_t i = 0; i < codes.size(); ++i) {
      codes[i] = TestType::apply(xs[i % xs.size()], TestType::from_scale(Ms[i / xs.size()]), s8_output);
    }
    return codes;
  }();
  for (std::size_t i = 0; i < compiled.size(); ++i) {
    const volatile std::int32_t x = xs[i % xs.size()];
    const volatile double M = Ms[i / xs.size()];
    CHECK(TestType::apply(x, TestType::from_scale(M), s8_output) == compiled[i]);
  }
}
