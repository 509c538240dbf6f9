// Thousands of random cases of every property. PARE_PROPERTY_CASES says how many (10,000), PARE_PROPERTY_FIRST where
// they start. A failure prints its number: PARE_PROPERTY_FIRST=<number> PARE_PROPERTY_CASES=1 repeats it alone, and
// PARE_PROPERTY_M, _N and _K replace its extents, to find the smallest that fail.
#include "property.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <pare/reference/requantize.hpp>

namespace cases {
namespace {

template <class F>
void check_sums(std::uint64_t seed, const extents& size) {
  generator random{seed};
  // Every sum of the widest range fits its type up to the format's depth, so any filling will do.
  const auto x_filling = draw_filling(random), w_filling = draw_filling(random);
  const auto o = draw_operands<F>(random, size, x_filling, w_filling);
  const auto exact = reference_sums(o);
  loose_matrix<typename F::sum> expected(size.m, size.n, random.between(0, 3));
  for (index i = 0; i < size.m; ++i)
    for (index j = 0; j < size.n; ++j) expected(i, j) = static_cast<typename F::sum>(exact(i, j));
  const in_parts executor{random.between(1, 5)};
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " on " << name(t) << ", " << executor.parts << " parts");
    auto y = expected.blank();
    pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, o.packed, pare::as_is, y.view(), t, executor);
    REQUIRE(difference(y, expected) == "");
  }
}

template <class Policy>
void check_codes(std::uint64_t seed, const extents& size) {
  using F = s8_s8n<pare::dense>;
  generator random{seed};
  const auto o = draw_operands<F>(random, size);
  auto sums = reference_sums(o);
  pare::channels<std::int32_t> bias(size.n, 0);
  std::vector<double> scales;
  std::vector<pare::requantize_terms<Policy>> terms;
  for (index j = 0; j < size.n; ++j) {
    bias[j] = static_cast<std::int32_t>(random.between(-100000, 100000));
    const int exponent = static_cast<int>(random.between(-20, 0));
    const double fraction =
        std::is_same_v<Policy, pare::power_of_two> ? 1 : 1 + static_cast<double>(random.between(0, 999999)) * 1e-6;
    scales.push_back(std::ldexp(fraction, exponent));
    terms.push_back(Policy::from_scale(scales.back()));
  }
  const auto low = static_cast<std::int32_t>(random.between(-128, 127));
  const pare::output_map map{static_cast<std::int32_t>(random.between(-128, 127)), low,
                             static_cast<std::int32_t>(random.between(low, 127))};
  loose_matrix<std::int8_t> expected(size.m, size.n, random.between(0, 3));
  for (index i = 0; i < size.m; ++i) {
    for (index j = 0; j < size.n; ++j) {
      const auto sum = static_cast<typename Policy::accumulator>(sums(i, j) + bias[j]);
      expected(i, j) = static_cast<std::int8_t>(Policy::apply(sum, terms[static_cast<std::size_t>(j)], map));
    }
  }
  const pare::multipliers<Policy> multipliers(scales);
  for (const pare::target t : available_targets()) {
    INFO("codes on " << name(t));
    auto y = expected.blank();
    pare::linear(o.x.view(), o.zero_point, o.packed, pare::bias(bias) | pare::requantize(multipliers, map), y.view(),
                 t);
    REQUIRE(difference(y, expected) == "");
  }
}

template <class... F>
std::vector<property> sums_of(std::type_identity<std::tuple<F...>>) {
  return {{"sums", check_sums<F>}...};
}

std::vector<property> all_properties() {
  std::vector<property> all = properties();
  for (const property& p : sums_of(std::type_identity<integer_formats>{})) all.push_back(p);
  all.push_back({"tflite", check_codes<pare::tflite>});
  all.push_back({"float_nearest_even", check_codes<pare::float_nearest_even>});
  all.push_back({"power_of_two", check_codes<pare::power_of_two>});
  return all;
}

std::int64_t setting(const char* name, std::int64_t otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoll(value);
}

/// Mostly small, often next to the sizes of tiles, seldom deep.
extents draw_extents(generator& random) {
  const auto near = [&](std::initializer_list<index> sizes) {
    return sizes.begin()[random.next() % sizes.size()] + random.between(-1, 1);
  };
  const bool small = random.next() % 2 == 0;
  return {small ? random.between(0, 9) : near({4, 6, 8, 12, 16, 24}),
          small ? random.between(0, 40) : near({16, 32, 48, 64, 128}),
          random.next() % 16 == 0 ? random.between(100, 500) : random.between(0, 70)};
}

}  // namespace

TEST_CASE("random cases of every property") {
  const auto all = all_properties();
  const std::int64_t first = setting("PARE_PROPERTY_FIRST", 0), count = setting("PARE_PROPERTY_CASES", 10000);
  for (std::int64_t i = first; i < first + count; ++i) {
    generator random{static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15u};
    const property& p = all[static_cast<std::size_t>(i) % all.size()];
    extents size = draw_extents(random);
    size.m = setting("PARE_PROPERTY_M", size.m);
    size.n = setting("PARE_PROPERTY_N", size.n);
    size.k = setting("PARE_PROPERTY_K", size.k);
    INFO("case " << i << ": " << p.name << ", m " << size.m << ", n " << size.n << ", k " << size.k);
    p.check(random.next(), size);
  }
}

}  // namespace cases
