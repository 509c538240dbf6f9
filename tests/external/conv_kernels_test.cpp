// The kernels of convolutions on the cases of CMSIS-NN and ONNX, on every target of this machine.
#include <catch2/catch.hpp>
#include <cmath>
#include <pare/reference/requantize.hpp>

#include "../cases/conv_kernels.hpp"
#include "case.hpp"

namespace pare::test {
namespace {

/// CMSIS-NN gives the padding before the image and the output's extent; what is needed after the image follows.
conv_geometry geometry_of(const external_case& test) {
  const auto after = [&](const char* axis, int before) {
    const auto of = [&](const char* what) { return test.number(text(what, axis)); };
    const int span = of("dil_") * (of("k_") - 1) + 1;
    return std::max(0, (of("out_") - 1) * of("stride_") + span - of("in_") - before);
  };
  const int top = test.number("pad_top"), left = test.number("pad_left");
  return {test.number("stride_h"),
          test.number("stride_w"),
          top,
          left,
          after("h", top),
          after("w", left),
          test.number("dil_h"),
          test.number("dil_w"),
          test.number("groups", 1)};
}

/// The sums of a convolution, depthwise or not, on target t.
template <class Sum, class T, class W>
std::vector<Sum> sums_of(const image_view<const T>& x, std::int32_t zero_point, const image_view<const W>& w,
                         bool depthwise, const conv_geometry& geometry, target t) {
  using weights_range = typename element_of<W>::type;
  const image_extents extents = output_extents(geometry, {x.height, x.width}, {w.height, w.width});
  const index outputs = depthwise ? w.channels : w.batch;
  std::vector<Sum> sums(static_cast<std::size_t>(x.batch * extents.height * extents.width * outputs));
  const image_view<Sum> y{sums.data(), x.batch, extents.height, extents.width, outputs};
  if (depthwise) {
    depthwise_conv2d(x, zero_point, packed_depthwise<weights_range>(w), geometry, as_is, y, t);
  } else {
    conv2d(x, zero_point, packed_conv<weights_range>(w, geometry.groups), geometry, as_is, y, t);
  }
  return sums;
}

/// Sums on every target, then bias and requantization by their definition, compared with the recorded codes. Returns 1.
template <class Policy, class Code>
int check_codes(const external_case& test) {
  using sum = std::conditional_t<sizeof(Code) == 2, std::int64_t, std::int32_t>;
  const auto input = test.array<Code>("input"), output = test.array<Code>("output");
  const auto weights = test.array<std::int8_t>("weights");
  const auto multiplier = test.array<std::int32_t>("multiplier").values,
             shift = test.array<std::int32_t>("shift").values;
  const auto n = static_cast<std::size_t>(output.shape[3]);
  std::vector<std::int64_t> biases(n, 0);
  if (test.has_array("bias")) {
    const auto read = [&](const auto& values) { std::copy(values.begin(), values.end(), biases.begin()); };
    if (test.number("bias_bits") == 64) {
      read(test.array<std::int64_t>("bias").values);
    } else {
      read(test.array<std::int32_t>("bias").values);
    }
  }
  const output_map map{test.number("output_offset"), test.number("act_min"), test.number("act_max")};
  for (const target t : ::cases::available_targets()) {
    INFO(test.name() << " on " << name(t));
    const auto sums = sums_of<sum>(input.image(), -test.number("input_offset"), weights.image(),
                                   test.text("weights_layout") == "1HWO", geometry_of(test), t);
    std::vector<Code> codes;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const std::size_t at = multiplier.size() == 1 ? 0 : i % n;
      const auto biased = static_cast<typename Policy::accumulator>(sums[i] + biases[i % n]);
      const auto terms = Policy::from_scale(std::ldexp(multiplier[at], shift[at] - 31));
      codes.push_back(static_cast<Code>(Policy::apply(biased, terms, map)));
    }
    CHECK(differences(codes, output.values) == 0);
  }
  return 1;
}

/// At most 1e-5 of the largest output away: the cases' own check is of this order.
void check_close(const std::vector<float>& given, const std::vector<float>& expected) {
  REQUIRE(given.size() == expected.size());
  float largest = 0, distance = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    distance = std::max(distance, std::abs(given[i] - expected[i]));
  }
  CHECK(distance <= 1e-5f * largest);
}

