#include <catch2/catch.hpp>
#include <limits>
#include <pare/expr/quantize.hpp>

namespace {

using whole = pare::quantizer<pare::affine<std::int8_t>>;
using per_channel = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;
using codes = xt::xarray<std::int8_t>;
using reals = xt::xarray<float>;

const pare::quantization<whole> quarters{.maps = {{.scale = 0.25f, .zero_point = -10}}};
const reals x = {{-1.f, 0.f, 0.375f}, {0.5f, 1.f, 1.55f}};
const pare::quantization<whole> hundredths{.maps = {{.scale = 0.01f, .zero_point = -28}}};

}  // namespace

TEST_CASE("codes are the rounded quotient by the scale plus the zero point") {
  CHECK((codes(pare::quantize(x, quarters)) == codes{{-14, -10, -8}, {-8, -6, -4}}));  // 1.5 and 6.2 to 2 and 6
}

TEST_CASE("the quotient is a division: no product with a reciprocal") {
  // 45.5f / 7 is 6.5, which goes to 6; 45.5f * (1 / 7.f) is 6.5000005, which would go to 7.
  const pare::quantization<whole> sevenths{.maps = {{.scale = 7.f, .zero_point = 0}}};
  const reals ties = {45.5f, 87.5f, -45.5f};
  CHECK((codes(pare::quantize(ties, sevenths)) == codes{6, 12, -6}));
}

TEST_CASE("quantizing saturates, infinities included, and NaN becomes zero") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const reals extreme = {1e30f, -1e30f, infinity, -infinity, std::numeric_limits<float>::quiet_NaN()};
  CHECK((codes(pare::quantize(extreme, hundredths)) == codes{127, -128, 127, -128, -28}));
}

TEST_CASE("quantize with a quantizer calibrates it on the expression") {
  const auto lazy = pare::quantize<whole>(x);
  CHECK(lazy.parameters().maps == whole{}.calibrate(x).maps);
  CHECK((codes(lazy)(0, 0) == -128));
  CHECK((codes(lazy)(1, 2) == 127));
}

TEST_CASE("each channel has its own scale, and codes reach both ends of a symmetric range") {
  const reals weights = {{127.f, -1.f, 3.f}, {1.f, 0.f, -2.f}};
  const auto lazy = pare::quantize<per_channel>(weights);
  REQUIRE(lazy.parameters().maps.size() == 2);
  CHECK((codes(lazy) == codes{{127, -1, 3}, {64, 0, -127}}));  // 63.5 rounds to even
}

TEST_CASE("channels may be any axis of a tensor of any rank") {
  using last = pare::quantizer<pare::symmetric<std::int16_t>, pare::per_axis<3>>;
  const xt::xtensor<float, 4> image = xt::arange<float>(24).reshape({1, 2, 3, 4});
  const auto lazy = pare::quantize<last>(image);
  REQUIRE(lazy.parameters().maps.size() == 4);
  for (std::size_t c = 0; c < 4; ++c) CHECK(lazy(0, 1, 2, c) == 32767);
}

TEST_CASE("an expression is quantized without being evaluated first, and reads its operands when it is asked") {
  reals y = x;
  const auto lazy = pare::quantize(2.f * y + 1.f, hundredths);
  y(0, 0) = -0.5f;
  CHECK(lazy(0, 0) == -28);
  static_assert(std::is_same_v<decltype(lazy)::value_type, std::int8_t>);
  static_assert(pare::QuantizedExpression<decltype(lazy)> && !pare::QuantizedExpression<reals>);
}

TEST_CASE("dequantize inverts quantize to within half a step") {
  const reals back = pare::dequantize(pare::quantize(x, hundredths), hundredths);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(back.flat(i) == Approx(x.flat(i)).margin(0.00501));
  CHECK((reals(pare::dequantize(pare::quantize(x, hundredths))) == back));
  const auto kept = pare::quantize(x, hundredths);
  CHECK((reals(pare::dequantize(kept)) == back));
  CHECK((reals(pare::dequantize(codes{-28, 72}, hundredths)) == reals{0.f, 0.01f * 100}));
}

TEST_CASE("stochastic rounding draws by the element's place, whichever way the expression is read") {
  using dithered = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_tensor, pare::stochastic>;
  const reals half = 0.5f * xt::ones<float>({16, 16});
  pare::quantization<dithered> parameters{.maps = {{.scale = 1}}, .rounding = {.seed = 3}};
  const auto lazy = pare::quantize(half, parameters);
  const codes once = lazy;
  const int sum = std::accumulate(once.begin(), once.end(), 0);
  CHECK(sum > 80);
  CHECK(sum < 176);
  CHECK((codes(lazy) == once));
  CHECK((codes(xt::view(lazy, xt::range(8, 16), xt::range(3, 9))) ==
         codes(xt::view(once, xt::range(8, 16), xt::range(3, 9)))));
  CHECK(lazy(5, 7) == once(5, 7));
  parameters.rounding.seed = 4;
  CHECK((codes(pare::quantize(half, parameters)) != once));
}

TEST_CASE("parameters are kept by the closure rule: lvalues by reference, temporaries moved in") {
  const auto seen = pare::quantize(x, hundredths);
  CHECK(&seen.parameters() == &hundredths);
  const auto owned = pare::quantize(x, pare::quantization<whole>(hundredths));
  CHECK(&owned.parameters() != &hundredths);
  CHECK((codes(owned) == codes(seen)));
}

TEST_CASE("parameters for another number of channels are refused by name") {
  const pare::quantization<per_channel> three{.maps = {{.scale = 1}, {.scale = 1}, {.scale = 1}}};
  CHECK_THROWS_WITH(pare::quantize(x, three), "pare: quantization.maps: expected 2 for a tensor of this shape, got 3");
  CHECK_THROWS_WITH(pare::dequantize(codes{{1, 2}, {3, 4}}, three),
                    "pare: quantization.maps: expected 2 for a tensor of this shape, got 3");
  CHECK_THROWS_WITH(pare::quantize<whole>(xt::xarray<float>(xt::zeros<float>({0, 4}))),
                    "pare: calibration data: expected at least one value, got none");
}
