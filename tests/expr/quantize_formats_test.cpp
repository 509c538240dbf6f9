#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <pare/expr/quantize.hpp>
#include <pare/quant/presets.hpp>
#include <random>

namespace presets = pare::presets;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

using reals = xt::xarray<float>;
using codes = xt::xarray<std::int8_t>;

template <class Q>
pare::quantization<Q> with(const pare::affine_map& map) {
  return {.maps = {map}};
}

}  // namespace

TEST_CASE("each preset rounds as its format says") {
  const reals ties = {0.5f, 1.5f, -0.5f, -2.5f};
  CHECK((codes(pare::quantize(ties, with<presets::tflite::activations_int8>({1, 0}))) == codes{1, 2, -1, -3}));
  CHECK((codes(pare::quantize(ties, with<presets::onnx::quantize_linear<std::int8_t>>({1, 0}))) == codes{0, 2, 0, -2}));
  const reals sevenths = {45.5f};
  CHECK(pare::quantize(sevenths, with<presets::onnx::quantize_linear<std::int8_t>>({7, 0}))(0) == 6);
  CHECK(pare::quantize(sevenths, with<presets::xnnpack::activations_qs8>({7, 0}))(0) == 7);
}

TEST_CASE("TFLite's 16-bit activations reach -32768 with the scale of 32767") {
  const reals x = {-1.f, 1.f, -2.f};
  const auto lazy = pare::quantize(x, with<presets::tflite::activations_int16>({1 / 32767.f, 0}));
  CHECK((xt::xarray<std::int16_t>(lazy) == xt::xarray<std::int16_t>{-32767, 32767, -32768}));
  CHECK(presets::tflite::activations_int16{}.calibrate(reals{-1.f, 2.f}).maps[0].scale == 2 / 32767.f);
}

TEST_CASE("ONNX's dynamic quantization chooses and uses its parameters in one call") {
  const reals x = {0.f, 2.f, -3.f, -2.5f, 1.34f, 0.5f};  // the operator's own example
  const auto lazy = pare::quantize<presets::onnx::dynamic_quantize_linear>(x);
  CHECK(lazy.parameters().maps[0].scale == 5.f / 255.f);
  CHECK((xt::xarray<std::uint8_t>(lazy) == xt::xarray<std::uint8_t>{153, 255, 0, 26, 221, 179}));
}

TEST_CASE("each group of a row has its own scale") {
  using grouped = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_group<1, 2>>;
  const reals weights = {{127.f, 1.f, 254.f, 2.f, 381.f}, {0.f, 0.f, -127.f, 5.f, 1.f}};
  const auto lazy = pare::quantize<grouped>(weights);
  CHECK(lazy.parameters().maps.size() == 6);
  CHECK((codes(lazy) == codes{{127, 1, 127, 1, 127}, {0, 0, -127, 5, 127}}));
}

TEST_CASE("each block of two axes has its own scale") {
  using blocked = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_block<0, 2, 1, 2>>;
  const reals weights = {{127.f, 1.f, 2.f}, {5.f, 254.f, 1.f}, {7.f, 14.f, 3.f}};
  CHECK((codes(pare::quantize<blocked>(weights)) == codes{{64, 0, 127}, {2, 127, 64}, {64, 127, 127}}));
}

TEST_CASE("codes of n bits stay within n bits") {
  using four = pare::quantizer<pare::affine<std::uint8_t, pare::unsigned_bits<4>>>;
  const reals x = xt::linspace<float>(-1.f, 2.f, 100);
  const xt::xarray<std::uint8_t> q = pare::quantize<four>(x);
  CHECK(*std::max_element(q.begin(), q.end()) == 15);
  CHECK(q(0) == 0);
}

TEST_CASE("infinities and NaN follow the quantizer's policy") {
  const reals x = {infinity, std::nanf(""), -infinity};
  using base = pare::affine<std::int8_t>;
  using zeroing = pare::quantizer<base, pare::per_tensor, pare::half_even, pare::min_max, pare::zero_non_finite>;
  using refusing = pare::quantizer<base, pare::per_tensor, pare::half_even, pare::min_max, pare::refuse_non_finite>;
  CHECK((codes(pare::quantize(x, with<pare::quantizer<base>>({1, 3}))) == codes{127, 3, -128}));
  CHECK((codes(pare::quantize(x, with<zeroing>({1, 3}))) == codes{3, 3, 3}));
  CHECK_THROWS_WITH((codes(pare::quantize(x, with<refusing>({1, 3})))),
                    "pare: quantize: expected finite numbers, as the quantizer's non-finite policy says, got inf");
}

TEST_CASE("an axis beyond the tensor's is refused by name") {
  const reals x = {1.f, 2.f};
  using channels = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<1>>;
  CHECK_THROWS_WITH(pare::quantize<channels>(x), "pare: rank: expected at least 2 axes, got 1");
  CHECK_THROWS_WITH(pare::quantize(x, pare::quantization<channels>{.maps = {{}, {}}}),
                    "pare: rank: expected at least 2 axes, got 1");
}
