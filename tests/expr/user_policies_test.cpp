#include <catch2/catch.hpp>
#include <limits>
#include <pare/expr/error_report.hpp>

// Policies as a user may write them, odd on purpose: every concept of quant/ and prune/ has a model here.
namespace odd {

struct five_bits_around_three {
  using range = pare::integer_range<std::int16_t, -16, 15>;
  static constexpr bool maps_zero_to_zero = false;
  static pare::affine_map choose(double min, double max) {
    return {.scale = static_cast<float>((max - min) / 8), .zero_point = 3};
  }
};

struct pairs_of_rows {
  static constexpr int min_rank = 1;
  static int block(pare::index axis, pare::index extent) { return axis == 0 ? 2 : static_cast<int>(extent); }
};

struct always_up {
  template <std::floating_point F>
  constexpr F operator()(F x, std::uint64_t = 0) const {
    return std::ceil(x);
  }
};

struct most_of_the_greatest {
  void observe(std::span<const float> values) {
    for (const float value : values) greatest = std::max(greatest, value);
  }
  void merge(const most_of_the_greatest& other) { greatest = std::max(greatest, other.greatest); }
  pare::interval interval() const { return {0, share * greatest}; }
  double share = 0.9;
  float greatest = 0;
};

struct two_for_strange_numbers {
  template <std::floating_point F>
  static constexpr F replace(F) {
    return 2;
  }
};

struct prefers_odd_indices {
  double operator()(float, pare::index row, pare::index column) const {
    return static_cast<double>((row + column) % 2);
  }
};

struct diagonal_stripes {
  static constexpr int groups(const pare::weight_shape&) { return 4; }
  static constexpr int group(const pare::weight_shape&, pare::index row, pare::index column) {
    return static_cast<int>((row + column) % 4);
  }
};

struct two_of_three_diagonals_of_six {
  static constexpr int kept = 2, window = 3;
  static constexpr int groups(const pare::weight_shape&) { return 6; }
  static constexpr int group(const pare::weight_shape&, pare::index row, pare::index column) {
    return static_cast<int>((row + column) % 6);
  }
};

struct never {
  double operator()(double, pare::index) const { return 0; }
};

}  // namespace odd

TEST_CASE("a user's scheme, granularity, rounding and calibration work together and in any mixture") {
  using all_odd =
      pare::quantizer<odd::five_bits_around_three, odd::pairs_of_rows, odd::always_up, odd::most_of_the_greatest>;
  const xt::xarray<float> x = {{0.f, 1.f}, {4.f, 8.f}, {80.f, 0.f}};
  const auto lazy = pare::quantize(x, all_odd{.calibration = {.share = 0.5}}.calibrate(x));
  // scales 0.5 * 8 / 8 and 0.5 * 80 / 8
  CHECK((xt::xarray<std::int16_t>(lazy) == xt::xarray<std::int16_t>{{3, 5}, {11, 15}, {15, 3}}));
  CHECK((xt::xarray<float>(pare::dequantize(lazy)) == xt::xarray<float>{{0.f, 1.f}, {4.f, 6.f}, {60.f, 0.f}}));
  CHECK(pare::quantize<pare::quantizer<pare::affine<std::int8_t>, pare::per_tensor, odd::always_up>>(x)(0, 1) == -124);
  CHECK(pare::quantize<pare::quantizer<odd::five_bits_around_three>>(x)(2, 0) == 11);
}

