#include "quantize.hpp"

#include <pare/prune/criterion.hpp>
#include <pare/prune/obs.hpp>
#include <pare/prune/pruner.hpp>
#include <pare/prune/refit.hpp>
#include <pare/reference/quantize.hpp>

#include <algorithm>
#include <cmath>
#include <span>

namespace tiny {

namespace {

using weights_range = pare::s8_narrow;

/// Runs a sample and calls see(tensor, its numbers) for every tensor while it lives.
template <class See>
void run(program<float>& net, const float* sample, const See& see) {
  const auto show = [&](std::size_t id) {
    const auto y = net.net.view(net.tensors[id]);
    see(id, std::span<const float>(y.data, static_cast<std::size_t>(y.size())));
  };
  const auto x = net.net.view(net.tensors[net.input]);
  std::copy_n(sample, x.size(), x.data);
  show(net.input);
  net.net.run(pare::best_target(), [&](std::size_t step) { show(net.layers[step]); });
}

/// The inputs of every output pixel of a convolution as rows [pixels, taps * channels]; 0 in the padding.
std::vector<float> patches_of(const float_graph::layer_type& layer, const tensor_info& x, const tensor_info& y,
                              std::span<const float> image) {
  const index taps = layer.window.height * layer.window.width;
  std::vector<float> rows(static_cast<std::size_t>(y.height * y.width * taps * x.channels));
  for (index i = 0; i < y.height; ++i) {
    for (index j = 0; j < y.width; ++j) {
      float* const row = rows.data() + (i * y.width + j) * taps * x.channels;
      pare::for_each_tap(layer.geometry, {x.height, x.width}, layer.window, i, j,
                         [&](index v, index u, index image_y, index image_x) {
                           std::copy_n(image.data() + (image_y * x.width + image_x) * x.channels, x.channels,
                                       row + (v * layer.window.width + u) * x.channels);
                         });
    }
  }
  return rows;
}

/// rows * weights^T + bias: a layer before its activation.
std::vector<float> sums_of(const float_graph::layer_type& layer, const std::vector<float>& rows) {
  const auto n = layer.bias.size(), k = layer.weights.size() / n, m = rows.size() / k;
  std::vector<float> sums(m * n);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      float sum = layer.bias[j];
      for (std::size_t l = 0; l < k; ++l) sum += rows[i * k + l] * layer.weights[j * k + l];
      sums[i * n + j] = sum;
    }
  }
  return sums;
}

/// The input of a layer when `net` runs this sample.
std::vector<float> input_of(program<float>& net, std::size_t tensor, const float* sample) {
  std::vector<float> values;
  run(net, sample, [&](std::size_t id, std::span<const float> numbers) {
    if (id == tensor) values.assign(numbers.begin(), numbers.end());
  });
  return values;
}

/// Weights as codes under their channels' scales.
std::vector<std::int8_t> quantize_weights(const float_graph::layer_type& layer,
                                          const pare::reference::axis_extents& extents, std::vector<float>& scales) {
  // Per output channel: of the first axis of OHWI, of the last of 1HWO.
  std::vector<pare::affine_map> maps;
  for (index c = 0; c < extents.channels; ++c) {
    double reach = 0;
    for (index i = 0; i < extents.size(); ++i)
      if (extents.channel(i) == c)
        reach = std::max(reach, std::abs(double{layer.weights[static_cast<std::size_t>(i)]}));
    maps.push_back(pare::choose_symmetric<weights_range>(reach));
    scales.push_back(maps.back().scale);
  }
  std::vector<std::int8_t> codes(layer.weights.size());
  pare::reference::quantize<weights_range>(std::span(layer.weights), extents, maps, std::span(codes));
  return codes;
}

}  // namespace

template <class Activations>
std::vector<pare::affine_map> calibrate(const float_graph& graph, const sample_source& sample, index count) {
  program<float> net = build_float(graph);
  std::vector<pare::calibrator<Activations>> seen(graph.tensors.size());
  for (index i = 0; i < count; ++i)
    run(net, sample(i), [&](std::size_t id, std::span<const float> numbers) { seen[id].observe(numbers); });
  std::vector<pare::affine_map> maps(graph.tensors.size());
  const auto choose = [&](std::size_t id) { maps[id] = seen[id].finish().maps.at(0); };
  choose(graph.input);
  for (const auto& layer : graph.layers) {
    if (layer.kind == layer_kind::average_pool || layer.kind == layer_kind::reshape) {
      maps[layer.output] = maps[layer.inputs[0]];
    } else if (layer.kind == layer_kind::softmax) {
      maps[layer.output] = sizeof(typename Activations::storage) == 1 ? pare::affine_map{1.f / 256, -128}
                                                                      : pare::affine_map{1.f / 32768, 0};
    } else {
      choose(layer.output);
    }
  }
  return maps;
}
template std::vector<pare::affine_map> calibrate<int8_activations>(const float_graph&, const sample_source&, index);
template std::vector<pare::affine_map> calibrate<int16_activations>(const float_graph&, const sample_source&, index);