/// Sums on every target, then bias and clamp, compared with the recorded reals. Returns 1.
int check_reals(const array<float>& input, const array<float>& weights, bool depthwise, const conv_geometry& geometry,
                const std::vector<float>& bias, float low, float high, const std::vector<float>& expected) {
  for (const target t : ::cases::available_targets()) {
    INFO(name(t));
    auto reals = sums_of<float>(input.image(), 0, weights.image(), depthwise, geometry, t);
    for (std::size_t i = 0; i < reals.size(); ++i)
      reals[i] = std::clamp(reals[i] + (bias.empty() ? 0.f : bias[i % bias.size()]), low, high);
    check_close(reals, expected);
  }
  return 1;
}

std::vector<float> bias_of(const external_case& test, const char* role) {
  return test.has_array(role) ? test.array<float>(role).values : std::vector<float>();
}

int check_floats(const external_case& test) {
  INFO(test.name());
  return check_reals(test.array<float>("input"), test.array<float>("weights"), test.text("weights_layout") == "1HWO",
                     geometry_of(test), bias_of(test, "bias"), std::stof(test.text("act_min")),
                     std::stof(test.text("act_max")), test.array<float>("output").values);
}

/// NCHW to NHWC, and OIHW to OHWI.
array<float> channels_last(const array<float>& x) {
  const index n = x.shape.at(0), c = x.shape.at(1), h = x.shape.at(2), w = x.shape.at(3);
  array<float> y{{}, {n, h, w, c}};
  for (index i = 0; i < n; ++i)
    for (index pixel = 0; pixel < h * w; ++pixel)
      for (index j = 0; j < c; ++j) y.values.push_back(x.values[static_cast<std::size_t>((i * c + j) * h * w + pixel)]);
  return y;
}

int check_onnx(const external_case& test) {
  INFO(test.name());
  const auto input = channels_last(test.array<float>("input0")), weights = channels_last(test.array<float>("input1")),
             output = channels_last(test.array<float>("output0"));
  const auto numbers = [&](const char* key, std::vector<index> values) {
    if (!test.has(key)) return values;
    std::istringstream words(test.text(key));
    for (index& value : values) words >> value;
    return values;
  };
  const auto strides = numbers("strides", {1, 1}), dilations = numbers("dilations", {1, 1}),
             pads = numbers("pads", {0, 0, 0, 0});
  conv_geometry g{
      strides[0], strides[1], pads[0], pads[1], pads[2], pads[3], dilations[0], dilations[1], test.number("group", 1)};
  if (test.has("auto_pad") && test.text("auto_pad") == "SAME_LOWER") {
    const index rows = (output.shape[1] - 1) * g.stride_y + weights.shape[1] - input.shape[1];
    const index columns = (output.shape[2] - 1) * g.stride_x + weights.shape[2] - input.shape[2];
    g.pad_bottom = rows / 2, g.pad_top = rows - rows / 2;
    g.pad_right = columns / 2, g.pad_left = columns - columns / 2;
  }
  return check_reals(input, weights, false, g, bias_of(test, "input2"), -1e30f, 1e30f, output.values);
}

template <class Check>
int count(const char* group, const char* op, const Check& check) {
  int checked = 0;
  for (const auto& test : cases(group, op)) checked += check(test);
  return checked;
}

int check_halves(const external_case& test) {
  return test.text("requant") == "requant64" ? check_codes<tflite_int64, std::int16_t>(test)
                                             : check_codes<tflite, std::int16_t>(test);
}

}  // namespace

TEST_CASE("kernels of integer convolutions give CMSIS-NN's codes") {
  const int bytes = count("cmsis_nn", "conv2d_s8", check_codes<tflite, std::int8_t>);
  const int halves = count("cmsis_nn", "conv2d_s16", check_halves);
  if (bytes + halves != 0) CHECK(bytes + halves == 20);
}

TEST_CASE("kernels of integer depthwise convolutions give CMSIS-NN's codes") {
  const int bytes = count("cmsis_nn", "depthwise_conv2d_s8", check_codes<tflite, std::int8_t>);
  const int halves = count("cmsis_nn", "depthwise_conv2d_s16", check_halves);
  if (bytes + halves != 0) CHECK(bytes + halves == 13);
}

TEST_CASE("kernels of float convolutions are as near to CMSIS-NN's and ONNX's results as floats are") {
  const int cmsis =
      count("cmsis_nn", "conv2d_f32", check_floats) + count("cmsis_nn", "depthwise_conv2d_f32", check_floats);
  const int onnx = count("onnx_node", "Conv", check_onnx) + count("onnx_pytorch", "Conv", check_onnx);
  if (cmsis != 0) CHECK(cmsis == 26);
  if (onnx != 0) CHECK(onnx >= 9);
}

}  // namespace pare::test
