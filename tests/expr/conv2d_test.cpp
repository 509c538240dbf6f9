#include <pare/expr/conv2d.hpp>
#include <pare/expr/prune.hpp>
#include <pare/reference/conv2d.hpp>
#include <pare/reference/depthwise.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

namespace pare::test {
namespace {

using images = xt::xtensor<float, 4>;
using codes = xt::xtensor<std::int8_t, 4>;
using inputs_q = quantizer<affine<std::int8_t>>;
using outputs_first = quantizer<symmetric<std::int8_t>, per_axis<0>>;
using outputs_last = quantizer<symmetric<std::int8_t>, per_axis<3>>;

template <std::size_t Rank>
xt::xtensor<float, Rank> normal(const std::array<std::size_t, Rank>& shape, unsigned seed) {
  xt::xtensor<float, Rank> x = xt::xtensor<float, Rank>::from_shape(shape);
  std::mt19937 random(seed);
  std::normal_distribution<float> number;
  for (float& value : x) value = number(random);
  return x;
}

template <class T>
image_view<const T> view_of(const xt::xtensor<T, 4>& x) {
  const auto extent = [&](std::size_t axis) { return static_cast<index>(x.shape()[axis]); };
  return {x.data(), extent(0), extent(1), extent(2), extent(3)};
}

/// The codes that TFLite's requantization makes of sums, a bias and a relu.
codes requantized(const xt::xtensor<std::int32_t, 4>& sums, const xt::xtensor<float, 1>& c, double in_scale,
                  const std::vector<affine_map>& weights, const affine_map& out) {
  codes y = codes::from_shape(sums.shape());
  const std::size_t outputs = c.size();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t o = i % outputs;
    const double scale = in_scale * double{weights[weights.size() == 1 ? 0 : o].scale};
    const auto biased = sums.data()[i] + static_cast<std::int32_t>(std::round(double{c(o)} / scale));
    y.data()[i] = static_cast<std::int8_t>(
        tflite::apply(std::max(biased, 0), tflite::from_scale(scale / double{out.scale}), {out.zero_point, -128, 127}));
  }
  return y;
}

constexpr conv_geometry geometry{2, 1, 1, 2, 1, 0};

}  // namespace

TEST_CASE("a convolution of codes is the reference's, requantized as TFLite does, and runs when it is assigned") {
  const auto x = normal<4>({2, 9, 7, 5}, 1), w = normal<4>({18, 3, 2, 5}, 2);
  const auto c = normal<1>({18}, 3);
  const auto in = inputs_q{}.calibrate(x), out = inputs_q{}.calibrate(xt::xtensor<float, 1>{-9.f, 12.f});
  const auto wq = quantize<outputs_first>(w);
  const codes xc = quantize(x, in), wc = wq;
  xt::xtensor<std::int32_t, 4> sums = xt::xtensor<std::int32_t, 4>::from_shape({2, 5, 8, 18});
  reference::conv2d(view_of(xc), in.maps[0].zero_point, view_of(wc), 0, geometry,
                    image_view<std::int32_t>{sums.data(), 2, 5, 8, 18});
  const codes expected = requantized(sums, c, in.maps[0].scale, wq.parameters().maps, out.maps[0]);
  const auto weights = pack_conv(wq);
  codes y;
  xt::noalias(y) = conv2d(quantize(x, in), weights, geometry, bias(c) | relu | requantize(out));
  CHECK((y == expected));
  xt::noalias(y) = conv2d(quantize(2.f * (x * 0.5f), in), weights, geometry, bias(c) | relu | requantize(out));
  CHECK((y == expected));
  const auto lazy = conv2d(quantize(x, in), weights, geometry, bias(c));
  CHECK(lazy.shape() == std::array<std::size_t, 4>{2, 5, 8, 18});
  const images real = lazy;
  for (const std::size_t i : {0u, 77u, 1439u})
    CHECK(real.data()[i] == Approx(double{in.maps[0].scale} * double{weights.scales()[index(i % 18)]} * sums.data()[i] +
                                   double{c(i % 18)})
                                .margin(1e-3));
}

TEST_CASE("a depthwise convolution of codes is the reference's, with one output per channel or more") {
  for (const std::size_t multiplier : {1u, 3u}) {
    const std::size_t outputs = 6 * multiplier;
    const auto x = normal<4>({2, 9, 7, 6}, 4), w = normal<4>({1, 3, 2, outputs}, 5);
    const auto c = normal<1>({outputs}, 6);
    const auto in = inputs_q{}.calibrate(x), out = inputs_q{}.calibrate(xt::xtensor<float, 1>{-4.f, 5.f});
    const auto wq = quantize<outputs_last>(w);
    const codes xc = quantize(x, in), wc = wq;
    xt::xtensor<std::int32_t, 4> sums = xt::xtensor<std::int32_t, 4>::from_shape({2, 5, 8, outputs});
    reference::depthwise(view_of(xc), in.maps[0].zero_point, view_of(wc), 0, geometry,
                         image_view<std::int32_t>{sums.data(), 2, 5, 8, static_cast<index>(outputs)});
    codes y;
    xt::noalias(y) = depthwise_conv2d(quantize(x, in), pack_depthwise(wq), geometry, bias(c) | relu | requantize(out));
    CHECK((y == requantized(sums, c, in.maps[0].scale, wq.parameters().maps, out.maps[0])));
  }
}

