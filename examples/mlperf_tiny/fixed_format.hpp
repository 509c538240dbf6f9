// fixed_format.hpp: layers with weights on integers: convolutions of any kind, with bias and requantization fused.
#pragma once

#include "runner.hpp"

namespace tiny {

/// Range: of the activations. Sum: of products, as Policy takes it.
template <class Range, class Policy>
struct fixed_format {
  using number = typename Range::type;
  using sum_type = typename Policy::accumulator;
  using weights_range = pare::s8_narrow;

  static pare::output_map output(const pare::affine_map& map, bool relu) {
    return relu ? pare::relu_output<Range>(map) : pare::output_of<Range>(map);
  }
  static auto sum(const pare::affine_map& a, const pare::affine_map& b, const pare::affine_map& y, bool relu) {
    return pare::sum_of<Range>(a, b, y, output(y, relu));
  }
  static auto softmax(const pare::affine_map& x) {
    if constexpr (sizeof(number) == 1) {
      return [table = pare::softmax_table_of(x.scale)](const auto& from, const auto& to) {
        pare::softmax(table, from, to);
      };
    } else {
      return [curves = pare::softmax_curves_of(x.scale)](const auto& from, const auto& to) {
        pare::softmax(curves, from, to);
      };
    }
  }

  /// What finishes the sums of a layer.
  struct finish {
    pare::channels<sum_type> bias;
    pare::multipliers<Policy> factors;
    pare::output_map out;

    finish(const fixed_graph::layer_type& layer, const pare::affine_map& x, const pare::affine_map& y)
        : bias(static_cast<index>(layer.bias.size()), 0), out(output(y, layer.relu)) {
      std::vector<double> ratios;
      for (std::size_t c = 0; c < layer.bias.size(); ++c) {
        ratios.push_back(double{x.scale} * double{layer.scales[c]} / double{y.scale});
        bias[static_cast<index>(c)] = static_cast<sum_type>(layer.bias[c]);
      }
      factors = pare::multipliers<Policy>(ratios);
    }
    auto stages() const { return pare::bias(bias) | pare::requantize(factors, out); }
    std::size_t bytes() const { return bias.bytes() + factors.bytes(); }
  };

  static void add_weighted(program<number>& to, const fixed_graph::layer_type& layer, pare::tensor_of<number> x,
                           const pare::affine_map& x_map, pare::tensor_of<number> y, const pare::affine_map& y_map) {
    finish end(layer, x_map, y_map);
    to.weight_bytes += end.bytes();
    const std::int32_t zero_point = x_map.zero_point;
    const auto g = layer.geometry;
    if (layer.kind == layer_kind::depthwise) {
      pare::packed_depthwise<weights_range> w(pare::image_view<const std::int8_t>{
          layer.weights.data(), 1, layer.window.height, layer.window.width, y.channels});
      to.weight_bytes += w.bytes();
      to.net.step({x}, y, [=, w = std::move(w), end = std::move(end)](const pare::network& n, pare::target on) {
        pare::depthwise_conv2d<Range>(n.view(x), zero_point, w, g, end.stages(), n.view(y), on);
      });
      return;
    }
    const auto convolve = [&](auto w) {
      to.weight_bytes += w.bytes();
      to.net.step({x}, y, [=, w = std::move(w), end = std::move(end)](const pare::network& n, pare::target on) {
        pare::conv2d<Range>(n.view(x), zero_point, w, g, end.stages(), n.view(y), on);
      });
    };
    const pare::image_view<const std::int8_t> weights{layer.weights.data(), y.channels, layer.window.height,
                                                      layer.window.width, x.channels};
    if (layer.pruned) {
      convolve(pare::packed_conv<weights_range, pare::block<16, 4>>(weights));
    } else {
      convolve(pare::packed_conv<weights_range>(weights));
    }
  }
};

}  // namespace tiny
