// The results that ONNX's reference implementation gave for the tests of its quantized operators.
#include <catch2/catch.hpp>
#include <pare/reference/conv2d.hpp>
#include <pare/reference/gemm.hpp>
#include <pare/reference/quantize.hpp>
#include <pare/reference/requantize.hpp>

#include "case.hpp"

namespace pare::test {
namespace {

/// Calls f with a range type for the stored type "i8", "u8", "i16" or "u16".
template <class F>
void with_range(const std::string& type, const F& f) {
  if (type == "i8") return f(s8{});
  if (type == "u8") return f(u8{});
  if (type == "i16") return f(s16{});
  if (type == "u16") return f(u16{});
  FAIL("no range for " << type);
}

/// [rows, columns] to [columns, rows]: ONNX multiplies by weights [k, n], gemm by [n, k].
template <class T>
array<T> transposed(const T* values, index rows, index columns) {
  array<T> result{std::vector<T>(static_cast<std::size_t>(rows * columns)), {columns, rows}};
  for (index i = 0; i < rows; ++i) {
    for (index j = 0; j < columns; ++j) result.values[static_cast<std::size_t>(j * rows + i)] = values[i * columns + j];
  }
  return result;
}

/// NCHW to NHWC, OIHW to OHWI.
template <class T>
array<T> channels_last(const array<T>& x) {
  const index batch = x.shape.at(0), channels = x.shape.at(1), pixels = x.shape.at(2) * x.shape.at(3);
  array<T> result{{}, {batch, x.shape[2], x.shape[3], channels}};
  for (index n = 0; n < batch; ++n) {
    const auto image = transposed(x.values.data() + n * channels * pixels, channels, pixels);
    result.values.insert(result.values.end(), image.values.begin(), image.values.end());
  }
  return result;
}

/// Input i as a zero point; 0 if there is none.
template <class T>
std::int32_t zero_point(const external_case& test, int i) {
  const std::string role = "input" + std::to_string(i);
  return test.has_array(role) ? std::int32_t{test.array<T>(role).scalar()} : 0;
}

template <class A, class W>
array<std::int32_t> convolve(const array<A>& input, std::int32_t input_zero_point, const array<W>& weights,
                             std::int32_t w_zero_point) {
  const auto x = channels_last(input);
  const auto w = channels_last(weights);
  const auto [height, width] = output_extents({}, {x.shape[1], x.shape[2]}, {w.shape[1], w.shape[2]});
  array<std::int32_t> out{{}, {x.shape[0], height, width, w.shape[0]}};
  out.values.resize(static_cast<std::size_t>(x.shape[0] * height * width * w.shape[0]));
  reference::conv2d(x.image(), input_zero_point, w.image(), w_zero_point, {},
                    image_view<std::int32_t>{out.values.data(), x.shape[0], height, width, w.shape[0]});
  return out;
}

/// QLinear...: sums [rows, columns] to codes, the scales of a, w and the output in inputs 1, 4 and 6.
template <IntegerRange R>
std::vector<typename R::type> to_codes(const external_case& test, std::vector<std::int32_t>& sums, index columns) {
  const auto scale = [&](const char* role) { return double{test.array<float>(role).scalar()}; };
  const double M = scale("input1") * scale("input4") / scale("input6");
  const std::vector terms(static_cast<std::size_t>(columns), checked_terms<float_nearest_even>("scales", M));
  const output_map output{zero_point<typename R::type>(test, 7), R::min, R::max};
  std::vector<typename R::type> codes(sums.size());
  const index rows = static_cast<index>(sums.size()) / columns;
  reference::requantize<float_nearest_even>(matrix_view(sums.data(), rows, columns), terms, output,
                                            matrix_view(codes.data(), rows, columns));
  return codes;
}

template <IntegerRange R>
void check_linear_matmul(const external_case& test) {
  using T = typename R::type;
  const auto a = test.array<T>("input0");
  const auto b = test.array<T>("input3");
  const index m = a.shape.end()[-2], k = a.shape.end()[-1], n = b.shape.end()[-1];
  const index batch = static_cast<index>(a.values.size()) / (m * k);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(batch * m * n));
  for (index i = 0; i < batch; ++i) {
    reference::gemm(matrix_view<const T>(a.values.data() + i * m * k, m, k), zero_point<T>(test, 2),
                    transposed(b.values.data() + i * k * n, k, n).matrix(), zero_point<T>(test, 5),
                    matrix_view<std::int32_t>(sums.data() + i * m * n, m, n));
  }
  CHECK(differences(to_codes<R>(test, sums, n), test.array<T>("output0").values) == 0);
}

/// One map per element: scales may be one for all, one per channel of an axis, or one per block along it.
template <IntegerRange R>
std::vector<affine_map> maps_of(const external_case& test, const std::vector<index>& shape) {
  const auto scales = test.array<float>("input1");
  std::vector<typename R::type> zero_points(scales.values.size());
  if (test.has_array("input2")) zero_points = test.array<typename R::type>("input2").values;
  const index rank = static_cast<index>(shape.size()), axis = (test.number("axis", 1) + rank) % rank;
  const index block = test.number("block_size", 1);
  index size = 1;
  for (const index extent : shape) size *= extent;
  std::vector<affine_map> maps;
  for (index i = 0; i < size; ++i) {
    std::size_t place = 0;
    if (scales.values.size() > 1) {
      const auto split = reference::along(shape, static_cast<std::size_t>(axis));
      const index outer = i / split.inner / split.channels, channel = split.channel(i), inner = i % split.inner;
      const index blocks = ceil_div(split.channels, block);
      place = static_cast<std::size_t>(test.has("block_size") ? (outer * blocks + channel / block) * split.inner + inner
                                                              : channel);
    }
    maps.push_back({scales.values.at(place), zero_points.at(place)});
  }
  return maps;
}

}  // namespace

