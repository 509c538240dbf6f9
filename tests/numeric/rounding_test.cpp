#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <pare/numeric/rounding.hpp>
#include <vector>

namespace {

// Arithmetic, not identity: the sign of zero is free, a not-a-number equals any other.
template <class F>
bool same(F a, F b) {
  return a == b || (a != a && b != b);
}

// How often the four roundings differ from the standard library's on x and on its two neighbours.
template <class F>
int differences_around(F x) {
  constexpr F infinity = std::numeric_limits<F>::infinity();
  int differences = 0;
  for (const F y : {x, std::nextafter(x, infinity), std::nextafter(x, -infinity)}) {
    differences += !same(pare::half_even{}(y), std::nearbyint(y));
    differences += !same(pare::half_away{}(y), std::round(y));
    differences += !same(pare::toward_zero{}(y), std::trunc(y));
    const F drawn = pare::stochastic{1}(y, 2);
    differences += !same(drawn, std::floor(y)) && !same(drawn, std::ceil(y));
  }
  return differences;
}

constexpr std::array<float, 14> samples = {0.f,         0.5f,         1.5f,       -0.5f,       -2.5f,
                                           0.49999997f, -0.49999997f, 8388607.5f, 4194303.75f, 1e30f,
                                           -1e30f,      16777216.f,   -1.75f,     3e-40f};

template <class Rounding>
constexpr auto rounded(const Rounding& rounding) {
  std::array<float, samples.size()> result{};
  for (std::size_t i = 0; i < samples.size(); ++i) result[i] = rounding(samples[i], i);
  return result;
}

template <class Rounding>
bool same_at_run_time(const Rounding& rounding, const std::array<float, samples.size()>& compiled) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const volatile float x = samples[i];
    if (!same(rounding(float{x}, i), compiled[i])) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every tie below 2^21, and its neighbours, are rounded as the standard library rounds them") {
  int differences = 0;
  for (int i = -(1 << 21); i <= 1 << 21; ++i) differences += differences_around(static_cast<float>(i) + 0.5f);
  CHECK(differences == 0);
}

TEST_CASE("floats of every exponent are rounded as the standard library rounds them") {
  int differences = 0;
  for (std::uint64_t bits = 0; bits <= 0xffffffffu; bits += 10007) {
    differences += differences_around(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  }
  CHECK(differences == 0);
}

TEST_CASE("doubles of every exponent, and ties up to 2^52, are rounded as the standard library rounds them") {
  int differences = 0;
  for (std::uint64_t i = 0, bits = 0; i < 200'000; ++i, bits += 0x9E3779B97F4A7C15u / 3) {
    differences += differences_around(std::bit_cast<double>(bits));
  }
  for (int e = 0; e < 53; ++e) {
    for (const double sign : {-1., 1.}) {
      differences +=
          differences_around(sign * (std::ldexp(1., e) + 0.5)) + differences_around(sign * std::ldexp(1., e));
    }
  }
  CHECK(differences == 0);
}

TEST_CASE("infinities and not-a-numbers stay what they are") {
  for (const float x : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                        std::numeric_limits<float>::quiet_NaN()}) {
    CHECK(same(pare::half_even{}(x), x));
    CHECK(same(pare::half_away{}(x), x));
    CHECK(same(pare::toward_zero{}(x), x));
    CHECK(same(pare::stochastic{}(x), x));
  }
}

TEST_CASE("roundings give at run time what they give at compile time") {
  constexpr auto even = rounded(pare::half_even{});
  constexpr auto away = rounded(pare::half_away{});
  constexpr auto zero = rounded(pare::toward_zero{});
  constexpr auto drawn = rounded(pare::stochastic{77});
  CHECK(same_at_run_time(pare::half_even{}, even));
  CHECK(same_at_run_time(pare::half_away{}, away));
  CHECK(same_at_run_time(pare::toward_zero{}, zero));
  CHECK(same_at_run_time(pare::stochastic{77}, drawn));
}

// The published first outputs of splitmix64 with seed 1234567 fix the draws bit by bit, on every target.
TEST_CASE("stochastic rounding compares the fraction with the top 24 bits of splitmix64") {
  constexpr std::array<std::uint64_t, 5> outputs = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                                    4593380528125082431u, 16408922859458223821u};
  for (std::uint64_t position = 0; position < outputs.size(); ++position) {
    const auto draw = static_cast<double>(outputs[position] >> 40) * 0x1p-24;
    CHECK(pare::stochastic{1234567}(draw, position) == 0);
    CHECK(pare::stochastic{1234567}(draw + 0x1p-24, position) == 1);
    CHECK(pare::stochastic{1234567}(draw - 3, position) == -3);
    CHECK(pare::stochastic{1234567}(draw + 0x1p-24 - 3, position) == -2);
  }
}

TEST_CASE("stochastic rounding is right on average") {
  constexpr int count = 1 << 18;
  for (const double fraction : {0.001, 0.1, 0.25, 0.5, 0.7, 0.999}) {
    for (const double whole : {0., 5., -6.}) {
      double sum = 0;
      for (std::uint64_t i = 0; i < count; ++i) sum += pare::stochastic{42}(whole + fraction, i);
      const double deviation = std::sqrt(fraction * (1 - fraction) / count);
      CHECK(std::abs(sum / count - whole - fraction) < 5 * deviation);
    }
  }
}

TEST_CASE("stochastic rounding depends on seed and position, not on the order of calls") {
  const auto draws = [](std::uint64_t seed, bool backwards) {
    std::vector<float> result(1000);
    for (std::size_t i = 0; i < result.size(); ++i) {
      const std::size_t position = backwards ? result.size() - 1 - i : i;
      result[position] = pare::stochastic{seed}(0.5f, position);
    }
    return result;
  };
  CHECK(draws(1, false) == draws(1, true));
  CHECK(draws(1, false) != draws(2, false));
}

TEST_CASE("stochastic rounding leaves whole numbers alone") {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    REQUIRE(pare::stochastic{9}(7.f, i) == 7);
    REQUIRE(pare::stochastic{9}(-7.f, i) == -7);
    REQUIRE(pare::stochastic{9}(0.f, i) == 0);
  }
}
