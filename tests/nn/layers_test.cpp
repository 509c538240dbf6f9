// Pooling, tables, softmax, padding, joining and batch norms over raw memory, against their definitions.
#include <catch2/catch.hpp>
#include <cmath>

#include "../reference/random_tensor.hpp"
#include "pare/nn/arrange.hpp"
#include "pare/nn/batch_norm.hpp"
#include "pare/nn/pool.hpp"
#include "pare/nn/softmax.hpp"
#include "pare/nn/table.hpp"
#include "pare/reference/conv2d.hpp"

namespace pare::test {
namespace {

constexpr affine_map x_map{0.05f, -20}, y_map{0.04f, 11};

const executor_of three{3, [](index n, const auto& f) {
                          while (n-- > 0) f(n);
                        }};

template <IntegerRange R>
void check_pools(index channels, const conv_geometry& g, image_extents window, unsigned seed) {
  using T = typename R::type;
  const auto x = random_tensor<R>(2, 7, 6, channels, seed);
  const auto [height, width] = output_extents(g, {7, 6}, window);
  auto expected = zero_tensor<T>(2, height, width, channels), y = expected;
  const bounds<T> limits{static_cast<T>(R::min / 2), static_cast<T>(R::max / 3)};
  reference::average_pool(x.view(), window, g, expected.view(), limits);
  average_pool(x.view(), window, g, y.view(), limits);
  REQUIRE(y.values == expected.values);
  y = zero_tensor<T>(2, height, width, channels);
  prepare_average_pool(x.view(), window, g, y.view(), limits).run(three);
  REQUIRE(y.values == expected.values);
  reference::max_pool(x.view(), window, g, expected.view(), limits);
  max_pool(x.view(), window, g, y.view(), limits);
  REQUIRE(y.values == expected.values);
}

}  // namespace

TEST_CASE("pooling is its definition for every geometry") {
  unsigned seed = 0;
  for (const index channels : {1, 5, 32, 70}) {
    for (const index stride : {1, 2, 3}) {
      for (const index pad : {0, 1, 3}) {
        for (const index dilation : {1, 2}) {
          const conv_geometry g{.stride_y = stride,
                                .stride_x = 4 - stride,
                                .pad_top = pad,
                                .pad_left = pad / 2,
                                .pad_bottom = pad / 3,
                                .pad_right = pad,
                                .dilation_y = dilation,
                                .dilation_x = 3 - dilation};
          check_pools<s8>(channels, g, {3, 2}, ++seed);
          check_pools<s16>(channels, g, {2, 3}, ++seed);
        }
      }
    }
  }
  check_pools<u8>(3, {}, {7, 6}, ++seed);
}

TEST_CASE("pooling a whole image leaves one pixel") {
  const auto x = random_tensor<s8>(2, 5, 4, 3, 1);
  auto expected = zero_tensor<std::int8_t>(2, 1, 1, 3), y = expected;
  reference::average_pool(x.view(), {5, 4}, {}, expected.view());
  global_average_pool(x.view(), y.view());
  CHECK(y.values == expected.values);
  reference::max_pool(x.view(), {5, 4}, {}, expected.view());
  global_max_pool(x.view(), y.view());
  CHECK(y.values == expected.values);
}

// Rounded twice, by a product and by a shift.
TEST_CASE("a mean under a map of its own is the mean of the reals, rounded") {
  for (const index height : {1, 2, 3, 7, 31}) {
    const auto x = random_tensor<s8>(1, height, 5, 40, static_cast<unsigned>(height));
    auto y = zero_tensor<std::int8_t>(1, 1, 1, 40);
    mean(mean_of<s8>(height * 5, x_map, y_map, output_of<s8>(y_map)), x.view(), y.view());
    for (index c = 0; c < 40; ++c) {
      double sum = 0;
      for (index i = 0; i < height * 5; ++i)
        sum += double{x_map.scale} * (x.values[static_cast<std::size_t>(i * 40 + c)] - x_map.zero_point);
      const double exact = sum / static_cast<double>(height * 5) / double{y_map.scale} + y_map.zero_point;
      REQUIRE(std::abs(y.values[static_cast<std::size_t>(c)] - std::clamp(exact, -128., 127.)) < 0.76);
    }
  }
  CHECK_THROWS_WITH((mean_of<s8>(0, x_map, y_map, output_of<s8>(y_map))),
                    "pare: count: expected in [1, 8388607], got 0");
}

TEST_CASE("a table is its function on the reals, rounded and clamped") {
  std::vector<std::int8_t> x(256), y(256);
  for (int i = 0; i < 256; ++i) x[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i);
  const auto check = [&](const auto& f, const affine_map& out, const output_map& limits) {
    lookup(table_of<s8>(f, x_map, out, limits), std::span(x), std::span(y));
    for (std::size_t i = 0; i < 256; ++i) {
      const double exact = double{f(dequantize_value(x[i], x_map))} / double{out.scale} + out.zero_point;
      REQUIRE(std::abs(y[i] - std::clamp(exact, double(limits.min), double(limits.max))) < 0.5001);
    }
  };
  check(logistic{}, {1.f / 256, -128}, output_of<s8>({1.f / 256, -128}));
  check(hyperbolic_tangent{}, {1.f / 128, 0}, output_of<s8>({1.f / 128, 0}));
  check(hard_swish{}, y_map, output_of<s8>(y_map));
  check(hard_sigmoid{}, {1.f / 256, -128}, output_of<s8>({1.f / 256, -128}));
  check(leaky_relu{0.2f}, y_map, {11, -100, 100});
  check([](float v) { return v; }, y_map, relu6_output<s8>(y_map));
}

TEST_CASE("a table holds any function of codes: a rescaling, or s8 to u8 at the same scale") {
  const auto op = rescale_of<s8>(x_map, y_map, output_of<s8>(y_map));
  const table<std::int8_t> rescaled(op);
  const table<std::int8_t, std::uint8_t> flipped([](std::int32_t code) { return code + 128; });
  for (int code = -128; code < 128; ++code) {
    REQUIRE(rescaled(static_cast<std::int8_t>(code)) == op(code));
    REQUIRE(flipped(static_cast<std::int8_t>(code)) == static_cast<std::uint8_t>(code ^ 0x80));
  }
  const auto undefined = table_of<s8>([](float) { return NAN; }, x_map, y_map, output_of<s8>(y_map));
  CHECK(undefined(5) == y_map.zero_point);
}

TEST_CASE("the softmax with a table of exponentials is its definition") {
  for (const float scale : {0.01f, 0.17f, 3.f, 40.f}) {
    for (const index columns : {1, 12, 300}) {
      const auto x = random_values<s8>(7 * columns, static_cast<unsigned>(columns));
      const matrix_view<const std::int8_t> rows(x.data(), 7, columns);
      std::vector<std::int8_t> y(x.size()), expected(x.size());
      reference::softmax(softmax_of(scale), rows, matrix_view<std::int8_t>(expected.data(), 7, columns));
      softmax(softmax_table_of(scale), rows, matrix_view<std::int8_t>(y.data(), 7, columns));
      REQUIRE(y == expected);
      y.assign(y.size(), 0);
      const softmax_table exponentials = softmax_table_of(scale);
      prepare_softmax(exponentials, rows, matrix_view<std::int8_t>(y.data(), 7, columns)).run(three);
      REQUIRE(y == expected);
      std::vector<std::int16_t> wide(x.size()), wide_expected(x.size());
      reference::softmax(softmax_of(scale), rows, matrix_view<std::int16_t>(wide_expected.data(), 7, columns));
      softmax(softmax_table_of(scale), rows, matrix_view<std::int16_t>(wide.data(), 7, columns));
      REQUIRE(wide == wide_expected);
    }
  }
}

TEST_CASE("padding and joining are their definitions on every axis") {
  const auto x = random_tensor<s8>(2, 3, 2, 4, 1);
  for (int pattern = 0; pattern < 256; ++pattern) {
    padding amount;
    index extents[4];
    for (std::size_t axis = 0; axis < 4; ++axis) {
      amount.before[axis] = (pattern >> axis) & 1;
      amount.after[axis] = 2 * ((pattern >> (axis + 4)) & 1);
      extents[axis] = x.extents[axis] + amount.before[axis] + amount.after[axis];
    }
    auto expected = zero_tensor<std::int8_t>(extents[0], extents[1], extents[2], extents[3]), y = expected;
    reference::pad(x.view(), amount, std::int8_t{-9}, expected.view());
    pad(x.view(), amount, -9, y.view());
    REQUIRE(y.values == expected.values);
  }
  for (const auto axis : {image_axis::batch, image_axis::height, image_axis::width, image_axis::channels}) {
    index extents[4] = {2, 3, 2, 4}, total[4] = {2, 3, 2, 4};
    extents[static_cast<std::size_t>(axis)] = 5;
    total[static_cast<std::size_t>(axis)] += 5;
    const auto other = random_tensor<s8>(extents[0], extents[1], extents[2], extents[3], 2);
    const image_view<const std::int8_t> inputs[] = {x.view(), other.view()};
    auto expected = zero_tensor<std::int8_t>(total[0], total[1], total[2], total[3]), y = expected;
    reference::concat<std::int8_t>(inputs, axis, expected.view());
    concat(inputs, axis, y.view());
    REQUIRE(y.values == expected.values);
  }
}

TEST_CASE("a view under another shape has as many elements") {
  std::vector<std::int8_t> x(24);
  const image_view<std::int8_t> image{x.data(), 1, 2, 3, 4};
  CHECK(reshaped(image, 2, 1, 1, 12).channels == 12);
  CHECK_THROWS_WITH(reshaped(image, 1, 1, 1, 23), "pare: the elements of the new shape: expected 24, got 23");
}

TEST_CASE("a convolution with a folded batch norm is the convolution and then the batch norm") {
  const auto codes = random_tensor<s8>(1, 4, 5, 3, 1), weight_codes = random_tensor<s8>(6, 2, 2, 3, 2);
  const auto reals = [](const auto& from) {
    tensor<float> to{std::vector<float>(from.values.begin(), from.values.end()),
                     {from.extents[0], from.extents[1], from.extents[2], from.extents[3]}};
    for (float& x : to.values) x /= 64;
    return to;
  };
  const auto x = reals(codes);
  auto w = reals(weight_codes);
  std::vector<float> bias{1, -2, 3, 0, 5, -6};
  const std::vector<float> gamma{1, 2, 0.5f, -1, 3, 1}, beta{0, 1, -1, 2, 0, 3}, average{1, 0, 2, -1, 0.5f, 4},
      variance{1, 4, 0.25f, 9, 2, 0};
  const batch_norm norm{gamma, beta, average, variance};
  auto y = zero_tensor<float>(1, 3, 4, 6), folded = y;
  reference::conv2d(std::as_const(x).view(), 0, std::as_const(w).view(), 0, {}, y.view());
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    const std::size_t c = i % 6;
    y.values[i] = gamma[c] * (y.values[i] + bias[c] - average[c]) / std::sqrt(variance[c] + 1e-3f) + beta[c];
  }
  fold(norm, w.values, {.channels = 6, .inner = 12}, bias);
  reference::conv2d(std::as_const(x).view(), 0, std::as_const(w).view(), 0, {}, folded.view());
  for (std::size_t i = 0; i < y.values.size(); ++i)
    REQUIRE(folded.values[i] + bias[i % 6] == Approx(y.values[i]).margin(1e-3));
  CHECK_THROWS_WITH(fold(norm, w.values, {.channels = 5, .inner = 12}, bias), "pare: norm.mean: expected 5, got 6");
  const std::vector<float> negative{1, 1, 1, 1, 1, -1};
  CHECK_THROWS_WITH(fold({gamma, beta, average, negative}, w.values, {.channels = 6, .inner = 12}, bias),
                    Catch::Contains("norm.variance + norm.epsilon: expected a number above 0"));
}

}  // namespace pare::test
