#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <pare/numeric/affine.hpp>

using pare::affine_map;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

// The definition, in a type where nothing can go wrong.
template <class R>
std::int64_t expected_code(double x, const affine_map& map, bool to_even) {
  const long double q = x / map.scale;
  const long double rounded = (to_even ? std::nearbyint(q) : std::round(q)) + map.zero_point;
  return static_cast<std::int64_t>(
      std::clamp(rounded, static_cast<long double>(R::min), static_cast<long double>(R::max)));
}

template <class R>
int wrong_codes(const affine_map& map) {
  int wrong = 0;
  // Every half step from well below the range to well above: all codes, all ties. Scales are powers of two here, so
  // that the steps are exact.
  for (std::int64_t half = 2 * (R::min - R::max) - 9; half <= 2 * (R::max - R::min) + 9; ++half) {
    const float x = static_cast<float>(half) / 2 * map.scale;
    wrong += pare::quantize_value<R>(x, map) != expected_code<R>(double{x}, map, true);
    wrong += pare::quantize_value<R>(x, map, pare::half_away{}) != expected_code<R>(double{x}, map, false);
    wrong += pare::quantize_value<R>(double{x}, map) != expected_code<R>(double{x}, map, true);
  }
  return wrong;
}

template <class R>
int codes_that_do_not_return(const affine_map& map) {
  int wrong = 0;
  for (std::int64_t code = R::min; code <= R::max; ++code) {
    const auto stored = static_cast<typename R::type>(code);
    wrong += pare::quantize_value<R>(pare::dequantize_value(stored, map), map) != stored;
  }
  return wrong;
}

}  // namespace

TEST_CASE("every code and every tie of the 8-bit ranges is quantized as defined, at every zero point") {
  for (int zero_point = -128; zero_point < 256; ++zero_point) {
    if (zero_point < 128) REQUIRE(wrong_codes<pare::s8>({0.25f, zero_point}) == 0);
    if (zero_point < 128 && zero_point > -128) REQUIRE(wrong_codes<pare::s8_narrow>({4, zero_point}) == 0);
    if (zero_point >= 0) REQUIRE(wrong_codes<pare::u8>({1, zero_point}) == 0);
  }
}

TEST_CASE("every code and every tie of the 16-bit ranges is quantized as defined") {
  CHECK(wrong_codes<pare::s16>({0.5f, 0}) == 0);
  CHECK(wrong_codes<pare::s16>({1, -32768}) == 0);
  CHECK(wrong_codes<pare::s16_narrow>({1, 32767}) == 0);
  CHECK(wrong_codes<pare::u16>({2, 1}) == 0);
  CHECK(wrong_codes<pare::u16>({2, 65535}) == 0);
}

TEST_CASE("every code comes back from its real number, whatever the scale") {
  for (const float scale : {1e-30f, 0.003f, 1 / 3.f, 1.f, 7.3f, 1e30f}) {
    CHECK(codes_that_do_not_return<pare::s8>({scale, -3}) == 0);
    CHECK(codes_that_do_not_return<pare::u8>({scale, 200}) == 0);
    CHECK(codes_that_do_not_return<pare::s16>({scale, 0}) == 0);
    CHECK(codes_that_do_not_return<pare::u16>({scale, 40000}) == 0);
  }
}

TEST_CASE("real numbers beyond the codes saturate, infinities too, and not-a-numbers become the zero point") {
  const affine_map map{0.1f, 5};
  for (const float large : {13.f, 1e10f, 3e38f, infinity}) {
    CHECK(pare::quantize_value<pare::s8>(large, map) == 127);
    CHECK(pare::quantize_value<pare::s8>(-large - 1, map) == -128);
    CHECK(pare::quantize_value<pare::s8_narrow>(-large - 1, map) == -127);
    CHECK(pare::quantize_value<pare::s16>(large * 1e4f, map) == 32767);
    CHECK(pare::quantize_value<pare::s8>(double{large}, map, pare::stochastic{3}) == 127);
  }
  CHECK(pare::quantize_value<pare::s8>(not_a_number, map) == 5);
  CHECK(pare::quantize_value<pare::s8>(-not_a_number, map, pare::half_away{}) == 5);
}

TEST_CASE("the smallest scale does not lose the ends") {
  const affine_map map{std::numeric_limits<float>::denorm_min(), 0};
  CHECK(pare::quantize_value<pare::s8>(1e30f, map) == 127);
  CHECK(pare::quantize_value<pare::s8>(-1e30f, map) == -128);
  CHECK(pare::quantize_value<pare::s8>(0.f, map) == 0);
}

