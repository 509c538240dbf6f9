// Quantizers on the weights of trained networks, and on the cases of ONNX's quantizing operators.
#include <catch2/catch.hpp>
#include <pare/expr/error_report.hpp>
#include <pare/quant/calibration/mse.hpp>
#include <pare/quant/presets.hpp>

#include "case.hpp"

namespace pare::test {
namespace {

template <class T>
xt::xarray<T> tensor(const array<T>& values) {
  xt::xarray<T> result(std::vector<std::size_t>(values.shape.begin(), values.shape.end()));
  std::copy(values.values.begin(), values.values.end(), result.begin());
  return result;
}

/// The float weights of ResNet8's nine convolutions (OHWI) and its dense layer, tensors 7 to 16 of both models.
template <class F>
void for_each_layer(const F& f) {
  if (folders("models_tflite").empty()) return;
  const auto folder = data_folder() / "models_tflite";
  for (int id = 7; id <= 16; ++id) {
    const std::string file = "t" + std::to_string(id) + ".npy";
    f(id, tensor(load_array<float>(folder / "ic_resnet8_float" / file)),
      tensor(load_array<std::int8_t>(folder / "ic_resnet8_int8" / file)));
  }
}

template <class Q>
std::size_t different_codes(const xt::xarray<float>& weights, const xt::xarray<std::int8_t>& stored) {
  const xt::xarray<std::int8_t> codes = quantize<Q>(weights);
  std::size_t count = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) count += codes.data()[i] != stored.data()[i];
  return count;
}

template <class Scheme, class G>
void check_mse(const xt::xarray<float>& weights) {
  const auto whole = report_error(quantize<quantizer<Scheme, G>>(weights));
  const auto least = report_error(quantize<quantizer<Scheme, G, half_even, mse>>(weights));
  CHECK(least.whole.noise <= whole.whole.noise);
  for (std::size_t c = 0; c < whole.channels.size(); ++c) CHECK(least.channels[c].noise <= whole.channels[c].noise);
}

/// How many elements of output 0 of an ONNX case an expression makes otherwise.
template <class R, class G>
std::size_t differences_under(const external_case& test) {
  using code = typename R::type;
  quantization<presets::onnx::quantize_linear<code, G>> parameters;
  for (const float scale : test.array<float>("input1").values) parameters.maps.push_back({scale, 0});
  if (test.has_array("input2")) {
    const auto zero_points = test.array<code>("input2").values;
    for (std::size_t p = 0; p < zero_points.size(); ++p) parameters.maps[p].zero_point = zero_points[p];
  }
  if (test.op() == "DequantizeLinear") {
    const xt::xarray<float> reals = dequantize(tensor(test.array<code>("input0")), parameters);
    return differences(std::vector<float>(reals.begin(), reals.end()), test.array<float>("output0").values);
  }
  const xt::xarray<code> codes = quantize(tensor(test.array<float>("input0")), parameters);
  return differences(std::vector<code>(codes.begin(), codes.end()), test.array<code>("output0").values);
}

}  // namespace

TEST_CASE("TFLite's stored int8 weights follow from the float weights, but for 2 of 77,360") {
  std::size_t wrong = 0, all = 0;
  for_each_layer([&](int id, const auto& weights, const auto& stored) {
    INFO("tensor " << id);
    wrong += weights.dimension() == 2 ? different_codes<presets::tflite::weights_int8_per_tensor>(weights, stored)
                                      : different_codes<presets::tflite::weights_int8<0>>(weights, stored);
    all += weights.size();
  });
  CHECK(wrong <= 2);
  if (all != 0) CHECK(all == 77360);
}

TEST_CASE("calibration by squared error is never worse than by bounds on the layers of a trained network") {
  for_each_layer([&](int id, const auto& weights, const auto&) {
    INFO("tensor " << id);
    check_mse<symmetric<std::int8_t>, per_tensor>(weights);
    check_mse<symmetric<std::int8_t>, per_axis<0>>(weights);
    check_mse<symmetric<std::int8_t, narrow_bits<4>>, per_axis<0>>(weights);
  });
}

TEST_CASE("ONNX's DynamicQuantizeLinear is a preset") {
  for (const auto& test : cases("onnx_node", "DynamicQuantizeLinear")) {
    INFO(test.name());
    const auto x = tensor(test.array<float>("input0"));
    const auto lazy = quantize<presets::onnx::dynamic_quantize_linear>(x);
    CHECK(lazy.parameters().maps[0].scale == test.array<float>("output1").scalar());
    CHECK(lazy.parameters().maps[0].zero_point == test.array<std::uint8_t>("output2").scalar());
    const xt::xarray<std::uint8_t> codes = lazy;
    CHECK(differences(std::vector<std::uint8_t>(codes.begin(), codes.end()),
                      test.array<std::uint8_t>("output0").values) == 0);
  }
}

TEST_CASE("ONNX's QuantizeLinear and DequantizeLinear are a preset, per tensor and in blocks") {
  for (const char* op : {"QuantizeLinear", "DequantizeLinear"})
    for (const auto& test : cases("onnx_node", op)) {
      INFO(test.name());
      const std::string& type = test.type(test.op() == "DequantizeLinear" ? "input0" : "output0");
      if (test.has("block_size")) {
        REQUIRE(type == "u8");
        REQUIRE(test.number("axis") == 1);
        REQUIRE(test.number("block_size") == 2);
        CHECK(differences_under<u8, per_group<1, 2>>(test) == 0);
      } else if (type == "u8") {
        CHECK(differences_under<u8, per_tensor>(test) == 0);
      } else if (type == "i16") {
        CHECK(differences_under<s16, per_tensor>(test) == 0);
      } else {
        REQUIRE(type == "u16");
        CHECK(differences_under<u16, per_tensor>(test) == 0);
      }
    }
}

}  // namespace pare::test
