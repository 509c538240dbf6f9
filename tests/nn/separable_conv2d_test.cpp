#include <catch2/catch.hpp>
#include <pare/nn/separable_conv2d.hpp>

#include "../cases/conv_inputs.hpp"

namespace cases {
namespace {

const pare::executor_of three{3, [](index n, const auto& f) {
                                while (n-- > 0) f(n);
                              }};

}  // namespace

TEST_CASE("a separable convolution gives the codes of its two halves, in any number of parts") {
  generator random{1};
  const index channels = 35, outputs = 50;
  owned_image<std::int8_t> x(2, 21, 40, channels), w(1, 3, 3, channels);
  x.fill<pare::s8>(random);
  w.fill<pare::s8_narrow>(random);
  const auto matrix = filled<pare::s8_narrow>(random, outputs, channels);
  const pare::packed_depthwise<pare::s8_narrow> depthwise(std::as_const(w).view());
  const pare::packed_weights<pare::s8_narrow> pointwise(matrix.view());
  const std::vector<double> scales(static_cast<std::size_t>(channels), 0.004),
      last(static_cast<std::size_t>(outputs), 0.002);
  const pare::multipliers<pare::tflite> first_terms(scales), second_terms(last);
  const pare::channels<std::int32_t> first_bias(channels, 11), second_bias(outputs, -7);
  const pare::output_map middle{-9, -128, 127}, end{3, -128, 127};
  const pare::conv_geometry g{2, 1, 1, 1, 1, 1, 1, 1, 1};
  const auto between = pare::bias(first_bias) | pare::requantize(first_terms, middle);
  const auto after = pare::bias(second_bias) | pare::requantize(second_terms, end);
  const pare::target on = pare::best_target();

  owned_image<std::int8_t> mid(2, 11, 40, channels), expected(2, 11, 40, outputs);
  pare::depthwise_conv2d(std::as_const(x).view(), 5, depthwise, g, between, mid.view(), on);
  pare::linear(std::as_const(mid).view().pixels(), -9, pointwise, after, expected.view().pixels(), on);

  const auto size = static_cast<std::size_t>(pare::separable_workspace<std::int8_t>(40, channels, 3));
  std::vector<std::int8_t> workspace(size);
  auto y = expected.blank(), parts = expected.blank();
  const pare::conv_layer a{depthwise, between};
  const pare::conv_layer b{pointwise, after};
  pare::separable_conv2d(std::as_const(x).view(), 5, a, g, -9, b, std::span(workspace).first(size / 3), y.view(), on);
  CHECK(difference(y, expected) == "");
  pare::separable_conv2d(std::as_const(x).view(), 5, a, g, -9, b, std::span(workspace), parts.view(), on, three);
  CHECK(difference(parts, expected) == "");
  auto alone = expected.blank();
  pare::prepare_separable_conv2d(std::as_const(x).view(), 5, a, g, -9, b, std::span(workspace).first(size / 3),
                                 alone.view(), on)
      .run(three);  // in one part, for which there is memory
  CHECK(difference(alone, expected) == "");
  CHECK_THROWS_WITH(
      pare::separable_conv2d(std::as_const(x).view(), 5, a, g, -9, b, std::span(workspace).first(9), y.view(), on),
      Catch::Contains("workspace: expected at least"));
}

}  // namespace cases
