// policy.hpp: the number formats that a network can run in, as types. A policy says what flows between layers, how
// weights are packed, and which stages finish a layer's sums.
#pragma once

#include <pare/expr/conv2d.hpp>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "model.hpp"

namespace compress {

/// "f32", or sign and bits of an integer format: "s8".
template <pare::Element Range>
std::string format_name() {
  using type = typename Range::type;
  return pare::text(std::is_floating_point_v<type> ? "f" : std::is_signed_v<type> ? "s" : "u", 8 * sizeof(type));
}

/// Real numbers throughout: what the others are compared with.
struct float32 {
  using range = pare::f32;
  using number = float;

  /// Images as they are.
  struct input {
    input(const pare::affine_map&, index) {}
    pare::image_view<const float> operator()(const pare::image_view<const float>& images) const { return images; }
  };

  static auto pack(const layer_weights& layer) { return pare::pack_conv(layer.weights); }
  static auto pack_middle(const layer_weights& layer) { return pack(layer); }

  /// relu(sum + bias)
  struct hidden {
    using result = float;
    pare::channels<float> bias;
    template <class Operand>
    hidden(const layer_weights& layer, const Operand&, const pare::affine_map&, const pare::affine_map&)
        : bias(layer.bias) {}
    auto stages() const { return pare::bias(bias) | pare::relu; }
    std::size_t bytes() const { return bias.bytes(); }
  };
  /// sum + bias
  struct output {
    using result = float;
    pare::channels<float> bias;
    template <class Operand>
    output(const layer_weights& layer, const Operand&, const pare::affine_map&) : bias(layer.bias) {}
    auto stages() const { return pare::bias(bias); }
    std::size_t bytes() const { return bias.bytes(); }
  };
};

/// What one unit of a sum is worth in each channel: the scale of the activations times that of the weights.
template <class Operand>
std::vector<double> sum_scales(const Operand& weights, const pare::affine_map& in) {
  std::vector<double> scales;
  for (index c = 0; c < weights.outputs(); ++c) scales.push_back(double{in.scale} * double{weights.scales()[c]});
  return scales;
}

/// A layer's bias in units of its sums, rounded as TFLite's converter rounds it.
template <class Sum>
pare::channels<Sum> integer_bias(const layer_weights& layer, const std::vector<double>& scales) {
  pare::channels<Sum> bias(layer.outputs(), 0);
  for (index c = 0; c < layer.outputs(); ++c) {
    const double units = pare::half_away{}(double{layer.bias(c)} / scales[static_cast<std::size_t>(c)]);
    constexpr double limit = sizeof(Sum) == 8 ? 0x1p47 : 0x1p31;
    if (!(std::abs(units) < limit))
      pare::fail(pare::text(layer.name, ".bias[", c, "]"), pare::text("less than ", limit, " units of its sum"), units);
    bias[c] = static_cast<Sum>(units);
  }
  return bias;
}

/// Shares of the blocks, and of the channels, that pruning removes.
inline constexpr double block_sparsity = 0.8, channel_sparsity = 0.5;

/// Integers throughout; only the last layer gives real numbers. Activations and Weights are quantizers; Requantize is
/// the rule that takes the sums of a layer to the codes of the next. Pruner, if there is one, prunes all layers but the
/// first and the last, which are small and matter most.
template <class Activations, class Weights, class Requantize, class Pruner = void>
struct fixed_point {
  using activations = Activations;
  using range = typename Activations::range;
  using number = typename range::type;
  using sum = typename Requantize::accumulator;

  /// Images to codes.
  class input {
   public:
    /// size: numbers in the largest batch.
    input(const pare::affine_map& map, index size) : parameters_{.maps = {map}, .rounding = {}}, codes_(size) {}
    pare::image_view<const number> operator()(const pare::image_view<const float>& images) {
      const auto size = static_cast<std::size_t>(images.size());
      const std::array<std::size_t, 1> shape{size};
      const auto reals = xt::adapt(images.data, size, xt::no_ownership(), shape);
      auto codes = xt::adapt(codes_.data(), size, xt::no_ownership(), shape);
      xt::noalias(codes) = pare::quantize(reals, parameters_);
      return {codes_.data(), images.batch, images.height, images.width, images.channels};
    }

   private:
    pare::quantization<Activations> parameters_;
    pare::aligned_storage<number> codes_;
  };

  static auto pack(const layer_weights& layer) { return pare::pack_conv(pare::quantize<Weights>(layer.weights)); }
  static auto pack_middle(const layer_weights& layer) {
    if constexpr (std::is_void_v<Pruner>) {
      return pack(layer);
    } else {
      return pare::pack_conv(pare::quantize<Weights>(pare::prune<Pruner>(layer.weights, block_sparsity)));
    }
  }

  /// The codes of relu(sum + bias).
  class hidden {
   public:
    using result = number;
    template <class Operand>
    hidden(const layer_weights& layer, const Operand& weights, const pare::affine_map& in, const pare::affine_map& out)
        : map_{out.zero_point, std::int32_t{range::min}, std::int32_t{range::max}} {
      std::vector<double> scales = sum_scales(weights, in);
      bias_ = integer_bias<sum>(layer, scales);
      for (double& scale : scales) scale /= double{out.scale};
      factors_ = pare::multipliers<Requantize>(scales);
    }
    auto stages() const { return pare::bias(bias_) | pare::relu | pare::requantize(factors_, map_); }
    std::size_t bytes() const { return bias_.bytes() + factors_.bytes(); }

   private:
    pare::channels<sum> bias_;
    pare::multipliers<Requantize> factors_;
    pare::output_map map_;
  };

  /// sum + bias as a real number.
  class output {
   public:
    using result = float;
    template <class Operand>
    output(const layer_weights& layer, const Operand& weights, const pare::affine_map& in) {
      const std::vector<double> scales = sum_scales(weights, in);
      bias_ = integer_bias<sum>(layer, scales);
      scales_ = pare::channels<float>(std::vector<float>(scales.begin(), scales.end()));
    }
    auto stages() const { return pare::bias(bias_) | pare::dequantize(scales_); }
    std::size_t bytes() const { return bias_.bytes() + scales_.bytes(); }

   private:
    pare::channels<sum> bias_;
    pare::channels<float> scales_;
  };
};

using int8_activations = pare::quantizer<pare::affine<std::int8_t>, pare::per_tensor, pare::half_away>;
using int16_activations = pare::quantizer<pare::symmetric<std::int16_t>, pare::per_tensor, pare::half_away>;
using weights_per_tensor = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_tensor>;
using weights_per_channel = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;
using block_pruner = pare::pruner<pare::magnitude, pare::block<16, 4>>;
using channel_pruner = pare::pruner<pare::magnitude, pare::channel<0>>;

using int8_per_tensor = fixed_point<int8_activations, weights_per_tensor, pare::tflite>;
using int8_per_channel = fixed_point<int8_activations, weights_per_channel, pare::tflite>;
using int16x8 = fixed_point<int16_activations, weights_per_channel, pare::tflite_int64>;
using int8_blocks = fixed_point<int8_activations, weights_per_channel, pare::tflite, block_pruner>;

}  // namespace compress