TEST_CASE("a user's quantizer serves every expression, and what it makes of strange numbers is its own") {
  using all_odd = pare::quantizer<odd::five_bits_around_three, odd::pairs_of_rows, odd::always_up,
                                  odd::most_of_the_greatest, odd::two_for_strange_numbers>;
  const float infinity = std::numeric_limits<float>::infinity();
  const xt::xarray<float> x = {{-infinity, 1.f}, {std::nanf(""), 8.f}, {infinity, 90.f}};
  const pare::quantization<all_odd> steps{.maps = {{0.5f, 3}, {10.f, 3}}};
  CHECK((xt::xarray<std::int16_t>(pare::quantize(x, steps)) == xt::xarray<std::int16_t>{{7, 5}, {7, 15}, {4, 12}}));
  CHECK((xt::xarray<float>(pare::fake_quantize(x, steps)) == xt::xarray<float>{{2, 1}, {2, 6}, {10, 90}}));
  CHECK((xt::xarray<float>(pare::straight_through_mask(x, steps)) == xt::xarray<float>{{0, 1}, {0, 0}, {0, 1}}));
  const xt::xarray<std::int16_t> again = pare::requantize(pare::quantize(x, steps), steps, steps);
  CHECK((again == xt::xarray<std::int16_t>{{7, 5}, {7, 15}, {4, 12}}));

  const xt::xarray<float> first = {{1.f, 0.f}, {4.f, 0.f}, {20.f, 0.f}},
                          second = {{2.f, 0.f}, {-8.f, 0.f}, {40.f, 0.f}};
  pare::calibrator<all_odd> seen, other;
  pare::observe(seen, first).merge(pare::observe(other, second));
  CHECK(seen.finish().maps == std::vector<pare::affine_map>{{0.9f * 4 / 8, 3}, {0.9f * 40 / 8, 3}});
  const auto report = pare::report_error(first, pare::quantization<all_odd>{.maps = {{1.f, 3}, {1.f, 3}}});
  CHECK(report.channels[0].noise == 0);
  CHECK(report.channels[1].clipped == 1);  // code 15 is the last: 12
}

TEST_CASE("a user's criterion and structure work together and in any mixture") {
  const xt::xarray<float> ones = xt::ones<float>({4, 4});
  using striped = pare::pruner<odd::prefers_odd_indices, odd::diagonal_stripes>;
  const auto lazy = pare::prune<striped>(ones, 0.5);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j) CHECK(lazy(i, j) == static_cast<float>((i + j) % 2));
  const auto checkered = pare::prune<pare::pruner<odd::prefers_odd_indices, pare::unstructured>>(ones, 0.5);
  CHECK((xt::xarray<float>(checkered) == xt::xarray<float>(lazy)));
  const auto all = pare::prune<pare::pruner<pare::magnitude, odd::diagonal_stripes, odd::never>>(ones, 0.5);
  CHECK((xt::xarray<float>(all) == ones));
  const auto windows = pare::prune<pare::pruner<pare::magnitude, odd::two_of_three_diagonals_of_six>>(ones);
  CHECK(windows.mask().groups == std::vector<std::uint8_t>{0, 1, 1, 1, 1, 0});  // 2, 2, 3 and 4, 3, 2 ones
}

TEST_CASE("a user's structure whose windows do not divide its groups is refused") {
  struct seven_groups : odd::two_of_three_diagonals_of_six {
    static constexpr int groups(const pare::weight_shape&) { return 7; }
  };
  const xt::xarray<float> ones = xt::ones<float>({4, 4});
  CHECK_THROWS_WITH((pare::prune<pare::pruner<pare::magnitude, seven_groups>>(ones)),
                    "pare: structure: expected groups in whole windows of 3, got 7");
}

TEST_CASE("odd weights can be pruned and quantized when the scheme keeps zero at zero") {
  using striped = pare::pruner<odd::prefers_odd_indices, odd::diagonal_stripes>;
  using narrow =
      pare::quantizer<pare::symmetric<std::int8_t, pare::integer_range<std::int8_t, -15, 15>>, odd::pairs_of_rows>;
  const xt::xarray<float> ones = xt::ones<float>({4, 4});
  const auto lazy = pare::quantize<narrow>(pare::prune<striped>(ones, 0.5));
  CHECK(lazy(0, 0) == 0);
  CHECK(lazy(0, 1) == 15);
}
