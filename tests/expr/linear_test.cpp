#include <pare/expr/linear.hpp>
#include <pare/reference/gemm.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <random>

namespace pare::test {
namespace {

using weights_q = quantizer<symmetric<std::int8_t>, per_axis<0>>;
using inputs_q = quantizer<affine<std::int8_t>>;
using wide_q = quantizer<symmetric<std::int16_t>>;
using blocks = pruner<pare::magnitude, block<16, 4>>;

template <std::size_t Rank>
xt::xtensor<float, Rank> normal(const std::array<std::size_t, Rank>& shape, unsigned seed) {
  xt::xtensor<float, Rank> x = xt::xtensor<float, Rank>::from_shape(shape);
  std::mt19937 random(seed);
  std::normal_distribution<float> number;
  for (float& value : x) value = number(random);
  return x;
}

/// sum over l of x[i, l] * w[j, l] + c[j], in double.
double exact(const xt::xtensor<float, 2>& x, const xt::xtensor<float, 2>& w, const xt::xtensor<float, 1>& c,
             std::size_t i, std::size_t j) {
  double sum = double{c(j)};
  for (std::size_t l = 0; l < x.shape()[1]; ++l) sum += double{x(i, l)} * double{w(j, l)};
  return sum;
}

}  // namespace

TEST_CASE("a linear layer of codes is the reference product, requantized as TFLite does") {
  constexpr std::size_t m = 7, n = 37, k = 50;
  const auto x = normal<2>({m, k}, 1), w = normal<2>({n, k}, 2);
  const auto c = normal<1>({n}, 3);
  const auto in = inputs_q{}.calibrate(x);
  const auto out = inputs_q{}.calibrate(xt::xtensor<float, 1>{-20.f, 25.f});
  const auto wq = quantize<weights_q>(w);
  xt::xtensor<std::int8_t, 2> y;
  xt::noalias(y) = linear(quantize(x, in), pack(wq), bias(c) | relu | requantize(out));
  REQUIRE(y.shape() == std::array<std::size_t, 2>{m, n});

  const xt::xtensor<std::int8_t, 2> xc = quantize(x, in), wc = wq;
  xt::xtensor<std::int32_t, 2> sums = xt::xtensor<std::int32_t, 2>::from_shape({m, n});
  const auto rows = static_cast<index>(m), columns = static_cast<index>(n), depth = static_cast<index>(k);
  reference::gemm(matrix_view<const std::int8_t>(xc.data(), rows, depth), in.maps[0].zero_point,
                  matrix_view<const std::int8_t>(wc.data(), columns, depth), 0,
                  matrix_view<std::int32_t>(sums.data(), rows, columns));
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const double scale = double{in.maps[0].scale} * double{wq.parameters().maps[j].scale};
      const auto biased = sums(i, j) + static_cast<std::int32_t>(std::round(double{c(j)} / scale));
      const auto terms = tflite::from_scale(scale / double{out.maps[0].scale});
      const auto code = tflite::apply(std::max(biased, 0), terms, {out.maps[0].zero_point, -128, 127});
      REQUIRE(int{y(i, j)} == code);
    }
  }
}

TEST_CASE("without requantize the result is real, near the exact product, and lazy operands are evaluated") {
  const auto x = normal<2>({5, 64}, 4), w = normal<2>({20, 64}, 5);
  const auto c = normal<1>({20}, 6);
  const auto in = inputs_q{}.calibrate(2.f * x);
  const xt::xtensor<float, 2> whole = linear(quantize(2.f * x, in), pack(quantize<weights_q>(w)), bias(c));
  const xt::xtensor<float, 2> floats = linear(2.f * x, pack(w), bias(c));
  const xt::xtensor<float, 2> twice = 2.f * x;
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < 20; ++j) {
      CHECK(whole(i, j) == Approx(exact(twice, w, c, i, j)).margin(0.6));  // 64 products of codes of 1/128 and 1/254
      CHECK(floats(i, j) == Approx(exact(twice, w, c, i, j)).margin(1e-4));
    }
  }
}

TEST_CASE("16-bit activations go through int64 sums to 16-bit codes") {
  const auto x = normal<2>({3, 700}, 7), w = normal<2>({18, 700}, 8);
  const auto c = normal<1>({18}, 9);
  const auto in = wide_q{}.calibrate(x);
  const auto operand = pack(quantize<weights_q>(w));
  const xt::xtensor<float, 2> real = linear(quantize(x, in), operand, bias(c));
  const auto out = wide_q{}.calibrate(real);
  const xt::xtensor<std::int16_t, 2> codes = linear(quantize(x, in), operand, bias(c) | requantize(out));
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 18; ++j)
      CHECK(float{out.maps[0].scale} * float(codes(i, j)) == Approx(real(i, j)).margin(0.01));
}

