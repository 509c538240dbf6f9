#include "runner.hpp"

namespace tiny {

namespace {

/// Layers on floats.
struct float_format {
  using number = float;

  static pare::real_sum sum(const pare::affine_map&, const pare::affine_map&, const pare::affine_map&, bool relu) {
    pare::real_sum f;
    if (relu) f.low = 0;
    return f;
  }
  static auto softmax(const pare::affine_map&) {
    return [](const auto& from, const auto& to) { pare::softmax(from, to); };
  }

  static void add_weighted(program<float>& to, const float_graph::layer_type& layer, pare::tensor_of<float> x,
                           const pare::affine_map&, pare::tensor_of<float> y, const pare::affine_map&) {
    pare::channels<float> bias(layer.bias);
    to.weight_bytes += bias.bytes();
    const auto g = layer.geometry;
    const bool relu = layer.relu;
    if (layer.kind == layer_kind::depthwise) {  // with a relu, in these networks
      pare::packed_depthwise<pare::f32> w(
          pare::image_view<const float>{layer.weights.data(), 1, layer.window.height, layer.window.width, y.channels});
      to.weight_bytes += w.bytes();
      to.net.step({x}, y, [=, w = std::move(w), bias = std::move(bias)](const pare::network& n, pare::target on) {
        pare::depthwise_conv2d(n.view(x), 0, w, g, pare::bias(bias) | pare::relu, n.view(y), on);
      });
      return;
    }
    pare::packed_conv<pare::f32> w(pare::image_view<const float>{layer.weights.data(), y.channels, layer.window.height,
                                                                 layer.window.width, x.channels});
    to.weight_bytes += w.bytes();
    to.net.step({x}, y, [=, w = std::move(w), bias = std::move(bias)](const pare::network& n, pare::target on) {
      if (relu) {
        pare::conv2d(n.view(x), 0, w, g, pare::bias(bias) | pare::relu, n.view(y), on);
      } else {
        pare::conv2d(n.view(x), 0, w, g, pare::bias(bias), n.view(y), on);
      }
    });
  }
};

}  // namespace

program<float> build_float(const float_graph& graph) { return runner<float_format, float_graph>::build(graph); }

}  // namespace tiny
