// Elementwise layers give the bits of their definition on every target.
#include "pare/nn/elementwise.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "../reference/random_tensor.hpp"

namespace pare::test {
namespace {

constexpr affine_map a_map{0.03f, -5}, b_map{0.11f, 17}, y_map{0.07f, 3};
constexpr affine_map a_wide{0.0003f, 0}, b_wide{0.011f, 0}, y_wide{0.004f, 0};

const executor_of three{3, [](index n, const auto& f) {
                          while (n-- > 0) f(n);
                        }};

template <class T>
tensor<T> random_operand(const index (&extents)[4], unsigned seed) {
  if constexpr (std::is_floating_point_v<T>) {
    const auto codes = random_tensor<s16>(extents[0], extents[1], extents[2], extents[3], seed);
    tensor<T> reals{{}, {extents[0], extents[1], extents[2], extents[3]}};
    for (const auto code : codes.values) reals.values.push_back(static_cast<T>(code) * 0.37f);
    return reals;
  } else {
    return random_tensor<full_range<T>>(extents[0], extents[1], extents[2], extents[3], seed);
  }
}

/// Operands of every way to repeat, rows of every length up to beyond two strips.
template <class T, class Function>
void check_binary(const Function& function) {
  const index full[4] = {2, 3, 2, 5};
  unsigned seed = 0;
  const auto check = [&](const index(&a_extents)[4], const index(&b_extents)[4], const index(&y_extents)[4]) {
    const auto a = random_operand<T>(a_extents, ++seed), b = random_operand<T>(b_extents, ++seed);
    auto expected = zero_tensor<T>(y_extents[0], y_extents[1], y_extents[2], y_extents[3]), y = expected;
    reference::elementwise(function, a.view(), b.view(), expected.view());
    for (const target on : all_targets) {
      if (!available(on)) continue;
      std::fill(y.values.begin(), y.values.end(), T{77});
      elementwise(function, a.view(), b.view(), y.view(), on);
      REQUIRE(y.values == expected.values);
      std::fill(y.values.begin(), y.values.end(), T{77});
      prepare_elementwise(function, a.view(), b.view(), y.view(), on).run(three);
      REQUIRE(y.values == expected.values);
    }
  };
  for (int pattern = 0; pattern < 256; ++pattern) {
    index a[4], b[4], y[4];
    for (int axis = 0; axis < 4; ++axis) {
      a[axis] = (pattern >> axis) & 1 ? 1 : full[axis];
      b[axis] = (pattern >> (axis + 4)) & 1 ? 1 : full[axis];
      y[axis] = std::max(a[axis], b[axis]);
    }
    check(a, b, y);
  }
  for (const index size : {100, 130, 200}) {
    check({1, 1, 1, size}, {1, 1, 1, size}, {1, 1, 1, size});
    check({1, 1, 1, size}, {1, 1, 1, 1}, {1, 1, 1, size});
    check({1, 1, 1, 1}, {1, 1, size, 1}, {1, 1, size, 1});
  }
  for (index size = 0; size < 50; ++size) check({1, 1, 1, size}, {1, 1, 1, size}, {1, 1, 1, size});
}

template <class T, class Out, class Function>
void check_unary(const Function& function, const std::vector<T>& x) {
  std::vector<Out> expected(x.size());
  reference::transform(function, std::span(x), std::span(expected));
  for (const target on : all_targets) {
    if (!available(on)) continue;
    std::vector<Out> y(x.size());
    transform(function, std::span(x), std::span(y), on);
    REQUIRE(y == expected);
  }
}

}  // namespace

TEST_CASE("sums, differences and products of codes have the bits of their definition on every target") {
  check_binary<std::int8_t>(sum_of<s8>(a_map, b_map, y_map, relu_output<s8>(y_map)));
  check_binary<std::int8_t>(product_of<s8>(a_map, b_map, y_map, output_of<s8>(y_map)));
  check_binary<std::int16_t>(sum_of<s16>(a_wide, b_wide, y_wide, output_of<s16>(y_wide)));
  check_binary<std::int16_t>(difference_of<s16>(a_wide, b_wide, y_wide, output_of<s16>(y_wide)));
}

TEST_CASE("extrema, and sums and products of floats, have the bits of their definition on every target") {
  check_binary<std::int8_t>(maximum{});
  check_binary<std::uint8_t>(minimum{});
  check_binary<float>(real_sum{.sign = -1, .low = 0});
  check_binary<float>(real_product{});
}

TEST_CASE("rescaling and leaky relu have the bits of their definition on every target") {
  const auto wide = random_values<s16>(531, 1);
  check_unary<std::int16_t, std::int16_t>(leaky_relu_of<s16>(0.3f, a_wide, y_wide, output_of<s16>(y_wide)), wide);
  check_unary<std::int16_t, std::int8_t>(rescale_of<s16>(b_wide, y_map, output_of<s8>(y_map)), wide);
  check_unary<std::int8_t, std::uint8_t>(rescale_of<s8>(a_map, {0.02f, 100}, output_of<u8>({0.02f, 100})),
                                         random_values<s8>(531, 2));
  auto sums = random_values<full_range<std::int32_t>>(531, 3);
  check_unary<std::int32_t, std::int16_t>(rescale{0, decompose(0.00001), {7, -30000, 30000}}, sums);
  for (auto& sum : sums) sum /= 2;
  check_unary<std::int32_t, std::int16_t>(rescale{-3, decompose(0.00001), {7, -30000, 30000}}, sums);
  check_unary<std::uint8_t, float>(code_to_real{{0.3f, 100}}, random_values<u8>(531, 4));
}

TEST_CASE("a number that is not one stays one in sums and products of floats") {
  std::vector<float> a(20, NAN), b(20, 1), y(20);
  const auto line = [](auto& v) { return image_view<float>{v.data(), 1, 1, 1, 20}; };
  for (const target on : all_targets) {
    if (!available(on)) continue;
    elementwise(real_sum{.low = 0, .high = 6}, line(a), line(b), line(y), on);
    CHECK(std::all_of(y.begin(), y.end(), [](float x) { return std::isnan(x); }));
    elementwise(real_product{.low = 0, .high = 6}, line(b), line(a), line(y), on);
    CHECK(std::all_of(y.begin(), y.end(), [](float x) { return std::isnan(x); }));
  }
}

TEST_CASE("epilogue stages transform arrays, in place too, in parts too") {
  std::vector<float> x(300);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) - 150.5f;
  std::vector<std::int8_t> codes(x.size());
  const executor_of three{3, [](index n, const auto& f) {
                            for (index i = n; i-- > 0;) f(i);
                          }};
  transform(quantize_stage{{}, y_map.scale, output_of<s8>(y_map)}, std::span(x), std::span(codes), best_target(),
            three);
  for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(codes[i] == quantize_value<s8>(x[i], y_map));
  transform(clamp_stage{{}, -10, 10}, std::span(codes), std::span(codes));
  for (std::size_t i = 0; i < x.size(); ++i)
    REQUIRE(codes[i] == std::clamp<int>(quantize_value<s8>(x[i], y_map), -10, 10));
}

TEST_CASE("an operand that neither fits nor repeats is named before anything is written") {
  std::vector<std::int8_t> x(12, 1), y(12, 5);
  const image_view<const std::int8_t> a{x.data(), 1, 2, 2, 3}, b{x.data(), 1, 1, 2, 2};
  CHECK_THROWS_WITH(elementwise(maximum{}, a, b, image_view<std::int8_t>{y.data(), 1, 2, 2, 3}),
                    "pare: b.channels: expected 1 or 3, got 2");
  CHECK_THROWS_WITH(elementwise(maximum{}, a, a, image_view<std::int8_t>{y.data(), 1, 3, 2, 2}),
                    "pare: a.height: expected 1 or 3, got 2");
  CHECK_THROWS_WITH(transform(clamp_stage{{}, 0, 1}, std::span(x), std::span(y).first(7)),
                    "pare: y: expected 12, got 7");
  CHECK(y == std::vector<std::int8_t>(12, 5));
}

}  // namespace pare::test
