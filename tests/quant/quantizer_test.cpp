#include <catch2/catch.hpp>
#include <limits>
#include <list>
#include <pare/quant/quantizer.hpp>

using pare::index;

namespace {

using per_channel = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;
using per_column = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<1>>;
using whole = pare::quantizer<pare::affine<std::int8_t>>;

/// A tensor as an engine may have it: values and a shape, and no more.
struct tensor {
  std::vector<float> values;
  std::array<index, 2> extents;
  auto begin() const { return values.begin(); }
  const auto& shape() const { return extents; }
};

const tensor weights{{1, -127, 3, 4, 254, 6}, {2, 3}};

std::vector<float> scales(const auto& quantization) {
  std::vector<float> result;
  for (const auto& map : quantization.maps) result.push_back(map.scale);
  return result;
}

}  // namespace

TEST_CASE("a quantizer calibrates each channel along its axis") {
  CHECK(scales(per_channel{}.calibrate(weights)) == std::vector<float>{1, 2});
  CHECK(scales(per_column{}.calibrate(tensor{{127, 2, 3, 4, 254, 381}, {2, 3}})) == std::vector<float>{1, 2, 3});
}

TEST_CASE("a quantizer calibrates any sized range as one axis") {
  CHECK(whole{}.calibrate(std::list<double>{-1, 1.55}).maps.at(0).scale == Approx(0.01));
}

TEST_CASE("long runs are observed to their last element") {
  std::vector<float> values(1000, 1.f);
  values.back() = 255;
  CHECK(whole{}.calibrate(values).maps.at(0).scale == 1);
  values.back() = 1;
  values[255] = 255;
  CHECK(whole{}.calibrate(values).maps.at(0).scale == 1);
}

TEST_CASE("a calibrator sees batch after batch, and merging two equals one that saw all") {
  const tensor other{{2, 508, 0}, {1, 3}};
  pare::calibrator<whole> one, first, second;
  one.observe(weights).observe(other);
  first.observe(weights);
  second.observe(other);
  CHECK(first.merge(second).merge(pare::calibrator<whole>{}).finish().maps == one.finish().maps);
  CHECK(one.finish().maps.at(0).scale == Approx((508 + 127) / 255.0));
  CHECK(pare::calibrator<whole>{}.merge(one).finish().maps == one.finish().maps);
}

TEST_CASE("batches may grow along axes that share parameters, and only along those") {
  pare::calibrator<per_column> columns;
  columns.observe(weights).observe(tensor{{0, 0, 381}, {1, 3}});
  CHECK(scales(columns.finish()).back() == 3);
  CHECK_THROWS_WITH(columns.observe(tensor{{1, 2}, {1, 2}}),
                    "pare: calibration data: parameters of the batch: expected 3, got 2");
}

TEST_CASE("data that says nothing is an error") {
  const std::string none = "pare: calibration data: expected at least one value, got none";
  CHECK_THROWS_WITH(whole{}.calibrate(std::vector<float>{}), none);
  CHECK_THROWS_WITH(per_channel{}.calibrate(tensor{{}, {3, 0}}), none);
  CHECK_THROWS_WITH(pare::calibrator<whole>{}.finish(), none);
  CHECK_THROWS_WITH(whole{}.calibrate(std::vector{std::numeric_limits<float>::quiet_NaN()}),
                    "pare: calibration data: expected finite values, got NaN or infinity");
}

TEST_CASE("an empty batch among others changes nothing") {
  pare::calibrator<whole> seen;
  seen.observe(weights).observe(std::vector<float>{});
  CHECK(seen.finish().maps == whole{}.calibrate(weights).maps);
}

TEST_CASE("a rounding's own numbers travel with the parameters") {
  using dithered = pare::quantizer<pare::affine<std::int8_t>, pare::per_tensor, pare::stochastic>;
  CHECK(dithered{.rounding = {.seed = 7}}.calibrate(weights).rounding.seed == 7);
}

TEST_CASE("parameters that do not suit the tensor or the scheme are refused by name") {
  pare::quantization<per_channel> given{.maps = {{.scale = 1}, {.scale = 2}}};
  const pare::parameter_grid<pare::per_axis<0>> two(std::array{2, 3}), three(std::array{3, 3});
  CHECK_NOTHROW(pare::expect_valid("weights", given, two));
  CHECK_THROWS_WITH(pare::expect_valid("weights", given, three),
                    "pare: weights.maps: expected 3 for a tensor of this shape, got 2");
  given.maps[1].zero_point = 5;
  CHECK_THROWS_WITH(pare::expect_valid("weights", given, two),
                    "pare: weights.maps: expected zero point 0, as the scheme promises, got 5");
  for (const float scale :
       {0.f, -1.f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    given.maps[1] = {.scale = scale};
    CHECK_THROWS_AS(pare::expect_valid("weights", given, two), pare::error);
  }
}

TEST_CASE("codes of 32 bits have every zero point that they can store") {
  const pare::parameter_grid<pare::per_tensor> one(std::array{2});
  constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min(),
                         most = std::numeric_limits<std::int32_t>::max();
  const auto with = [](auto code, std::int32_t zero_point) {
    return pare::quantization<pare::quantizer<pare::affine<decltype(code)>>>{.maps = {{1, zero_point}}};
  };
  CHECK_NOTHROW(pare::expect_valid("weights", with(std::uint32_t{}, most), one));
  CHECK_NOTHROW(pare::expect_valid("weights", with(std::int32_t{}, least), one));
  CHECK_NOTHROW(pare::expect_valid("weights", with(std::int32_t{}, most), one));
  for (const std::int32_t negative : {-1, least})
    CHECK_THROWS_WITH(
        pare::expect_valid("weights", with(std::uint32_t{}, negative), one),
        "pare: weights.maps.zero_point: expected a code in [0, 4294967295], got " + std::to_string(negative));
}
