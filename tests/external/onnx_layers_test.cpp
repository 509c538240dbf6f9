// What ONNX's reference implementation and PyTorch gave for the layers around convolutions.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <pare/nn/batch_norm.hpp>
#include <pare/numeric/functions.hpp>
#include <pare/reference/arrange.hpp>
#include <pare/reference/elementwise.hpp>
#include <pare/reference/gemm.hpp>
#include <pare/reference/pool.hpp>
#include <pare/reference/softmax.hpp>

#include "case.hpp"

namespace pare::test {
namespace {

/// The cases of both suites for one operator.
std::vector<external_case> all_cases(const std::string& op) {
  std::vector<external_case> found;
  for (const std::string group : {"onnx_node", "onnx_pytorch"}) {
    for (const auto& folder : folders(group)) {
      external_case one(folder);
      if (one.op() == op) found.push_back(std::move(one));
    }
  }
  if (!data_folder().empty()) REQUIRE_FALSE(found.empty());
  return found;
}

/// Floats are recorded from other orders of operations and other libraries: 1e-5 of the largest magnitude.
template <class T>
void check_equal(const std::vector<T>& given, const std::vector<T>& expected, double tolerance = 1e-5) {
  REQUIRE(given.size() == expected.size());
  double largest = 0, error = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    error = std::max(error, std::abs(static_cast<double>(given[i]) - static_cast<double>(expected[i])));
  }
  CHECK(error <= (std::is_integral_v<T> ? 0 : largest * tolerance));
}

std::vector<index> numbers(const external_case& test, const std::string& key, std::size_t count, index otherwise) {
  std::vector<index> found;
  if (test.has(key)) {
    std::istringstream words(test.text(key));
    for (index number; words >> number;) found.push_back(number);
  }
  found.resize(count, otherwise);
  return found;
}

/// [n, c, h, w] (or [n, c, w]) to an image's order, and back.
template <class T>
array<T> moved_channels(const array<T>& x, bool last) {
  array<T> from = x;
  if (from.shape.size() == 3) from.shape.insert(from.shape.begin() + (last ? 2 : 1), 1);
  const auto& s = from.shape;
  array<T> to{std::vector<T>(from.values.size()),
              last ? std::vector<index>{s[0], s[2], s[3], s[1]} : std::vector<index>{s[0], s[3], s[1], s[2]}};
  const index inner = last ? s[2] * s[3] : s[3], outer = last ? s[1] : s[1] * s[2], size = inner * outer;
  for (index n = 0; n < s[0]; ++n)
    for (index i = 0; i < outer; ++i)
      for (index j = 0; j < inner; ++j)
        to.values[static_cast<std::size_t>(n * size + j * outer + i)] =
            from.values[static_cast<std::size_t>(n * size + i * inner + j)];
  return to;
}

template <class T>
void check_pool(const external_case& test, bool average, bool global) {
  INFO(test.name());
  const auto recorded = test.array<T>("input0");
  const auto x = moved_channels(recorded, true);
  const auto expected = moved_channels(test.array<T>("output0"), true);
  const std::size_t axes = recorded.shape.size() - 2;
  const auto pad_to_two = [&](std::vector<index> values, index before) {
    if (axes == 1) values.insert(values.begin(), before);
    return values;
  };
  image_extents window{x.shape[1], x.shape[2]};
  conv_geometry g;
  if (!global) {
    const auto kernel = pad_to_two(numbers(test, "kernel_shape", axes, 1), 1);
    const auto strides = pad_to_two(numbers(test, "strides", axes, 1), 1);
    const auto dilations = pad_to_two(numbers(test, "dilations", axes, 1), 1);
    const auto pads = numbers(test, "pads", 2 * axes, 0);
    window = {kernel[0], kernel[1]};
    g = {.stride_y = strides[0], .stride_x = strides[1], .dilation_y = dilations[0], .dilation_x = dilations[1]};
    if (axes == 2) g.pad_top = pads[0], g.pad_left = pads[1], g.pad_bottom = pads[2], g.pad_right = pads[3];
    if (test.has("auto_pad")) {  // SAME_UPPER at stride 1: one more after the image
      REQUIRE(test.text("auto_pad") == "SAME_UPPER");
      g.pad_top = (kernel[0] - 1) / 2, g.pad_bottom = kernel[0] - 1 - g.pad_top;
      g.pad_left = (kernel[1] - 1) / 2, g.pad_right = kernel[1] - 1 - g.pad_left;
    }
  }
  array<T> y{std::vector<T>(expected.values.size()), expected.shape};
  const image_view<T> to{y.values.data(), y.shape[0], y.shape[1], y.shape[2], y.shape[3]};
  if (average) {
    reference::average_pool(x.image(), window, g, to, {}, test.number("count_include_pad", 0) != 0);
  } else {
    reference::max_pool(x.image(), window, g, to);
  }
  // One case is written down with four decimals.
  const bool rounded = test.name() == "test_averagepool_2d_ceil_last_window_starts_on_pad";
  check_equal(y.values, expected.values, rounded ? 5e-4 : 1e-5);
}

template <class F>
void check_function(const std::string& op, const F& function_of) {
  for (const auto& test : all_cases(op)) {
    INFO(test.name());
    const auto x = test.array<float>("input0").values;
    std::vector<float> y(x.size());
    reference::transform(function_of(test), std::span(x), std::span(y));
    check_equal(y, test.array<float>("output0").values);
  }
}

float real(const external_case& test, const std::string& key, float otherwise) {
  return test.has(key) ? std::stof(test.text(key)) : otherwise;
}

template <class Op>
void check_binary(const std::string& name, const Op& op) {
  for (const auto& test : all_cases(name)) {
    if (test.type("input0") != "f32") continue;  // integers without scales are no codes
    INFO(test.name());
    const auto a = test.array<float>("input0").values, b = test.array<float>("input1").values;
    std::vector<float> y(a.size());
    const auto row = [](auto& values) {
      using number = std::remove_reference_t<decltype(values[0])>;
      return image_view<number>{values.data(), 1, 1, 1, static_cast<index>(values.size())};
    };
    reference::elementwise(op, row(a), row(b), row(y));
    check_equal(y, test.array<float>("output0").values);
  }
}

template <class T>
void check_clip(const external_case& test) {
  INFO(test.name());
  const auto limit = [&](const char* input, const char* key, T otherwise) {
    if (test.has_array(input)) return test.array<T>(input).scalar();
    return test.has(key) ? static_cast<T>(std::stof(test.text(key))) : otherwise;
  };
  const T low = limit("input1", "min", std::numeric_limits<T>::lowest());
  const T high = limit("input2", "max", std::numeric_limits<T>::max());
  const auto x = test.array<T>("input0").values;
  std::vector<T> y(x.size());
  reference::transform([&](T value) { return minimum{}(maximum{}(value, low), high); }, std::span(x), std::span(y));
  check_equal(y, test.array<T>("output0").values);
}

/// Any rank up to 4, the last axes those of an image.
image_view<const float> as_image(const array<float>& x) {
  std::array<index, 4> e{1, 1, 1, 1};
  std::copy(x.shape.rbegin(), x.shape.rend(), e.rbegin());
  return {x.values.data(), e[0], e[1], e[2], e[3]};
}

}  // namespace

