#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <pare/expr/error_report.hpp>
#include <pare/quant/presets.hpp>

namespace {

using reals = xt::xarray<float>;
using codes = xt::xarray<std::int8_t>;
using whole = pare::quantizer<pare::affine<std::int8_t>>;
using channels = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;

const pare::quantization<whole> quarters{.maps = {{.scale = 0.25f, .zero_point = -10}}};

reals wave() {
  reals x = xt::zeros<float>({3, 50});
  int i = 0;
  for (float& value : x) value = std::sin(static_cast<float>(++i) * 0.37f) * 50;
  return x;
}

}  // namespace

TEST_CASE("fake_quantize is dequantize after quantize, in one pass, whole or element by element") {
  const reals x = wave();
  const auto lazy = pare::fake_quantize(x, quarters);
  const reals twice = pare::dequantize(codes(pare::quantize(x, quarters)), quarters);
  CHECK((reals(lazy) == twice));
  CHECK(std::equal(lazy.begin(), lazy.end(), twice.begin()));
  CHECK((reals(pare::fake_quantize(2.f * x + 1.f, quarters)) ==
         reals(pare::fake_quantize(reals(2.f * x + 1.f), quarters))));
  const auto per_channel = channels{}.calibrate(x);
  CHECK((reals(pare::fake_quantize(x, per_channel)) == reals(pare::dequantize(pare::quantize(x, per_channel)))));
}

TEST_CASE("the straight-through mask passes what is not clipped") {
  const float infinity = std::numeric_limits<float>::infinity();
  // codes -128 .. 127 stand for -29.5 .. 34.25; ties at the ends go to even codes
  const reals x = {0.f, 34.25f, 34.37f, 34.38f, -29.5f, -29.62f, -29.63f, infinity, std::nanf("")};
  CHECK((reals(pare::straight_through_mask(x, quarters)) == reals{1, 1, 1, 0, 1, 1, 0, 0, 0}));
}

TEST_CASE("requantize goes from one quantization to another by integers") {
  const codes from = {-128, -10, -9, 0, 127};
  const pare::quantization<whole> halves{.maps = {{.scale = 0.5f, .zero_point = 3}}};
  // (code + 10) / 2 + 3, ties away from zero
  CHECK((codes(pare::requantize(from, quarters, halves)) == codes{-56, 3, 4, 8, 72}));
  CHECK((codes(pare::requantize(from, halves, quarters)) == codes{-128, -36, -34, -16, 127}));
  CHECK((codes(pare::requantize<pare::power_of_two>(from, quarters, halves)) == codes{-56, 3, 4, 8, 72}));
  using wide = pare::quantizer<pare::symmetric<std::int16_t>>;
  const pare::quantization<wide> fine{.maps = {{.scale = 0.25f / 64}}};
  const xt::xarray<std::int16_t> finer = pare::requantize(from, quarters, fine);
  CHECK((finer == xt::xarray<std::int16_t>{-118 * 64, 0, 64, 640, 137 * 64}));
  CHECK_THROWS_WITH((pare::requantize<pare::power_of_two>(from, halves, quarters)),
                    "pare: scales: expected a multiplier that the requantization policy can express, got 2");
}

TEST_CASE("a report counts error, clipping and agreement, per channel and whole") {
  const reals x = {{1.f, -2.f, 0.f}, {100.f, 3.3f, 0.f}};
  const pare::quantization<channels> parameters{.maps = {{1.f}, {0.5f}}};
  const pare::error_report report = pare::report_error(x, parameters);
  REQUIRE(report.channels.size() == 2);
  CHECK(std::isinf(report.channels[0].snr_db()));
  CHECK(report.channels[0].cosine() == 1);
  CHECK(report.channels[1].greatest == Approx(36.5));
  CHECK(report.channels[1].clipped == 1);
  CHECK(report.whole.clipped_share() == Approx(1 / 6.));
  const double noise = 36.5 * 36.5 + 0.2 * 0.2, signal = 1 + 4 + 100 * 100 + 3.3 * 3.3;
  CHECK(report.whole.snr_db() == Approx(10 * std::log10(signal / noise)));
  CHECK(report.to_text().find("worst channel 1") != std::string::npos);
  CHECK(report.to_json().starts_with("{\"whole\": {\"snr_db\": 8.7"));
  CHECK(report.to_json().find("\"channels\": [{\"snr_db\": null, \"cosine\": 1, \"max_error\": 0, "
                              "\"mean_squared_error\": 0, \"clipped\": 0, \"count\": 3}, {") != std::string::npos);
  CHECK(pare::report_error(pare::quantize(x, parameters)).whole.noise == Approx(noise));
}
