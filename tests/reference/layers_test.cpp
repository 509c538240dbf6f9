// The definitions of the layers around convolutions, against arithmetic on reals and by hand.
#include <catch2/catch.hpp>
#include <cmath>

#include "pare/reference/arrange.hpp"
#include "pare/reference/elementwise.hpp"
#include "pare/reference/pool.hpp"
#include "pare/reference/softmax.hpp"
#include "random_tensor.hpp"

namespace pare::test {

namespace {

constexpr affine_map a_map{0.03f, -5}, b_map{0.11f, 17}, y_map{0.07f, 3};

/// How far a code is from a real number, in units of the code.
template <IntegerRange R>
double distance(std::int32_t code, double real, const affine_map& map) {
  const double exact = real / static_cast<double>(map.scale) + map.zero_point;
  return std::abs(code - std::clamp(exact, static_cast<double>(R::min), static_cast<double>(R::max)));
}

double real(std::int32_t code, const affine_map& map) {
  return static_cast<double>(map.scale) * (code - map.zero_point);
}

template <class T>
image_view<T> line(std::vector<T>& values) {
  return {values.data(), 1, 1, 1, static_cast<index>(values.size())};
}

}  // namespace

// Two roundings, of a product and of a shift: up to half a code and a quarter.
TEST_CASE("sums, differences and products of codes are those of the reals, rounded") {
  const output_map whole = output_of<s8>(y_map);
  const auto sum = sum_of<s8>(a_map, b_map, y_map, whole);
  const auto difference = difference_of<s8>(a_map, b_map, y_map, whole);
  const auto product = product_of<s8>(a_map, b_map, y_map, whole);
  for (int a = -128; a < 128; ++a) {
    for (int b = -128; b < 128; ++b) {
      const double x = real(a, a_map), y = real(b, b_map);
      REQUIRE(distance<s8>(sum(a, b), x + y, y_map) < 0.501);
      REQUIRE(distance<s8>(difference(a, b), x - y, y_map) < 0.501);
      REQUIRE(distance<s8>(product(a, b), x * y, y_map) < 0.75);
    }
  }
}

TEST_CASE("a rescaled code and a leaky relu are those of the reals, rounded") {
  const auto to_y = rescale_of<s8>(a_map, y_map, output_of<s8>(y_map));
  const auto leaky = leaky_relu_of<s8>(0.3f, a_map, y_map, output_of<s8>(y_map));
  for (int a = -128; a < 128; ++a) {
    const double x = real(a, a_map);
    REQUIRE(distance<s8>(to_y(a), x, y_map) < 0.75);
    REQUIRE(distance<s8>(leaky(a), x < 0 ? 0.3 * x : x, y_map) < 0.75);
  }
}

TEST_CASE("a fused relu clamps a sum") {
  const auto sum = sum_of<s8>(a_map, b_map, y_map, relu6_output<s8>(y_map));
  CHECK(sum(-128, -128) == 3);
  CHECK(sum(127, 127) == 3 + 86);  // 6 / 0.07
}

TEST_CASE("an operand of extent 1 is repeated along that axis") {
  std::vector<float> a{1, 2, 3, 4, 5, 6}, b{10, 20}, out(12);
  // a [1, 3, 1, 2] and b [2, 1, 1, 1]
  reference::elementwise(real_sum{}, image_view<const float>{a.data(), 1, 3, 1, 2},
                         image_view<const float>{b.data(), 2, 1, 1, 1}, image_view<float>{out.data(), 2, 3, 1, 2});
  CHECK(out == std::vector<float>{11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26});
}

TEST_CASE("the mean of a window counts the taps inside the image, and the padding when asked") {
  const tensor<std::int8_t> input{{1, 2, 3, 4, 5, 6, 7, 8, -9}, {1, 3, 3, 1}};
  const conv_geometry padded{.pad_top = 1, .pad_left = 1};
  auto out = zero_tensor<std::int8_t>(1, 3, 3, 1);
  reference::average_pool(input.view(), {2, 2}, padded, out.view());
  // 1, 1.5, 2.5; 2.5, 12/4, 16/4; 5.5, 24/4, (5 + 6 + 8 - 9)/4
  CHECK(out.values == std::vector<std::int8_t>{1, 2, 3, 3, 3, 4, 6, 6, 3});
  reference::average_pool(input.view(), {2, 2}, padded, out.view(), {0, 3}, true);
  // 1/4, 3/4, 5/4; 5/4, 3, 4; 11/4, 6, 10/4
  CHECK(out.values == std::vector<std::int8_t>{0, 1, 1, 1, 3, 3, 3, 3, 3});
}

TEST_CASE("means round half away from zero") {
  CHECK(rounded_mean(5, 2) == 3);
  CHECK(rounded_mean(-5, 2) == -3);
  CHECK(rounded_mean(-4, 3) == -1);
  CHECK(rounded_mean(0, 7) == 0);
}

TEST_CASE("the largest of a window ignores the padding") {
  const tensor<std::int8_t> input{{-7, -5, -3, -128}, {1, 2, 2, 1}};
  auto out = zero_tensor<std::int8_t>(1, 3, 3, 1);
  reference::max_pool(input.view(), {2, 2}, {.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1}, out.view(),
                      {-100, 0});
  CHECK(out.values == std::vector<std::int8_t>{-7, -5, -5, -3, -3, -5, -3, -3, -100});
}

TEST_CASE("pooling names what does not fit") {
  const auto input = zero_tensor<std::int8_t>(1, 4, 4, 2);
  const auto run = [&](image_extents window, const conv_geometry& geometry, tensor<std::int8_t> out) {
    reference::average_pool(input.view(), window, geometry, out.view());
  };
  CHECK_NOTHROW(run({2, 2}, {}, zero_tensor<std::int8_t>(1, 3, 3, 2)));
  CHECK_THROWS_WITH(run({5, 2}, {}, zero_tensor<std::int8_t>(1, 3, 3, 2)),
                    "pare: padded image height: expected at least the window's 5, got 4");
  CHECK_THROWS_WITH(run({2, 2}, {.stride_x = 0}, zero_tensor<std::int8_t>(1, 3, 3, 2)),
                    "pare: stride along the width: expected at least 1, got 0");
  CHECK_THROWS_WITH(run({2, 2}, {}, zero_tensor<std::int8_t>(1, 3, 3, 3)), "pare: out.channels: expected 2, got 3");
  CHECK_THROWS_WITH(run({2, 2}, {.groups = 2}, zero_tensor<std::int8_t>(1, 3, 3, 2)),
                    "pare: geometry.groups: expected 1, got 2");
}

TEST_CASE("the integer softmax is the real one to a code") {
  const float scale = 0.1f;
  const auto x = random_tensor<s8>(1, 1, 20, 33, 5);
  std::vector<std::int8_t> codes(x.values.size());
  std::vector<std::int16_t> wide(x.values.size());
  const matrix_view<const std::int8_t> rows(x.values.data(), 20, 33);
  reference::softmax(softmax_of(scale, 0.5f), rows, matrix_view<std::int8_t>(codes.data(), 20, 33));
  reference::softmax(softmax_of(scale, 0.5f), rows, matrix_view<std::int16_t>(wide.data(), 20, 33));
  std::vector<float> reals(x.values.begin(), x.values.end()), out(reals.size());
  for (float& value : reals) value *= scale / 2;
  reference::softmax(matrix_view<const float>(reals.data(), 20, 33), matrix_view<float>(out.data(), 20, 33));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    REQUIRE(std::abs((codes[i] + 128) / 256.f - out[i]) < 0.6f / 256);
    REQUIRE(std::abs((wide[i] + 32768) / 65536.f - out[i]) < 1e-4f);
  }
}

