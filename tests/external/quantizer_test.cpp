// Quantizers on the weights of trained networks, and on the cases of ONNX's quantizing operators.
#include <catch2/catch.hpp>
#include <pare/expr/error_report.hpp>
#include <pare/prune/round.hpp>
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

/// A layer of DS-CNN or a tensor between two of them: [pixels, channels] of an image.
struct plane {
  index height, width, channels;
  std::vector<float> x;
  float at(index h, index w, index c) const {
    return h < 0 || h >= height || w < 0 || w >= width ? 0
                                                       : x[static_cast<std::size_t>((h * width + w) * channels + c)];
  }
};

/// Padding "same", relu. weights OHWI, or 1HWO if depthwise.
plane convolved(const plane& in, const array<float>& weights, const array<float>& bias, index stride, bool depthwise) {
  const index kh = weights.shape[1], kw = weights.shape[2], outputs = depthwise ? weights.shape[3] : weights.shape[0];
  const index inputs = depthwise ? 1 : in.channels, rows = ceil_div(in.height, stride),
              columns = ceil_div(in.width, stride);
  const index top = std::max<index>((rows - 1) * stride + kh - in.height, 0) / 2;
  const index left = std::max<index>((columns - 1) * stride + kw - in.width, 0) / 2;
  plane out{rows, columns, outputs, {}};
  for (index h = 0; h < rows; ++h)
    for (index w = 0; w < columns; ++w)
      for (index o = 0; o < outputs; ++o) {
        float sum = bias.values[static_cast<std::size_t>(o)];
        for (index i = 0; i < kh; ++i)
          for (index j = 0; j < kw; ++j)
            for (index c = 0; c < inputs; ++c) {
              const index tap = depthwise ? (i * kw + j) * outputs + o : ((o * kh + i) * kw + j) * inputs + c;
              sum += weights.values[static_cast<std::size_t>(tap)] *
                     in.at(h * stride + i - top, w * stride + j - left, depthwise ? o : c);
            }
        out.x.push_back(std::max(sum, 0.f));
      }
  return out;
}

/// A dense layer without bias, and rows of real inputs: some to look at, others to be judged by.
struct dense_layer {
  std::string name;
  array<float> weights;  ///< [n, (1, 1,) k]
  std::vector<float> seen{}, kept{};

  index n() const { return weights.shape.front(); }
  index k() const { return weights.shape.back(); }
  std::vector<float> outputs(const std::vector<float>& w, const std::vector<float>& rows) const {
    std::vector<float> y;
    for (std::size_t r = 0; r < rows.size(); r += static_cast<std::size_t>(k()))
      for (index o = 0; o < n(); ++o) {
        double sum = 0;
        for (index j = 0; j < k(); ++j)
          sum += double{w[static_cast<std::size_t>(o * k() + j)]} * double{rows[r + static_cast<std::size_t>(j)]};
        y.push_back(static_cast<float>(sum));
      }
    return y;
  }
  /// Mean squared error of each output that a bias cannot mend, as seen, on the rows that were kept.
  double error(const std::vector<float>& w, const layer_moments& moments) const {
    const auto wanted = outputs(weights.values, kept), given = outputs(w, kept);
    double sum = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      const auto o = static_cast<index>(i) % n();
      double shift = 0;
      for (index j = 0; j < k(); ++j) {
        const auto at = static_cast<std::size_t>(o * k() + j);
        shift += (double{w[at]} - double{weights.values[at]}) * moments.input_means[static_cast<std::size_t>(j)];
      }
      sum += std::pow(double{given[i]} - double{wanted[i]} - shift, 2);
    }
    return sum / static_cast<double>(given.size());
  }
};