TEST_CASE("32-bit codes are exact up to both ends") {
  using s32 = pare::full_range<std::int32_t>;
  using u32 = pare::full_range<std::uint32_t>;
  CHECK(pare::quantize_value<s32>(1e30f, {1, 0}) == INT32_MAX);
  CHECK(pare::quantize_value<s32>(-1e30f, {1, 0}) == INT32_MIN);
  CHECK(pare::quantize_value<s32>(1e30f, {1, INT32_MIN}) == INT32_MAX);
  CHECK(pare::quantize_value<s32>(-1e30f, {1, INT32_MAX}) == INT32_MIN);
  CHECK(pare::quantize_value<s32>(2147483646.0, {1, 0}) == INT32_MAX - 1);
  CHECK(pare::quantize_value<u32>(1e30f, {1, 0}) == UINT32_MAX);
  CHECK(pare::quantize_value<u32>(16777217.0, {1, 16777216}) == 33554433);
  CHECK(pare::dequantize_value(INT32_MAX, {1, INT32_MIN}) == 0x1p32f);
}

TEST_CASE("the position reaches the rounding") {
  const affine_map map{1, 0};
  const pare::stochastic rounding{11};
  int different = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto code = pare::quantize_value<pare::s8>(0.5f, map, rounding, i);
    REQUIRE(code == rounding(0.5f, i));
    different += code != pare::quantize_value<pare::s8>(0.5f, map, rounding);
  }
  CHECK(different > 10);
}

TEST_CASE("the TFLite map spreads the range over the interval widened to 0") {
  CHECK(pare::choose_affine_tflite<pare::s8>(-1, 1.55).scale == static_cast<float>(2.55 / 255));
  CHECK(pare::choose_affine_tflite<pare::s8>(-1, 1.55).zero_point == -28);
  CHECK(pare::choose_affine_tflite<pare::u8>(-1, 1.55).zero_point == 100);
  CHECK(pare::choose_affine_tflite<pare::s8>(0, 255) == affine_map{1, -128});
  CHECK(pare::choose_affine_tflite<pare::s8>(100, 255) == affine_map{1, -128});
  CHECK(pare::choose_affine_tflite<pare::s8>(-255, -100) == affine_map{1, 127});
  CHECK(pare::choose_affine_tflite<pare::s8>(0, 0) == affine_map{1, 0});
  CHECK(pare::choose_affine_tflite<pare::integer_range<std::int8_t, 3, 9>>(0, 0) == affine_map{1, 3});
}

TEST_CASE("the TFLite zero point is rounded half away from zero, from the side with the smaller error") {
  CHECK(pare::choose_affine_tflite<pare::s8>(-1, 1).zero_point == -1);  // 127 - 127.5; the other side has -0.5 too
  CHECK(pare::choose_affine_tflite<pare::u8>(-1, 1).zero_point == 128);
  const auto check = [](double min, double max) {
    const double scale = (max - min) / 255, from_min = -128 - min / scale, from_max = 127 - max / scale;
    const bool is_min = 128 + std::abs(min / scale) < 127 + std::abs(max / scale);
    const double zero_point = std::round(std::clamp(is_min ? from_min : from_max, -128., 127.));
    const affine_map map = pare::choose_affine_tflite<pare::s8>(min, max);
    REQUIRE(map.scale == static_cast<float>(scale));
    REQUIRE(map.zero_point == zero_point);
    return std::round(from_min) != std::round(from_max);
  };
  int sides_differ = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double scale = 1e-3 + std::fmod(i * 0.618, 7.), tie = i % 250 - 124.5;
    sides_differ += check((-128 - tie) * scale, (127 - tie) * scale);
    check(-std::fmod(i * 0.618, 7.), std::fmod(i * 0.414, 5.) + 1e-3);
  }
  CHECK(sides_differ > 100);
}

TEST_CASE("a symmetric map puts the greatest code on the greatest magnitude") {
  CHECK(pare::choose_symmetric<pare::s8_narrow>(254) == affine_map{2, 0});
  CHECK(pare::choose_symmetric<pare::s8>(127) == affine_map{1, 0});
  CHECK(pare::choose_symmetric<pare::s16>(1).scale == static_cast<float>(1 / 32767.));
  CHECK(pare::choose_symmetric<pare::s8>(0) == affine_map{1, 0});
}

TEST_CASE("the ONNX map is computed in float and its zero point rounded half to even") {
  CHECK(pare::choose_affine_onnx_u8(0, 255) == affine_map{1, 0});
  CHECK(pare::choose_affine_onnx_u8(10, 255) == affine_map{1, 0});
  CHECK(pare::choose_affine_onnx_u8(-255, -3) == affine_map{1, 255});
  CHECK(pare::choose_affine_onnx_u8(0, 0) == affine_map{1, 0});
  CHECK(pare::choose_affine_onnx_u8(-0.5f, 254.5f).zero_point == 0);
  CHECK(pare::choose_affine_onnx_u8(-1.5f, 253.5f).zero_point == 2);
  CHECK(pare::choose_affine_onnx_u8(-1, 2).scale == 3.f / 255);
}