TEST_CASE("ONNX and PyTorch pooling gives the recorded numbers") {
  for (const auto& test : all_cases("AveragePool")) check_pool<float>(test, true, false);
  for (const auto& test : all_cases("GlobalAveragePool")) check_pool<float>(test, true, true);
  for (const auto& test : all_cases("GlobalMaxPool")) check_pool<float>(test, false, true);
  for (const auto& test : all_cases("MaxPool"))
    test.type("input0") == "u8" ? check_pool<std::uint8_t>(test, false, false) : check_pool<float>(test, false, false);
}

TEST_CASE("ONNX and PyTorch activations give the recorded numbers") {
  check_function("Relu", [](const external_case&) { return [](float x) { return maximum{}(x, 0.f); }; });
  check_function("LeakyRelu", [](const external_case& test) { return leaky_relu{real(test, "alpha", 0.01f)}; });
  check_function("Sigmoid", [](const external_case&) { return logistic{}; });
  check_function("Tanh", [](const external_case&) { return hyperbolic_tangent{}; });
  check_function("HardSwish", [](const external_case&) { return hard_swish{}; });
  check_function("HardSigmoid", [](const external_case& test) {
    return hard_sigmoid{real(test, "alpha", 0.2f), real(test, "beta", 0.5f)};
  });
  for (const auto& test : all_cases("Clip"))
    test.type("input0") == "i8" ? check_clip<std::int8_t>(test) : check_clip<float>(test);
}

TEST_CASE("ONNX sums, differences and products of floats give the recorded numbers") {
  check_binary("Add", real_sum{});
  check_binary("Sub", real_sum{.sign = -1});
  check_binary("Mul", real_product{});
}

TEST_CASE("ONNX and PyTorch softmax along any axis gives the recorded numbers") {
  for (const auto& test : all_cases("Softmax")) {
    INFO(test.name());
    const auto x = test.array<float>("input0");
    const auto rank = static_cast<index>(x.shape.size());
    const index axis = (test.number("axis", -1) + rank) % rank;
    index inner = 1;
    for (index i = axis + 1; i < rank; ++i) inner *= x.shape[static_cast<std::size_t>(i)];
    const index n = x.shape[static_cast<std::size_t>(axis)], all = static_cast<index>(x.values.size());
    std::vector<float> y(x.values.size()), from(static_cast<std::size_t>(n)), to(from);
    for (index i = 0; i < all / n; ++i) {
      const index first = i / inner * n * inner + i % inner;
      for (index j = 0; j < n; ++j)
        from[static_cast<std::size_t>(j)] = x.values[static_cast<std::size_t>(first + j * inner)];
      reference::softmax(matrix_view<const float>(from.data(), 1, n), matrix_view<float>(to.data(), 1, n));
      for (index j = 0; j < n; ++j) y[static_cast<std::size_t>(first + j * inner)] = to[static_cast<std::size_t>(j)];
    }
    check_equal(y, test.array<float>("output0").values);
  }
}