TEST_CASE("padding, joining and argmax by hand") {
  std::vector<std::int8_t> x{1, 2, 3, 4}, out(12);
  reference::pad(image_view<const std::int8_t>{x.data(), 1, 2, 2, 1}, {{0, 1, 0, 0}, {0, 0, 2, 0}}, std::int8_t{-7},
                 image_view<std::int8_t>{out.data(), 1, 3, 4, 1});
  CHECK(out == std::vector<std::int8_t>{-7, -7, -7, -7, 1, 2, -7, -7, 3, 4, -7, -7});
  std::vector<std::int8_t> y{5, 6, 7, 8, 9, 10, 11, 12}, joined(12);
  const image_view<const std::int8_t> inputs[] = {{x.data(), 1, 2, 2, 1}, {y.data(), 1, 2, 2, 2}};
  reference::concat<std::int8_t>(inputs, image_axis::channels, {joined.data(), 1, 2, 2, 3});
  CHECK(joined == std::vector<std::int8_t>{1, 5, 6, 2, 7, 8, 3, 9, 10, 4, 11, 12});
  std::vector<std::int32_t> best(2);
  reference::argmax(matrix_view<const std::int8_t>(joined.data(), 2, 6), best);
  CHECK(best == std::vector<std::int32_t>{5, 5});
  const std::vector<std::int8_t> equal{3, 3, 1, 3};
  reference::argmax(matrix_view(equal.data(), 1, 4), std::span(best).first(1));
  CHECK(best[0] == 0);
}

TEST_CASE("layers name an extent that does not fit") {
  std::vector<std::int8_t> x(8), out(8);
  const image_view<std::int8_t> to{out.data(), 1, 2, 2, 2};
  const image_view<const std::int8_t> good = to, odd{x.data(), 1, 2, 1, 3};
  CHECK_THROWS_WITH(reference::elementwise(maximum{}, good, odd, to), "pare: b.channels: expected 1 or 2, got 3");
  CHECK_THROWS_WITH(reference::pad(good, {{0, 1}, {}}, std::int8_t{0}, to), "pare: out.height: expected 3, got 2");
  CHECK_THROWS_WITH(reference::pad(good, {{0, -1}, {}}, std::int8_t{0}, to),
                    "pare: padding.before: expected at least 0, got -1");
  const image_view<const std::int8_t> inputs[] = {good, odd};
  CHECK_THROWS_WITH(reference::concat<std::int8_t>(inputs, image_axis::width, to),
                    "pare: inputs.channels: expected 2, got 3");
  CHECK_THROWS_WITH(reference::concat<std::int8_t>(std::span(inputs, 1), image_axis::width, {x.data(), 1, 2, 1, 2}),
                    "pare: the sum of the inputs' extents: expected 1, got 2");
  CHECK_THROWS_WITH(sum_of<s8>({0, 0}, a_map, y_map, {}), "pare: a.scale: expected a finite number above 0, got 0");
  CHECK_THROWS_WITH(sum_of<s8>(a_map, a_map, {1e-9f, 0}, {}),
                    Catch::Contains("expected a ratio of at least 0 and below 1"));
  CHECK_THROWS_WITH(product_of<s8>(a_map, {1, 300}, y_map, {}),
                    "pare: b.zero_point: expected a code in [-128, 127], got 300");
}

}  // namespace pare::test
