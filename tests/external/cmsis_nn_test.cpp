// The sums and codes that TensorFlow's interpreter gave for CMSIS-NN's unit tests.
#include <catch2/catch.hpp>
#include <cmath>
#include <pare/reference/conv2d.hpp>
#include <pare/reference/depthwise.hpp>
#include <pare/reference/gemm.hpp>
#include <pare/reference/requantize.hpp>

#include "case.hpp"

namespace pare::test {

namespace {

/// The requantization terms of `columns` outputs from the recorded multipliers and shifts, one each or one for all.
template <class Policy>
std::vector<requantize_terms<Policy>> recorded_terms(const external_case& test, index columns) {
  const auto multiplier = test.array<std::int32_t>("multiplier").values,
             shift = test.array<std::int32_t>("shift").values;
  std::vector<requantize_terms<Policy>> terms;
  for (std::size_t j = 0; j < multiplier.size(); ++j) {
    const double M = std::ldexp(multiplier[j], shift[j] - 31);
    REQUIRE(decompose(M) == fixed_multiplier{multiplier[j], shift[j]});
    terms.push_back(checked_terms<Policy>("multiplier", M));
  }
  if (terms.size() == 1) terms.resize(static_cast<std::size_t>(columns), terms[0]);
  return terms;
}

/// From sums without bias to codes, compared with the recorded output.
template <class Policy, class Code>
std::size_t wrong_codes(const external_case& test, std::vector<typename Policy::accumulator>& sums, index columns) {
  const matrix_view<typename Policy::accumulator> matrix(sums.data(), static_cast<index>(sums.size()) / columns,
                                                         columns);
  if (test.has_array("bias")) {
    if (test.number("bias_bits") == 64) {
      const auto bias = test.array<std::int64_t>("bias").values;
      reference::add_bias(std::span(bias), matrix);
    } else {
      const auto bias = test.array<std::int32_t>("bias").values;
      reference::add_bias(std::span(bias), matrix);
    }
  }
  std::vector<Code> codes(sums.size());
  const output_map output{test.number("output_offset"), test.number("act_min"), test.number("act_max")};
  reference::requantize<Policy>(matrix, recorded_terms<Policy>(test, columns), output,
                                matrix_view<Code>(codes.data(), matrix.rows, columns));
  return differences(codes, test.array<Code>("output").values);
}

/// CMSIS-NN gives the padding before the image and the output's extent; what is needed after the image follows.
conv_geometry geometry_of(const external_case& test) {
  const auto after = [&](const char* out, const char* in, const char* window, const char* stride, const char* dilation,
                         const char* before) {
    const int span = test.number(dilation) * (test.number(window) - 1) + 1;
    return std::max(0, (test.number(out) - 1) * test.number(stride) + span - test.number(in) - test.number(before));
  };
  return {.stride_y = test.number("stride_h"),
          .stride_x = test.number("stride_w"),
          .pad_top = test.number("pad_top"),
          .pad_left = test.number("pad_left"),
          .pad_bottom = after("out_h", "in_h", "k_h", "stride_h", "dil_h", "pad_top"),
          .pad_right = after("out_w", "in_w", "k_w", "stride_w", "dil_w", "pad_left"),
          .dilation_y = test.number("dil_h"),
          .dilation_x = test.number("dil_w"),
          .groups = test.number("groups", 1)};
}

template <class Policy, class Code>
void check_conv(const external_case& test) {
  INFO(test.name());
  const auto input = test.array<Code>("input");
  const auto weights = test.array<std::int8_t>("weights");
  const auto shape = test.array<Code>("output").shape;
  std::vector<typename Policy::accumulator> sums(static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]));
  const image_view<typename Policy::accumulator> out{sums.data(), shape[0], shape[1], shape[2], shape[3]};
  const int zero_point = -test.number("input_offset");
  if (test.text("weights_layout") == "1HWO") {
    reference::depthwise(input.image(), zero_point, weights.image(), 0, geometry_of(test), out);
  } else {
    reference::conv2d(input.image(), zero_point, weights.image(), 0, geometry_of(test), out);
  }
  CHECK(wrong_codes<Policy, Code>(test, sums, shape[3]) == 0);
}

template <class Policy, class Code>
void check_fully_connected(const external_case& test) {
  INFO(test.name());
  const auto input = test.array<Code>("input");
  const auto weights = test.array<std::int8_t>("weights");
  const index m = test.number("batch"), n = test.number("out_c"), k = test.number("depth");
  std::vector<typename Policy::accumulator> sums(static_cast<std::size_t>(m * n));
  reference::gemm(matrix_view<const Code>(input.values.data(), m, k), -test.number("input_offset"), weights.matrix(),
                  -test.number("filter_offset"), matrix_view<typename Policy::accumulator>(sums.data(), m, n));
  CHECK(wrong_codes<Policy, Code>(test, sums, n) == 0);
}

/// "requant64": int64 sums and the reduced multiplier; "requant32": int32 sums and two roundings.
bool is_wide(const external_case& test) { return test.text("requant") == "requant64"; }

}  // namespace

TEST_CASE("CMSIS-NN int8 convolutions give the recorded codes") {
  for (const auto& test : cases("cmsis_nn", "conv2d_s8")) check_conv<tflite, std::int8_t>(test);
}

TEST_CASE("CMSIS-NN int16 convolutions give the recorded codes") {
  for (const auto& test : cases("cmsis_nn", "conv2d_s16")) {
    is_wide(test) ? check_conv<tflite_int64, std::int16_t>(test) : check_conv<tflite, std::int16_t>(test);
  }
}

TEST_CASE("CMSIS-NN int8 depthwise convolutions give the recorded codes") {
  for (const auto& test : cases("cmsis_nn", "depthwise_conv2d_s8")) {
    check_conv<tflite, std::int8_t>(test);
  }
}

TEST_CASE("CMSIS-NN int16 depthwise convolutions give the recorded codes") {
  for (const auto& test : cases("cmsis_nn", "depthwise_conv2d_s16")) {
    is_wide(test) ? check_conv<tflite_int64, std::int16_t>(test) : check_conv<tflite, std::int16_t>(test);
  }
}

TEST_CASE("CMSIS-NN int8 fully connected layers give the recorded codes") {
  for (const auto& test : cases("cmsis_nn", "fully_connected_s8")) {
    check_fully_connected<tflite, std::int8_t>(test);
  }
}

TEST_CASE("CMSIS-NN int16 fully connected layers give the recorded codes") {
  for (const auto& test : cases("cmsis_nn", "fully_connected_s16")) {
    is_wide(test) ? check_fully_connected<tflite_int64, std::int16_t>(test)
                  : check_fully_connected<tflite, std::int16_t>(test);
  }
}

}  // namespace pare::test