fixed_graph quantize(const float_graph& graph, const std::vector<pare::affine_map>& maps) {
  fixed_graph result{graph.tensors, {}, graph.input, graph.output};
  for (std::size_t i = 0; i < maps.size(); ++i) result.tensors[i].map = maps[i];
  for (const auto& layer : graph.layers) {
    fixed_graph::layer_type fixed{.kind = layer.kind,
                                  .inputs = layer.inputs,
                                  .output = layer.output,
                                  .relu = layer.relu,
                                  .geometry = layer.geometry,
                                  .window = layer.window,
                                  .pruned = layer.pruned};
    if (!layer.bias.empty()) {
      const auto n = static_cast<index>(layer.bias.size()), k = static_cast<index>(layer.weights.size()) / n;
      const bool last = layer.kind == layer_kind::depthwise;
      fixed.weights = quantize_weights(layer,
                                       last ? pare::reference::axis_extents{.outer = k, .channels = n}
                                            : pare::reference::axis_extents{.channels = n, .inner = k},
                                       fixed.scales);
      for (std::size_t c = 0; c < layer.bias.size(); ++c) {
        const double unit = double{maps[layer.inputs[0]].scale} * double{fixed.scales[c]};
        fixed.bias.push_back(static_cast<std::int64_t>(std::round(double{layer.bias[c]} / unit)));
      }
    }
    result.layers.push_back(std::move(fixed));
  }
  return result;
}

template <class S>
float_graph prune(const float_graph& dense, double sparsity, compensation how, const sample_source& sample,
                  index count) {
  program<float> dense_net = build_float(dense);
  float_graph graph = dense;
  for (std::size_t l = 1; l < graph.layers.size(); ++l) {  // the first layer is small and matters most
    auto& layer = graph.layers[l];
    if (layer.kind != layer_kind::convolution) continue;
    layer.pruned = std::is_same_v<S, pare::block<16, 4>>;
    const tensor_info &x = graph.tensors[layer.inputs[0]], &y = graph.tensors[layer.output];
    const pare::weight_shape shape{y.channels, layer.window.height * layer.window.width, x.channels};
    auto mask = pare::pruner<pare::magnitude, S>{}.select(layer.weights.begin(), shape, sparsity);
    if (how == compensation::none) {
      pare::apply(mask, layer.weights.begin());
      continue;
    }
    pare::moment_sums sums(shape.rows, shape.columns());
    program<float> pruned_net = build_float(graph);
    for (index i = 0; i < count; ++i) {
      const auto rows = patches_of(layer, x, y, input_of(pruned_net, layer.inputs[0], sample(i)));
      const auto wanted =
          sums_of(dense.layers[l], patches_of(layer, x, y, input_of(dense_net, layer.inputs[0], sample(i))));
      sums.observe({rows.data(), y.height * y.width, shape.columns()}, {wanted.data(), y.height * y.width, shape.rows});
    }
    const pare::layer_moments moments = sums.finish();
    const pare::matrix_view<const float> weights{layer.weights.data(), shape.rows, shape.columns()};
    if (how == compensation::obs) {
      if constexpr (pare::WindowedStructure<S>) {
        mask = pare::sequential_obs<S>(weights, shape, moments);
      } else {
        mask = pare::gradual_obs<S>(weights, shape, moments, sparsity);
      }
    }
    auto fitted = pare::refit(weights, std::span<const float>(layer.bias), mask, moments);
    layer.weights = std::move(fitted.weights);
    layer.bias = std::move(fitted.bias);
  }
  return graph;
}
#define PRUNE(...) \
  template float_graph prune<__VA_ARGS__>(const float_graph&, double, compensation, const sample_source&, index)
PRUNE(pare::block<16, 4>);
PRUNE(pare::block<4, 4>);
PRUNE(pare::n_of_m<2, 4>);
PRUNE(pare::n_of_m<4, 16>);
#undef PRUNE

}  // namespace tiny