TEST_CASE("a scale is positive and finite even where the exact one would not be") {
  constexpr double most = std::numeric_limits<double>::max();
  for (const double bound : {5e-324, 1e-300, 1e-44, 1e38, most}) {
    CHECK_NOTHROW(pare::expect_valid<pare::s8>("map", pare::choose_affine_tflite<pare::s8>(-bound, bound)));
    CHECK_NOTHROW(pare::expect_valid<pare::s8>("map", pare::choose_symmetric<pare::s8>(bound)));
  }
  constexpr float large = std::numeric_limits<float>::max();
  constexpr float small = std::numeric_limits<float>::denorm_min();
  CHECK_NOTHROW(pare::expect_valid<pare::u8>("map", pare::choose_affine_onnx_u8(-large, large)));
  CHECK_NOTHROW(pare::expect_valid<pare::u8>("map", pare::choose_affine_onnx_u8(-small, small)));
}

TEST_CASE("bounds that are no interval are refused") {
  const double bad[] = {double{infinity}, -double{infinity}, double{not_a_number}};
  for (const double x : bad) {
    CHECK_THROWS_AS(pare::choose_affine_tflite<pare::s8>(x, 1), pare::error);
    CHECK_THROWS_AS(pare::choose_affine_tflite<pare::s8>(-1, x), pare::error);
    CHECK_THROWS_AS(pare::choose_symmetric<pare::s8>(x), pare::error);
    CHECK_THROWS_AS(pare::choose_affine_onnx_u8(static_cast<float>(x), 1), pare::error);
    CHECK_THROWS_AS(pare::choose_affine_onnx_u8(-1, static_cast<float>(x)), pare::error);
  }
  CHECK_THROWS_WITH(pare::choose_affine_tflite<pare::s8>(2, 1),
                    "pare: max: expected a finite number, at least min, got 1");
  CHECK_THROWS_AS(pare::choose_affine_onnx_u8(2, 1), pare::error);
  CHECK_THROWS_WITH(pare::choose_symmetric<pare::s8>(-1),
                    "pare: max_abs: expected a finite number of at least 0, got -1");
}

TEST_CASE("a map must have a positive finite scale and a zero point among the codes") {
  CHECK_NOTHROW(pare::expect_valid<pare::s8>("map", {1e-40f, -128}));
  for (const float scale : {0.f, -1.f, infinity, not_a_number}) {
    CHECK_THROWS_WITH((pare::expect_valid<pare::s8>("map", {scale, 0})), Catch::Contains("map.scale"));
  }
  CHECK_THROWS_WITH((pare::expect_valid<pare::s8>("map", {1, 128})),
                    "pare: map.zero_point: expected a code in [-128, 127], got 128");
  CHECK_THROWS_AS((pare::expect_valid<pare::s8_narrow>("map", {1, -128})), pare::error);
  CHECK_THROWS_AS((pare::expect_valid<pare::u8>("map", {1, -1})), pare::error);
}

TEST_CASE("maps give at run time what they give at compile time") {
  constexpr std::array<float, 6> samples = {0.f, 0.35f, -0.35f, 12.7f, -12.8f, 1e9f};
  constexpr affine_map map{0.1f, 5};
  constexpr auto codes = [&] {
    std::array<std::int8_t, samples.size()> result{};
    for (std::size_t i = 0; i < samples.size(); ++i) result[i] = pare::quantize_value<pare::s8>(samples[i], map);
    return result;
  }();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const volatile float x = samples[i];
    CHECK(pare::quantize_value<pare::s8>(float{x}, map) == codes[i]);
  }
  constexpr affine_map chosen = pare::choose_affine_tflite<pare::s8>(-0.7, 3.1);
  const volatile double min = -0.7, max = 3.1;
  CHECK(pare::choose_affine_tflite<pare::s8>(min, max) == chosen);
  static_assert(pare::quantize_value<pare::s8>(not_a_number, map) == 5);  // no conversion that happens to be 5
  static_assert(pare::choose_symmetric<pare::s8>(254) == affine_map{2, 0});
  static_assert(pare::choose_affine_onnx_u8(-255, 0) == affine_map{1, 255});
  static_assert(pare::dequantize_value(std::int8_t{-128}, affine_map{0.5f, 127}) == -127.5f);
}
