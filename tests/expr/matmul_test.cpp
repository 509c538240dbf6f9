#include <pare/expr/matmul.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <random>

namespace pare::test {
namespace {

using codes_q = quantizer<affine<std::uint8_t>>;
using shape = std::vector<std::size_t>;

xt::xarray<float> normal(const shape& extents, unsigned seed) {
  xt::xarray<float> x = xt::xarray<float>::from_shape(extents);
  std::mt19937 random(seed);
  std::normal_distribution<float> number(0.5f);
  for (float& value : x) value = number(random);
  return x;
}

/// Element [i, r, c] of the product of the stacks a [A, m, k] and b [B, k, n], A and B equal or 1, in double.
double exact(const xt::xarray<float>& a, const xt::xarray<float>& b, std::size_t i, std::size_t r, std::size_t c) {
  double sum = 0;
  for (std::size_t l = 0; l < a.shape()[2]; ++l)
    sum += double{a(i % a.shape()[0], r, l)} * double{b(i % b.shape()[0], l, c)};
  return sum;
}

void check_floats(const shape& a_shape, const shape& b_shape) {
  const auto a = normal(a_shape, 1), b = normal(b_shape, 2);
  xt::xarray<float> y;
  xt::noalias(y) = matmul(a, b);
  const shape expected{std::max(a_shape[0], b_shape[0]), a_shape[1], b_shape[2]};
  REQUIRE(std::equal(expected.begin(), expected.end(), y.shape().begin(), y.shape().end()));
  for (std::size_t i = 0; i < expected[0]; ++i)
    for (std::size_t r = 0; r < expected[1]; ++r)
      for (std::size_t c = 0; c < expected[2]; ++c) REQUIRE(y(i, r, c) == Approx(exact(a, b, i, r, c)).margin(1e-4));
}

}  // namespace

TEST_CASE("stacks of float matrices are multiplied, and single ones meet every other") {
  check_floats({3, 5, 7}, {3, 7, 4});
  check_floats({1, 5, 7}, {3, 7, 20});
  check_floats({3, 5, 7}, {1, 7, 4});
}

TEST_CASE("missing axes are broadcast on the left, axes of extent 1 anywhere") {
  const auto a = normal({2, 1, 3, 4}, 3), b = normal({5, 4, 6}, 4);
  const xt::xarray<float> y = matmul(a, b).eval();
  REQUIRE(y.shape().size() == 4);
  for (std::size_t p = 0; p < 2; ++p)
    for (std::size_t q = 0; q < 5; ++q)
      for (std::size_t r = 0; r < 3; ++r)
        for (std::size_t c = 0; c < 6; ++c) {
          double sum = 0;
          for (std::size_t l = 0; l < 4; ++l) sum += double{a(p, 0, r, l)} * double{b(q, l, c)};
          REQUIRE(y(p, q, r, c) == Approx(sum).margin(1e-4));
        }
}

TEST_CASE("codes with zero points on both sides give the product of what they stand for") {
  const auto a = normal({2, 9, 30}, 5), b = normal({2, 30, 19}, 6);
  const auto in = codes_q{}.calibrate(a), weights = codes_q{}.calibrate(b);
  const xt::xarray<float> y = matmul(quantize(2.f * a / 2.f, in), quantize(b, weights)).eval();
  const xt::xarray<float> real_a = dequantize(xt::xarray<std::uint8_t>(quantize(a, in)), in);
  const xt::xarray<float> real_b = dequantize(xt::xarray<std::uint8_t>(quantize(b, weights)), weights);
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t r = 0; r < 9; ++r)
      for (std::size_t c = 0; c < 19; ++c)
        REQUIRE(y(i, r, c) == Approx(exact(real_a, real_b, i, r, c)).epsilon(1e-5).margin(1e-4));
}

TEST_CASE("extents that cannot be multiplied are named") {
  const auto a = normal({2, 3, 4}, 7);
  CHECK_THROWS_WITH(matmul(a, normal({2, 5, 6}, 8)), "pare: b's last axis but one: expected 4, got 5");
  CHECK_THROWS_WITH(matmul(a, normal({3, 4, 6}, 8)), "pare: b.shape, axis 0 of the result: expected 2 or 1, got 3");
  CHECK_THROWS_WITH(matmul(a, normal({4}, 8)), "pare: b: expected at least 2 axes, [..., k, n], got 1");
}

}  // namespace pare::test
