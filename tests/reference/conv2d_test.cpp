#include "pare/reference/conv2d.hpp"

#include <catch2/catch.hpp>

#include "pare/reference/gemm.hpp"
#include "random_tensor.hpp"

namespace pare::test {

using reference::conv2d;

namespace {

template <class A, class W>
tensor<std::int32_t> convolve(const tensor<A>& input, std::int32_t zero_point, const tensor<W>& weights,
                              std::int32_t w_zero_point, const conv_geometry& geometry) {
  const auto [height, width] =
      output_extents(geometry, {input.extents[1], input.extents[2]}, {weights.extents[1], weights.extents[2]});
  auto out = zero_tensor<std::int32_t>(input.extents[0], height, width, weights.extents[0]);
  conv2d(input.view(), zero_point, weights.view(), w_zero_point, geometry, out.view());
  return out;
}

// Another way to the same numbers: the image is written out with its padding, full of zero points, every window becomes
// a row of a matrix, and each group is a product of matrices.
template <class A, class W>
tensor<std::int32_t> by_matrices(const tensor<A>& input, std::int32_t zero_point, const tensor<W>& weights,
                                 std::int32_t w_zero_point, const conv_geometry& g) {
  const auto [batch, height, width, channels] = input.extents;
  const auto [outputs, window_y, window_x, depth] = weights.extents;
  auto padded = zero_tensor<A>(batch, height + g.pad_top + g.pad_bottom, width + g.pad_left + g.pad_right, channels);
  std::fill(padded.values.begin(), padded.values.end(), static_cast<A>(zero_point));
  for (index i = 0; i < input.view().size(); ++i) {
    const index c = i % channels, x = i / channels % width, y = i / channels / width % height,
                n = i / channels / width / height;
    padded.view()(n, y + g.pad_top, x + g.pad_left, c) = input.values[static_cast<std::size_t>(i)];
  }
  const index out_height = (padded.extents[1] - g.dilation_y * (window_y - 1) - 1) / g.stride_y + 1;
  const index out_width = (padded.extents[2] - g.dilation_x * (window_x - 1) - 1) / g.stride_x + 1;
  auto out = zero_tensor<std::int32_t>(batch, out_height, out_width, outputs);
  const index group_outputs = outputs / g.groups, k = window_y * window_x * depth;
  std::vector<A> row;
  for (index pixel = 0; pixel < batch * out_height * out_width; ++pixel) {
    const index x = pixel % out_width, y = pixel / out_width % out_height, n = pixel / out_width / out_height;
    for (index group = 0; group < g.groups; ++group) {
      row.clear();
      for (index l = 0; l < k; ++l) {
        const index c = l % depth, u = l / depth % window_x, v = l / depth / window_x;
        row.push_back(
            padded.view()(n, y * g.stride_y + v * g.dilation_y, x * g.stride_x + u * g.dilation_x, group * depth + c));
      }
      reference::gemm<std::int32_t>(
          matrix_view<const A>(row.data(), 1, k), zero_point,
          matrix_view<const W>(weights.values.data() + group * group_outputs * k, group_outputs, k), w_zero_point,
          matrix_view<std::int32_t>(&out.view()(n, y, x, group * group_outputs), 1, group_outputs));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a convolution is a product of matrices over the padded image, for every geometry") {
  unsigned seed = 0;
  for (const index stride : {1, 2, 3}) {
    for (const index dilation : {1, 2}) {
      for (const index pad : {0, 1, 3}) {
        for (const index groups : {1, 2, 3}) {
          for (const index window : {1, 2, 3}) {
            const conv_geometry geometry{.stride_y = stride,
                                         .stride_x = 4 - stride,
                                         .pad_top = pad,
                                         .pad_left = pad / 2,
                                         .pad_bottom = pad / 3,
                                         .pad_right = pad,
                                         .dilation_y = dilation,
                                         .dilation_x = 3 - dilation,
                                         .groups = groups};
            const auto input = random_tensor<s8>(2, 6, 7, 2 * groups, ++seed);
            const auto weights = random_tensor<s8>(2 * groups, window, 4 - window, 2, ++seed);
            REQUIRE(convolve(input, -7, weights, 0, geometry).values ==
                    by_matrices(input, -7, weights, 0, geometry).values);
            REQUIRE(convolve(input, 127, weights, 3, geometry).values ==
                    by_matrices(input, 127, weights, 3, geometry).values);
          }
        }
      }
    }
  }
}

TEST_CASE("unsigned activations convolve around their zero point") {
  const auto input = random_tensor<u8>(1, 5, 5, 3, 1);
  const auto weights = random_tensor<s8_narrow>(4, 3, 3, 3, 2);
  const conv_geometry same{.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
  CHECK(convolve(input, 128, weights, 0, same).values == by_matrices(input, 128, weights, 0, same).values);
}

TEST_CASE("a convolution by hand") {
  const tensor<std::int8_t> input{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 3, 3, 1}};
  const tensor<std::int8_t> weights{{1, 10, 100, -1}, {1, 2, 2, 1}};
  CHECK(convolve(input, 0, weights, 0, {}).values == std::vector<std::int32_t>{416, 526, 746, 856});
  CHECK(convolve(input, 1, weights, 0, {.pad_top = 1, .pad_left = 1}).values ==
        std::vector<std::int32_t>{0, -1, 100 - 2, -3, 10 + 300 - 4, 1 + 20 + 400 - 5, 30 - 6, 3 + 40 + 600 - 7,
                                  4 + 50 + 700 - 8});
}

TEST_CASE("one lit tap shows one weight, at its place, in every output that sees it") {
  // A single 1 in the image: output (y, x) is the weight whose tap lies on it.
  auto input = zero_tensor<std::int8_t>(1, 7, 7, 1);
  input.view()(0, 3, 4, 0) = 1;
  tensor<std::int8_t> weights{{1, 2, 3, 4, 5, 6}, {1, 2, 3, 1}};
  const auto out = convolve(input, 0, weights, 0, {.dilation_y = 2, .dilation_x = 1});
  auto expected = zero_tensor<std::int32_t>(1, 5, 5, 1);
  for (index v = 0; v < 2; ++v) {
    for (index u = 0; u < 3; ++u) expected.view()(0, 3 - 2 * v, 4 - u, 0) = weights.view()(0, v, u, 0);
  }
  CHECK(out.values == expected.values);
}

TEST_CASE("a 1 by 1 convolution is a product of matrices over the pixels") {
  const auto input = random_tensor<s8>(2, 3, 4, 5, 1);
  const auto weights = random_tensor<s8>(6, 1, 1, 5, 2);
  std::vector<std::int32_t> out(2 * 3 * 4 * 6);
  reference::gemm<std::int32_t>(input.view().pixels(), 9, matrix_view<const std::int8_t>(weights.values.data(), 6, 5),
                                0, matrix_view<std::int32_t>(out.data(), 24, 6));
  CHECK(convolve(input, 9, weights, 0, {}).values == out);
}

TEST_CASE("padding adds nothing, whatever the zero point") {
  const tensor<std::int8_t> input{{-128}, {1, 1, 1, 1}};
  const tensor<std::int8_t> weights{std::vector<std::int8_t>(9, 127), {1, 3, 3, 1}};
  const conv_geometry same{.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
  CHECK(convolve(input, 127, weights, 0, same).values == std::vector<std::int32_t>{-255 * 127});
}

TEST_CASE("operands of a convolution that do not fit are named") {
  const auto input = zero_tensor<std::int8_t>(1, 5, 5, 4);
  const auto run = [&](const tensor<std::int8_t>& weights, const conv_geometry& geometry, tensor<std::int32_t> out) {
    conv2d(input.view(), 0, weights.view(), 0, geometry, out.view());
  };
  const auto weights = zero_tensor<std::int8_t>(2, 3, 3, 4);
  CHECK_NOTHROW(run(weights, {}, zero_tensor<std::int32_t>(1, 3, 3, 2)));
  CHECK_THROWS_WITH(run(weights, {}, zero_tensor<std::int32_t>(2, 3, 3, 2)), "pare: out.batch: expected 1, got 2");
  CHECK_THROWS_WITH(run(weights, {}, zero_tensor<std::int32_t>(1, 4, 3, 2)), "pare: out.height: expected 3, got 4");
  CHECK_THROWS_WITH(run(weights, {}, zero_tensor<std::int32_t>(1, 3, 2, 2)), "pare: out.width: expected 3, got 2");
  CHECK_THROWS_WITH(run(weights, {}, zero_tensor<std::int32_t>(1, 3, 3, 3)), "pare: out.channels: expected 2, got 3");
  CHECK_THROWS_WITH(run(weights, {.groups = 2}, zero_tensor<std::int32_t>(1, 3, 3, 2)),
                    "pare: input.channels: expected 8, got 4");
  CHECK_THROWS_WITH(run(zero_tensor<std::int8_t>(3, 3, 3, 2), {.groups = 2}, zero_tensor<std::int32_t>(1, 3, 3, 3)),
                    "pare: out.channels: expected a multiple of groups, got 3");
}

}  // namespace pare::test