TEST_CASE("leading axes are a batch, and results go to views and other layouts") {
  const auto x = normal<3>({2, 3, 8}, 10);
  const auto w = normal<2>({4, 8}, 11);
  const xt::xtensor<float, 3> y = linear(x, pack(w));
  REQUIRE(y.shape() == std::array<std::size_t, 3>{2, 3, 4});
  xt::xtensor<float, 3, xt::layout_type::column_major> columns;
  columns = linear(x, pack(w));
  xt::xtensor<float, 3> larger = xt::xtensor<float, 3>::from_shape({2, 3, 6});
  larger.fill(-1.f);
  auto part = xt::view(larger, xt::all(), xt::all(), xt::range(1, 5));
  xt::noalias(part) = linear(x, pack(w)).eval();
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(larger(b, i, 0) == -1.f);
      CHECK(larger(b, i, 5) == -1.f);
      for (std::size_t j = 0; j < 4; ++j) {
        double sum = 0;
        for (std::size_t l = 0; l < 8; ++l) sum += double{x(b, i, l)} * double{w(j, l)};
        CHECK(y(b, i, j) == Approx(sum).margin(1e-5));
        CHECK(columns(b, i, j) == y(b, i, j));
        CHECK(larger(b, i, j + 1) == y(b, i, j));
      }
    }
  }
}

TEST_CASE("block-pruned weights are packed without their zeros and multiply as the masked weights do") {
  const auto w = normal<2>({40, 30}, 12), x = normal<2>({6, 30}, 13);
  const auto pruned = prune<blocks>(w, 0.75);
  const auto sparse = pack(quantize<weights_q>(pruned));
  const xt::xtensor<float, 2> masked = pruned;
  const auto all = pack(quantize<weights_q>(masked));
  CHECK(sparse.density() == Approx(0.25));
  CHECK(sparse.bytes() < all.bytes() / 2);
  const auto in = inputs_q{}.calibrate(x);
  const xt::xtensor<float, 2> y = linear(quantize(x, in), sparse), z = linear(quantize(x, in), all);
  CHECK(y == z);
}

TEST_CASE("weights pruned by a pattern that 16 channels share are packed by it and multiply as the masked weights do") {
  using shared = pruner<pare::magnitude, n_of_m<2, 4, 16>>;
  const auto w = normal<2>({40, 36}, 17), x = normal<2>({6, 36}, 18);
  const auto pruned = prune<shared>(w);
  const auto sparse = pack(quantize<weights_q>(pruned));
  static_assert(std::is_same_v<decltype(sparse)::structure, n_of_m<2, 4, 16>>);
  const xt::xtensor<float, 2> masked = pruned;
  CHECK(xt::sum(xt::cast<int>(xt::not_equal(masked, 0.f)))() == 40 * 18);
  const auto all = pack(quantize<weights_q>(masked));
  const auto in = inputs_q{}.calibrate(x);
  const xt::xtensor<float, 2> y = linear(quantize(x, in), sparse), z = linear(quantize(x, in), all);
  CHECK(y == z);
}

TEST_CASE("packing reads every weight once") {
  int reads = 0;
  const auto w = normal<2>({33, 10}, 14);
  const auto counted = xt::make_lambda_xfunction(
      [&reads](float value) {
        ++reads;
        return value;
      },
      w);
  const auto operand = pack(counted);
  CHECK(reads == 330);
  CHECK(operand.bytes() == 3 * 10 * 64);
}

TEST_CASE("linear names what does not fit") {
  const auto x = normal<2>({2, 8}, 15), w = normal<2>({4, 9}, 16);
  CHECK_THROWS_WITH(linear(x, pack(w)), "pare: x's last axis: expected 9, got 8");
  const auto fitting = normal<2>({4, 8}, 17);
  const auto c = normal<1>({5}, 18);
  xt::xtensor<float, 2> y;
  CHECK_THROWS_WITH(y = linear(x, pack(fitting), bias(c)), "pare: bias.size: expected 4, got 5");
  quantization<inputs_q> two{.maps = {{1.f, 0}, {2.f, 0}}, .rounding = {}};
  CHECK_THROWS_WITH(requantize(two), "pare: requantize.maps: expected 1, per tensor, got 2");
}

}  // namespace pare::test