TEST_CASE("ONNX MatMulInteger gives the recorded sums") {
  for (const auto& test : cases("onnx_node", "MatMulInteger")) {
    INFO(test.name());
    const auto a = test.array<std::uint8_t>("input0"), b = test.array<std::uint8_t>("input1");
    const index m = a.shape.at(0), k = a.shape.at(1), n = b.shape.at(1);
    std::vector<std::int32_t> out(static_cast<std::size_t>(m * n));
    reference::gemm(a.matrix(), zero_point<std::uint8_t>(test, 2), transposed(b.values.data(), k, n).matrix(),
                    zero_point<std::uint8_t>(test, 3), matrix_view<std::int32_t>(out.data(), m, n));
    CHECK(differences(out, test.array<std::int32_t>("output0").values) == 0);
  }
}

TEST_CASE("ONNX ConvInteger gives the recorded sums") {
  for (const auto& test : cases("onnx_node", "ConvInteger")) {
    INFO(test.name());
    const auto out = convolve(test.array<std::uint8_t>("input0"), zero_point<std::uint8_t>(test, 2),
                              test.array<std::uint8_t>("input1"), zero_point<std::uint8_t>(test, 3));
    CHECK(differences(out.values, channels_last(test.array<std::int32_t>("output0")).values) == 0);
  }
}

TEST_CASE("ONNX QLinearConv gives the recorded codes") {
  for (const auto& test : cases("onnx_node", "QLinearConv")) {
    INFO(test.name());
    auto sums = convolve(test.array<std::uint8_t>("input0"), zero_point<std::uint8_t>(test, 2),
                         test.array<std::uint8_t>("input3"), zero_point<std::uint8_t>(test, 5));
    CHECK(differences(to_codes<u8>(test, sums.values, sums.shape[3]),
                      channels_last(test.array<std::uint8_t>("output0")).values) == 0);
  }
}

TEST_CASE("ONNX QLinearMatMul gives the recorded codes, batches of matrices too") {
  for (const auto& test : cases("onnx_node", "QLinearMatMul")) {
    INFO(test.name());
    with_range(test.type("input0"), [&]<class R>(R) { check_linear_matmul<R>(test); });
  }
}

TEST_CASE("ONNX QuantizeLinear gives the recorded codes") {
  for (const auto& test : cases("onnx_node", "QuantizeLinear")) {
    INFO(test.name());
    with_range(test.type("output0"), [&]<class R>(R) {
      const auto reals = test.array<float>("input0");
      const auto size = static_cast<index>(reals.values.size());
      std::vector<typename R::type> codes(reals.values.size());
      reference::quantize<R>(std::span(reals.values), {.channels = size}, maps_of<R>(test, reals.shape), codes);
      CHECK(differences(codes, test.array<typename R::type>("output0").values) == 0);
    });
  }
}

TEST_CASE("ONNX DequantizeLinear gives the recorded numbers") {
  for (const auto& test : cases("onnx_node", "DequantizeLinear")) {
    INFO(test.name());
    with_range(test.type("input0"), [&]<class R>(R) {
      const auto codes = test.array<typename R::type>("input0");
      const auto size = static_cast<index>(codes.values.size());
      std::vector<float> reals(codes.values.size());
      reference::dequantize<R>(codes.values, {.channels = size}, maps_of<R>(test, codes.shape), reals);
      CHECK(differences(reals, test.array<float>("output0").values) == 0);
    });
  }
}

TEST_CASE("ONNX DynamicQuantizeLinear gives the recorded scale, zero point and codes") {
  for (const auto& test : cases("onnx_node", "DynamicQuantizeLinear")) {
    INFO(test.name());
    const auto reals = test.array<float>("input0").values;
    const auto [min, max] = std::minmax_element(reals.begin(), reals.end());
    const std::vector<affine_map> maps = {choose_affine_onnx_u8(*min, *max)};
    CHECK(maps[0].scale == test.array<float>("output1").scalar());
    CHECK(maps[0].zero_point == test.array<std::uint8_t>("output2").scalar());
    std::vector<std::uint8_t> codes(reals.size());
    reference::quantize<u8>(std::span(reals), {.inner = static_cast<index>(reals.size())}, maps, codes);
    CHECK(differences(codes, test.array<std::uint8_t>("output0").values) == 0);
  }
}

}  // namespace pare::test
