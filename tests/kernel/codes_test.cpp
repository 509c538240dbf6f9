#include <catch2/catch.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

// Multipliers of every size that a policy accepts: anything, powers of two, the ends.
template <class Policy>
double draw_multiplier(generator& random) {
  const auto power = [](std::int64_t e) { return std::ldexp(1.0, static_cast<int>(e)); };
  if constexpr (std::is_same_v<Policy, pare::power_of_two>) {
    return power(random.between(-31, 0));
  } else {
    const double fraction = 1 + static_cast<double>(random.between(0, (std::int64_t{1} << 52) - 1)) * 0x1p-52;
    const double any = fraction * power(random.between(-40, 31)), most = std::nextafter(0x1p7, 0.0);
    const double choices[] = {0, 1, 0x1p-31, 0x1p-32, 0x1.fffffffp-1, most, power(random.between(-30, 6)), any};
    const double chosen = choices[random.between(0, 23) < 7 ? random.next() % 7 : 7];
    return Policy::accepts(chosen) ? chosen : fraction * power(random.between(-20, -1));
  }
}

// Sums of every size up to 2^bits, ties of the power of two, the ends.
std::int64_t draw_sum(generator& random, int bits, double multiplier) {
  const std::int64_t most = std::int64_t{1} << bits;
  const std::int64_t half_step = multiplier > 0x1p-30 && multiplier < 1 ? std::int64_t(0.5 / multiplier) : 1;
  const std::int64_t size = std::int64_t{1} << random.between(0, bits);
  const std::int64_t choices[] = {0, -1, 1, -most, most - 1, half_step * random.between(-1001, 1001)};
  const std::int64_t chosen = choices[random.next() % 6];
  return random.next() % 3 == 0 && chosen >= -most && chosen < most ? chosen : random.between(-size, size - 1);
}

template <class Out>
std::vector<pare::output_map> maps_of() {
  constexpr std::int32_t least = std::numeric_limits<Out>::min(), most = std::numeric_limits<Out>::max();
  if constexpr (sizeof(Out) == 4) {
    return {{0, least, most}, {-1000, -1 << 24, 1 << 23}, {12345, 5, 5}};
  } else {
    const std::int32_t middle = (least + most + 1) / 2;
    return {{0, least, most},
            {least, least, most},
            {most, least, most},
            {middle + 7, middle + 7, most - 100},
            {middle - 3, middle - 2, middle - 2}};
  }
}

// Kernels ask whether all multipliers are below one.
double below_one(double multiplier) {
  while (!(static_cast<float>(multiplier) < 1)) multiplier *= 0x1p-9;
  return multiplier;
}

// The epilogue bias | requantize on F, against Policy::apply. With k = 0 the biases are the sums: they go everywhere.
template <class F, class Policy, class Out, class Bias>
void check_codes(std::uint64_t seed, const extents& size) {
  generator random{seed};
  const auto o = draw_operands<F>(random, size);
  const auto sums = reference_sums(o);
  std::vector<double> scales;
  pare::channels<Bias> bias(size.n, 0);
  for (index j = 0; j < size.n; ++j) {
    const double any = draw_multiplier<Policy>(random);
    scales.push_back(seed % 2 == 0 ? below_one(any) : any);
    bias[j] = static_cast<Bias>(draw_sum(random, size.k != 0 ? 28 : sizeof(Bias) == 8 ? 46 : 31, scales.back()));
  }
  const pare::multipliers<Policy> multipliers(scales);
  for (const pare::output_map& map : maps_of<Out>()) {
    loose_matrix<Out> expected(size.m, size.n, random.between(0, 3));
    for (index i = 0; i < size.m; ++i) {
      for (index j = 0; j < size.n; ++j) {
        const auto sum = static_cast<typename Policy::accumulator>(sums(i, j) + bias[j]);
        const auto terms = Policy::from_scale(scales[static_cast<std::size_t>(j)]);
        expected(i, j) = static_cast<Out>(Policy::apply(sum, terms, map));
      }
    }
    for (const pare::target t : available_targets()) {
      INFO(describe<F>() << " on " << name(t) << ", zero point " << map.zero_point << " in [" << map.min << ", "
                         << map.max << "], k " << size.k << ", seed " << seed);
      auto y = expected.blank();
      pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, o.packed,
                                            pare::bias(bias) | pare::requantize(multipliers, map), y.view(), t);
      REQUIRE(difference(y, expected) == "");
    }
  }
}

template <class F, class Policy, class Out, class Bias = std::int32_t>
struct codes_case {
  static void check() {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      check_codes<F, Policy, Out, Bias>(seed, {1, 3001, 0});
      check_codes<F, Policy, Out, Bias>(seed, {9, 70, 21});
      check_codes<F, Policy, Out, Bias>(seed, {120, 70, 0});  // whole tiles of every height
    }
  }
};

using all_cases = std::tuple<codes_case<s8_s8n<pare::dense>, pare::tflite, std::int8_t>,              //
                             codes_case<s8_s8n<pare::dense>, pare::float_nearest_even, std::int8_t>,  //
                             codes_case<s8_s8n<pare::dense>, pare::power_of_two, std::int8_t>,        //
                             codes_case<s8_s8n<pare::block16>, pare::tflite_int64, std::int8_t>,
                             codes_case<s16_s8n_shallow<pare::dense>, pare::float_nearest_even, std::int16_t>,
                             codes_case<q12_q12_shallow<pare::dense>, pare::tflite_single, std::int32_t>,
                             codes_case<s16_s8<pare::dense>, pare::tflite_int64, std::int16_t, std::int64_t>,
                             codes_case<s16_s16<pare::dense>, pare::tflite_int64, std::int8_t, std::int32_t>>;

}  // namespace

TEMPLATE_LIST_TEST_CASE("codes are those of the policy's formula for sums and multipliers of any size", "", all_cases) {
  TestType::check();
}

TEST_CASE("sums need no bias to become codes, and unsigned codes reach both ends") {
  generator random{7};
  const extents size{9, 130, 40};
  const auto o = draw_operands<u8_s8<pare::dense>>(random, size);
  const auto sums = reference_sums(o);
  const std::vector<double> scales(130, 0.02);
  const pare::multipliers<pare::tflite> multipliers(scales);
  const pare::output_map map{100, 0, 255};
  loose_matrix<std::uint8_t> expected(size.m, size.n, 1);
  std::int32_t least = 255, most = 0;
  for (index i = 0; i < size.m; ++i) {
    for (index j = 0; j < size.n; ++j) {
      const auto sum = static_cast<std::int32_t>(sums(i, j));
      const std::int32_t code = pare::tflite::apply(sum, pare::tflite::from_scale(scales[0]), map);
      expected(i, j) = static_cast<std::uint8_t>(code);
      least = std::min(least, code), most = std::max(most, code);
    }
  }
  CHECK(least == 0);
  CHECK(most == 255);
  for (const pare::target t : available_targets()) {
    INFO(name(t));
    auto y = expected.blank();
    pare::linear(o.x.view(), o.zero_point, o.packed, pare::requantize(multipliers, map), y.view(), t);
    CHECK(difference(y, expected) == "");
  }
}

}  // namespace cases