TEST_CASE("float convolutions take float weights, groups too, and are parts of larger expressions") {
  const auto x = normal<4>({1, 6, 6, 8}, 7), w = normal<4>({10, 3, 3, 4}, 8), d = normal<4>({1, 3, 3, 8}, 9);
  conv_geometry grouped{1, 1, 1, 1, 1, 1};
  const images depthwise = depthwise_conv2d(x, pack_depthwise(d), grouped).eval() + 1.f;
  images exact = images::from_shape({1, 6, 6, 8});
  reference::depthwise(view_of(x), 0, view_of(d), 0, grouped, image_view<float>{exact.data(), 1, 6, 6, 8});
  CHECK(xt::allclose(depthwise, exact + 1.f, 1e-5, 1e-5));
  grouped.groups = 2;
  images y = conv2d(x, pack_conv(w, 2), grouped);
  exact = images::from_shape({1, 6, 6, 10});
  reference::conv2d(view_of(x), 0, view_of(w), 0, grouped, image_view<float>{exact.data(), 1, 6, 6, 10});
  CHECK(xt::allclose(y, exact, 1e-5, 1e-5));
}

TEST_CASE("float weights are packed as halves if f16 is asked for") {
  const auto x = normal<4>({1, 6, 6, 5}, 21), w = normal<4>({10, 3, 3, 5}, 22);
  images rounded = w;
  for (float& weight : rounded) weight = half(weight);
  const auto packed = pack_conv<f16>(2.f * (w * 0.5f));
  const images y = conv2d(x, packed, geometry), expected = conv2d(x, pack_conv(rounded), geometry);
  CHECK(y == expected);
  const auto matrix = pack<f16>(w);
  const packed_weights<f16> same(matrix_view<const float>(w.data(), 10, 45));
  CHECK(std::ranges::equal(matrix.parts()[0], same.parts()[0]));
}

TEST_CASE("weights pruned in blocks of 16 outputs give what their zeros give dense, from less memory") {
  const auto x = normal<4>({2, 9, 7, 8}, 12), w = normal<4>({32, 3, 2, 8}, 13);
  const auto pruned = prune<pruner<magnitude, block<16, 4>>>(w, 0.75);
  const images zeroed = pruned;
  const auto in = inputs_q{}.calibrate(x), out = inputs_q{}.calibrate(xt::xtensor<float, 1>{-9.f, 12.f});
  const auto sparse = pack_conv(quantize<outputs_first>(pruned));
  static_assert(std::is_same_v<decltype(sparse)::structure, block<16, 4>>);
  const auto dense = pack_conv(quantize<outputs_first>(zeroed));
  CHECK(2 * sparse.bytes() < dense.bytes());
  codes y, expected;
  xt::noalias(y) = conv2d(quantize(x, in), sparse, geometry, relu | requantize(out));
  xt::noalias(expected) = conv2d(quantize(x, in), dense, geometry, relu | requantize(out));
  CHECK((y == expected));
}

TEST_CASE("a mistake in a convolution's expression is an error that names it, before it runs") {
  const auto x = normal<4>({1, 6, 6, 8}, 10), w = normal<4>({10, 3, 3, 8}, 11);
  const auto packed = pack_conv(w);
  const xt::xtensor<float, 3> flat = xt::zeros<float>({6, 6, 8});
  CHECK_THROWS_WITH(conv2d(flat, packed, conv_geometry{}), "pare: rank of x: expected 4 axes, got 3");
  CHECK_THROWS_WITH(pack_conv(flat), "pare: rank of weights: expected 4 axes, got 3");
  CHECK_THROWS_WITH(conv2d(normal<4>({1, 6, 6, 7}, 12), packed, conv_geometry{}),
                    "pare: x's last axis: expected 8, got 7");
  conv_geometry bad{};
  bad.groups = 2;
  CHECK_THROWS_WITH(conv2d(x, packed, bad), "pare: geometry.groups: expected 1, got 2");
  bad = {};
  bad.stride_x = 0;
  CHECK_THROWS_AS(conv2d(x, packed, bad), pare::error);
  CHECK_THROWS_AS(conv2d(normal<4>({1, 2, 6, 8}, 13), packed, conv_geometry{}), pare::error);
  CHECK_THROWS_WITH(depthwise_conv2d(x, pack_depthwise(normal<4>({1, 3, 3, 12}, 14)), conv_geometry{}),
                    "pare: x's last axis: expected a divisor of the 12 outputs, got 8");
}

TEST_CASE("a convolution of pruned weights is that of the dense ones, whose zeros they have") {
  const auto x = normal<4>({2, 9, 7, 8}, 11), w = normal<4>({20, 3, 2, 8}, 12);
  const auto c = normal<1>({20}, 13);
  const auto in = inputs_q{}.calibrate(x), out = inputs_q{}.calibrate(xt::xtensor<float, 1>{-9.f, 12.f});
  const auto pruned = prune<pruner<magnitude, block<4, 4>>>(w, 0.75);
  const images kept = pruned;
  const auto sparse = pack_conv(quantize<outputs_first>(pruned));
  const auto dense = pack_conv(quantize<outputs_first>(kept));
  CHECK(sparse.density() == 0.25);
  CHECK(sparse.bytes() < dense.bytes());
  const codes expected = conv2d(quantize(x, in), dense, geometry, bias(c) | relu | requantize(out));
  const codes y = conv2d(quantize(x, in), sparse, geometry, bias(c) | relu | requantize(out));
  CHECK(y == expected);
}

}  // namespace pare::test