/// The pointwise layers and the last one of the keyword spotter on the first `images` of its samples, and ResNet8's two
/// shortcuts on one picture.
std::vector<dense_layer> dense_layers(index images) {
  std::vector<dense_layer> layers;
  if (folders("mlperf_tiny").empty()) return layers;
  const auto folder = data_folder() / "models_keras" / "kws_dscnn_ref" / "folded";
  std::vector<array<float>> weights, biases;
  for (int l = 0; l <= 9; ++l) {
    const std::string name = l == 9 ? "fc" : "l" + std::to_string(l);
    weights.push_back(load_array<float>(folder / (name + "_w.npy")));
    biases.push_back(load_array<float>(folder / (name + "_b.npy")));
    if (l > 0 && l % 2 == 0) layers.push_back({"pointwise " + name, weights.back()});
    if (l == 9) layers.push_back({"last", weights.back()});
  }
  const auto samples = load_array<std::int8_t>(data_folder() / "mlperf_tiny" / "kws01" / "x.npy");
  const auto logits = load_array<float>(data_folder() / "mlperf_tiny" / "kws01" / "golden_torch_float_logits.npy");
  for (index image = 0; image < images; ++image) {
    plane x{49, 10, 1, {}};
    for (std::size_t i = 0; i < 490; ++i)
      x.x.push_back(0.58470290899f *
                    static_cast<float>(samples.values[static_cast<std::size_t>(image) * 490 + i] - 83));
    const auto add = [&](std::size_t layer, const std::vector<float>& rows) {
      auto& to = image % 2 == 0 ? layers[layer].seen : layers[layer].kept;
      if (layer == 4 || image < 32) to.insert(to.end(), rows.begin(), rows.end());
    };
    for (std::size_t l = 0; l < 9; ++l) {
      if (l > 0 && l % 2 == 0) add(l / 2 - 1, x.x);
      x = convolved(x, weights[l], biases[l], l == 0 ? 2 : 1, l % 2 == 1);
    }
    std::vector<float> means(64);
    for (std::size_t i = 0; i < x.x.size(); ++i) means[i % 64] += x.x[i] / static_cast<float>(x.height * x.width);
    add(4, means);
    const auto last = layers[4].outputs(weights[9].values, means);
    for (std::size_t o = 0; o < 12; ++o)
      REQUIRE(last[o] + biases[9].values[o] ==
              Approx(logits.values[static_cast<std::size_t>(image) * 12 + o]).margin(0.01));
  }
  const auto resnet = data_folder() / "models_tflite" / "ic_resnet8_float";
  for (const auto& [file, input] : {std::pair{"t13.npy", "t25.npy"}, std::pair{"t16.npy", "t29.npy"}}) {
    dense_layer shortcut{file, load_array<float>(resnet / file)};
    const auto pixels = load_array<float>(resnet / "layers" / input);
    const auto view = pixels.image();
    for (index h = 0; h < view.height; ++h)
      for (index w = 0; w < view.width; ++w) {
        auto& to = h % 2 == w % 2 ? shortcut.seen : shortcut.kept;
        for (index c = 0; c < view.channels; ++c) to.push_back(view(0, h, w, c));
      }
    layers.push_back(std::move(shortcut));
  }
  return layers;
}

}  // namespace

TEST_CASE("at 4 bits, rounding that makes up for its errors halves the error of dense layers on real activations") {
  double logarithms = 0;
  const auto layers = dense_layers(256);
  for (const dense_layer& layer : layers) {
    INFO(layer.name);
    moment_sums sums(layer.n(), layer.k());
    const index rows = static_cast<index>(layer.seen.size()) / layer.k();
    const auto targets = layer.outputs(layer.weights.values, layer.seen);
    sums.observe({layer.seen.data(), rows, layer.k()}, {targets.data(), rows, layer.n()});
    const layer_moments moments = sums.finish();
    const auto all =
        pruner<magnitude, unstructured>{}.select(layer.weights.values.begin(), {layer.n(), 1, layer.k()}, 0);
    const auto rounded = round_refitted({layer.weights.values.data(), layer.n(), layer.k()}, all, moments, 7);
    std::vector<float> made, nearest;
    for (std::size_t i = 0; i < rounded.codes.size(); ++i) {
      const float scale = rounded.scales[i / static_cast<std::size_t>(layer.k())];
      made.push_back(scale * static_cast<float>(rounded.codes[i]));
      nearest.push_back(scale * half_even{}(layer.weights.values[i] / scale));
    }
    const double factor = layer.error(made, moments) / layer.error(nearest, moments);
    CHECK(factor < 0.85);
    logarithms += std::log(factor);
  }
  if (!layers.empty()) CHECK(std::exp(logarithms / static_cast<double>(layers.size())) < 0.55);
}

TEST_CASE("TFLite's stored int8 weights follow from the float weights, but for 2 of 77,360") {
  std::size_t wrong = 0, all = 0;
  for_each_layer([&](int id, const auto& weights, const auto& stored) {
    INFO("tensor " << id);
    wrong += weights.dimension() == 2 ? different_codes<presets::tflite::weights_int8_per_tensor>(weights, stored)
                                      : different_codes<presets::tflite::weights_int8<0>>(weights, stored);
    all += weights.size();
  });
  if (all == 0) return;
  CHECK(all == 77360);
  CHECK(wrong == 2);
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