TEST_CASE("ONNX and PyTorch batch norms give the recorded numbers") {
  for (const auto& test : all_cases("BatchNormalization")) {
    INFO(test.name());
    const auto x = test.array<float>("input0");
    const auto gamma = test.array<float>("input1").values, beta = test.array<float>("input2").values,
               mean = test.array<float>("input3").values, variance = test.array<float>("input4").values;
    // Folded into a layer that multiplies by 1: a factor and a term per channel.
    std::vector<float> factor(mean.size(), 1), term(mean.size());
    fold({gamma, beta, mean, variance, real(test, "epsilon", 1e-5f)}, factor,
         {.channels = static_cast<index>(mean.size())}, term);
    std::vector<float> y = x.values;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const auto c = static_cast<std::size_t>(reference::along(x.shape, 1).channel(static_cast<index>(i)));
      y[i] = y[i] * factor[c] + term[c];
    }
    check_equal(y, test.array<float>("output0").values);
  }
}

TEST_CASE("ONNX and PyTorch padding with a constant gives the recorded numbers") {
  for (const auto& test : all_cases("Pad")) {
    if (test.text("mode") != "constant") continue;
    INFO(test.name());
    const auto x = test.array<float>("input0"), expected = test.array<float>("output0");
    REQUIRE(x.shape.size() == 4);
    std::vector<index> axes{0, 1, 2, 3}, pads = numbers(test, "pads", 8, 0);
    if (test.has_array("input3")) {
      const auto named = test.array<std::int64_t>("input3").values;
      axes.assign(named.begin(), named.end());
    }
    if (test.has_array("input1")) {
      const auto given = test.array<std::int64_t>("input1").values;
      pads.assign(given.begin(), given.end());
    }
    padding amount;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto axis = static_cast<std::size_t>((axes[i] + 4) % 4);
      amount.before[axis] = pads[i];
      amount.after[axis] = pads[axes.size() + i];
    }
    const float value = test.has_array("input2") ? test.array<float>("input2").scalar() : real(test, "value", 0);
    std::vector<float> y(expected.values.size());
    const auto& s = expected.shape;
    reference::pad(x.image(), amount, value, image_view<float>{y.data(), s[0], s[1], s[2], s[3]});
    CHECK(differences(y, expected.values) == 0);
  }
}

TEST_CASE("ONNX concat gives the recorded numbers, flatten keeps them") {
  for (const auto& test : all_cases("Concat")) {
    INFO(test.name());
    const auto a = test.array<float>("input0"), b = test.array<float>("input1"),
               expected = test.array<float>("output0");
    REQUIRE(a.shape.size() == 2);
    const bool rows = test.number("axis") == 0;
    const image_view<const float> inputs[] = {as_image(a), as_image(b)};
    std::vector<float> y(expected.values.size());
    reference::concat<float>(inputs, rows ? image_axis::width : image_axis::channels,
                             image_view<float>{y.data(), 1, 1, expected.shape[0], expected.shape[1]});
    CHECK(differences(y, expected.values) == 0);
  }
  for (const auto& test : all_cases("Flatten")) {
    INFO(test.name());
    CHECK(differences(test.array<float>("input0").values, test.array<float>("output0").values) == 0);
  }
}

TEST_CASE("CMSIS-NN float fully connected layers give the recorded numbers") {
  for (const auto& test : cases("cmsis_nn", "fully_connected_f32")) {
    INFO(test.name());
    const index m = test.number("batch"), n = test.number("out_c"), k = test.number("depth");
    const auto x = test.array<float>("input"), w = test.array<float>("weights");
    std::vector<float> y(static_cast<std::size_t>(m * n)), bias(static_cast<std::size_t>(n));
    if (test.has_array("bias")) bias = test.array<float>("bias").values;
    reference::gemm(matrix_view<const float>(x.values.data(), m, k), 0, matrix_view<const float>(w.values.data(), n, k),
                    0, matrix_view<float>(y.data(), m, n));
    const float low = real(test, "act_min", 0), high = real(test, "act_max", 0);
    for (std::size_t i = 0; i < y.size(); ++i)
      y[i] = std::clamp(y[i] + bias[i % static_cast<std::size_t>(n)], low, high);
    check_equal(y, test.array<float>("output").values);
  }
}

}  // namespace pare::test
