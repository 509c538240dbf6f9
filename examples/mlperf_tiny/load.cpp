#include "load.hpp"

#include <pare/nn/batch_norm.hpp>

#include <fstream>
#include <map>
#include <sstream>

#include "../compress/npy.hpp"

namespace tiny {

namespace fs = std::filesystem;

template <class T>
array<T> load_array(const fs::path& path) {
  const compress::npy_header header = compress::read_header(path);
  compress::expect_contents<T>(path, header, header.shape.size(), "of any kind");
  array<T> result;
  std::size_t count = 1;
  for (const std::size_t extent : header.shape) {
    result.shape.push_back(static_cast<index>(extent));
    count *= extent;
  }
  result.values.resize(count);
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(header.data_begin));
  file.read(reinterpret_cast<char*>(result.values.data()), static_cast<std::streamsize>(count * sizeof(T)));
  if (!file) pare::fail(path.string(), "a file that can be read to its end", "an error");
  return result;
}
template array<float> load_array(const fs::path&);
template array<std::int8_t> load_array(const fs::path&);
template array<std::uint8_t> load_array(const fs::path&);
template array<std::int32_t> load_array(const fs::path&);
template array<std::int64_t> load_array(const fs::path&);

namespace {

/// A line `tensor ...` of model.txt.
struct tensor_line {
  std::string type, scale, zero_point, file;
  std::vector<index> shape;
};
/// A line `op ...`.
struct op_line {
  std::string name;
  std::vector<std::size_t> inputs, outputs;
  std::map<std::string, std::string> options;
  index number(const std::string& key) const { return std::stol(options.at(key)); }
};

struct manifest {
  fs::path folder;
  std::vector<tensor_line> tensors;
  std::vector<op_line> ops;
  std::size_t input = 0, output = 0;

  /// The constant tensor `id`.
  template <class T>
  array<T> constant(std::size_t id) const {
    return load_array<T>(folder / tensors.at(id).file);
  }
  /// Its scales: one, or one per channel.
  std::vector<float> scales(std::size_t id) const {
    const std::string& text = tensors.at(id).scale;
    if (text.ends_with(".npy")) return load_array<float>(folder / text).values;
    return {std::stof(text)};
  }
};

std::vector<std::size_t> read_ids(std::istream& words) {
  std::size_t count = 0;
  words >> count;
  std::vector<std::size_t> ids(count);
  for (std::size_t& id : ids) words >> id;
  return ids;
}

manifest read_manifest(const fs::path& folder) {
  const fs::path path = folder / "model.txt";
  std::ifstream file(path);
  if (!file) pare::fail(path.string(), "a manifest of a network", "no file that can be read");
  manifest all{folder, {}, {}};
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind, word;
    std::size_t id = 0;
    words >> kind >> id;
    if (kind == "inputs") all.input = id;
    if (kind == "outputs") all.output = id;
    if (kind == "tensor") {
      tensor_line t;
      std::size_t rank = 0;
      words >> t.type >> rank;
      t.shape.resize(rank);
      for (index& extent : t.shape) words >> extent;
      words >> word >> t.scale >> word >> t.zero_point >> word >> word >> word >> t.file;
      all.tensors.push_back(t);
    }
    if (kind == "op") {
      op_line op;
      words >> op.name >> word;
      op.inputs = read_ids(words);
      words >> word;
      op.outputs = read_ids(words);
      while (words >> word) op.options[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
      all.ops.push_back(op);
    }
    if (kind != "op" && kind != "tensor" && kind != "inputs" && kind != "outputs")
      pare::fail(path.string(), "lines inputs, outputs, tensor, op", line);
  }
  return all;
}

layer_kind kind_of(const std::string& name) {
  if (name == "CONV_2D") return layer_kind::convolution;
  if (name == "DEPTHWISE_CONV_2D") return layer_kind::depthwise;
  if (name == "FULLY_CONNECTED") return layer_kind::dense;
  if (name == "ADD") return layer_kind::sum;
  if (name == "AVERAGE_POOL_2D") return layer_kind::average_pool;
  if (name == "RESHAPE") return layer_kind::reshape;
  if (name == "SOFTMAX") return layer_kind::softmax;
  pare::fail("operator", "one of the layers that these networks have", name);
}

/// An activation tensor's extents: the first axis is the batch of 1.
tensor_info image_of(const tensor_line& line) {
  tensor_info info;
  if (line.shape.size() == 4) info = {line.shape[1], line.shape[2], line.shape[3]};
  if (line.shape.size() == 2) info = {1, 1, line.shape[1]};
  return info;
}

template <class W, class B>
void read_weights(const manifest& all, const op_line& op, layer_of<W, B>& layer) {
  const auto weights = all.constant<W>(op.inputs.at(1));
  layer.weights = weights.values;
  if (layer.kind != layer_kind::dense) layer.window = {weights.shape.at(1), weights.shape.at(2)};
  if constexpr (std::is_same_v<W, float>) {
    layer.bias = all.constant<float>(op.inputs.at(2)).values;
  } else {
    const auto bias = all.constant<std::int32_t>(op.inputs.at(2)).values;
    layer.bias.assign(bias.begin(), bias.end());
    layer.scales = all.scales(op.inputs[1]);
    if (layer.scales.size() == 1) layer.scales.resize(bias.size(), layer.scales[0]);
  }
}

template <class W, class B>
graph_of<W, B> read_network(const fs::path& folder) {
  const manifest all = read_manifest(folder);
  graph_of<W, B> graph;
  graph.input = all.input;
  graph.output = all.output;
  for (const tensor_line& line : all.tensors) {
    tensor_info info = image_of(line);
    if (line.type == "INT8" && line.file == "-") info.map = {std::stof(line.scale), std::stoi(line.zero_point)};
    graph.tensors.push_back(info);
  }
  for (const op_line& op : all.ops) {
    layer_of<W, B> layer;
    layer.kind = kind_of(op.name);
    layer.output = op.outputs.at(0);
    layer.inputs = {op.inputs.at(0)};
    if (layer.kind == layer_kind::sum) layer.inputs.push_back(op.inputs.at(1));
    if (op.options.contains("FusedActivationFunction")) layer.relu = op.options.at("FusedActivationFunction") == "RELU";
    const bool has_weights =
        layer.kind == layer_kind::convolution || layer.kind == layer_kind::depthwise || layer.kind == layer_kind::dense;
    if (has_weights) read_weights(all, op, layer);
    if (layer.kind == layer_kind::average_pool) layer.window = {op.number("FilterHeight"), op.number("FilterWidth")};
    if (op.options.contains("StrideH")) {
      const tensor_info& in = graph.tensors.at(layer.inputs[0]);
      layer.geometry = {.stride_y = op.number("StrideH"), .stride_x = op.number("StrideW")};
      if (op.options.at("Padding") == "SAME")
        layer.geometry =
            same_geometry({in.height, in.width}, layer.window, layer.geometry.stride_y, layer.geometry.stride_x);
    }
    graph.layers.push_back(std::move(layer));
  }
  return graph;
}

/// HWIO to OHWI.
std::vector<float> outputs_first(const array<float>& kernel) {
  const index outputs = kernel.shape.back(), rest = static_cast<index>(kernel.values.size()) / outputs;
  std::vector<float> result(kernel.values.size());
  for (index i = 0; i < rest; ++i)
    for (index o = 0; o < outputs; ++o)
      result[static_cast<std::size_t>(o * rest + i)] = kernel.values[static_cast<std::size_t>(i * outputs + o)];
  return result;
}

/// Builds a graph layer by layer.
struct builder {
  float_graph graph;

  std::size_t add_tensor(index height, index width, index channels) {
    graph.tensors.push_back({height, width, channels});
    return graph.tensors.size() - 1;
  }
  /// kernel: HWIO, or HWC1 for a depthwise layer. Padding as TFLite's "SAME".
  std::size_t convolution(layer_kind kind, std::size_t input, const array<float>& kernel, std::vector<float> bias,
                          index stride, bool relu) {
    float_graph::layer_type layer;
    layer.kind = kind;
    layer.inputs = {input};
    layer.relu = relu;
    layer.window = {kernel.shape.at(0), kernel.shape.at(1)};
    // [h, w, c, 1] is [1, h, w, c] already.
    layer.weights = kind == layer_kind::depthwise ? kernel.values : outputs_first(kernel);
    const tensor_info in = graph.tensors[input];
    layer.geometry = same_geometry({in.height, in.width}, layer.window, stride, stride);
    layer.output = add_tensor(pare::ceil_div(in.height, stride), pare::ceil_div(in.width, stride),
                              static_cast<index>(bias.size()));
    layer.bias = std::move(bias);
    graph.layers.push_back(std::move(layer));
    return graph.layers.back().output;
  }
  void normalize(const pare::batch_norm& norm) {
    auto& layer = graph.layers.back();
    const auto channels = static_cast<index>(layer.bias.size()), size = static_cast<index>(layer.weights.size());
    const pare::reference::axis_extents by_row{.channels = channels, .inner = size / channels};
    const pare::reference::axis_extents by_column{.outer = size / channels, .channels = channels};
    pare::fold(norm, layer.weights, layer.kind == layer_kind::depthwise ? by_column : by_row, layer.bias);
  }
  std::size_t sum(std::size_t a, std::size_t b) {
    const tensor_info info = graph.tensors[a];
    const std::size_t y = add_tensor(info.height, info.width, info.channels);
    graph.layers.push_back({.kind = layer_kind::sum, .inputs = {a, b}, .output = y, .relu = true});
    return y;
  }
  /// Mean of the image, dense layer, softmax. weights [outputs, inputs].
  void classify(std::size_t x, std::vector<float> weights, std::vector<float> bias) {
    const tensor_info in = graph.tensors[x];
    const std::size_t mean = add_tensor(1, 1, in.channels);
    graph.layers.push_back({.kind = layer_kind::average_pool,
                            .inputs = {x},
                            .output = mean,
                            .geometry = {.stride_y = in.height, .stride_x = in.width},
                            .window = {in.height, in.width}});
    const auto classes = static_cast<index>(bias.size());
    const std::size_t logits = add_tensor(1, 1, classes);
    graph.layers.push_back({.kind = layer_kind::dense,
                            .inputs = {mean},
                            .output = logits,
                            .weights = std::move(weights),
                            .bias = std::move(bias)});
    graph.output = add_tensor(1, 1, classes);
    graph.layers.push_back({.kind = layer_kind::softmax, .inputs = {logits}, .output = graph.output});
  }
};

}  // namespace

fixed_graph load_int8_network(const fs::path& folder) { return read_network<std::int8_t, std::int64_t>(folder); }
float_graph load_float_network(const fs::path& folder) { return read_network<float, float>(folder); }

float_graph load_dscnn_parameters(const fs::path& folder) {
  builder net;
  std::size_t x = net.graph.input = net.add_tensor(49, 10, 1);
  for (int i = 0; i < 9; ++i) {
    const auto read = [&](const char* what) {
      return load_array<float>(folder / pare::text("l", i, "_", what, ".npy"));
    };
    const auto gamma = read("gamma"), beta = read("beta"), mean = read("mean"), variance = read("var");
    x = net.convolution(i % 2 == 1 ? layer_kind::depthwise : layer_kind::convolution, x, read("kernel"),
                        read("bias").values, i == 0 ? 2 : 1, true);
    net.normalize({gamma.values, beta.values, mean.values, variance.values});
  }
  net.classify(x, load_array<float>(folder / "folded" / "fc_w.npy").values,
               load_array<float>(folder / "folded" / "fc_b.npy").values);
  return std::move(net.graph);
}

float_graph load_resnet8_parameters(const fs::path& folder) {
  builder net;
  const auto read = [&](const std::string& layer, const std::string& what) {
    return load_array<float>(folder / pare::text(layer, "__", layer, "__", what, "_0.npy"));
  };
  const auto numbered = [](const std::string& name, int i) { return i == 0 ? name : pare::text(name, "_", i); };
  const auto convolve = [&](int i, std::size_t x, index stride, bool relu, int norm) {
    const std::string conv = numbered("conv2d", i);
    const std::size_t y =
        net.convolution(layer_kind::convolution, x, read(conv, "kernel"), read(conv, "bias").values, stride, relu);
    if (norm >= 0) {
      const std::string name = numbered("batch_normalization", norm);
      const auto gamma = read(name, "gamma"), beta = read(name, "beta"), mean = read(name, "moving_mean"),
                 variance = read(name, "moving_variance");
      net.normalize({gamma.values, beta.values, mean.values, variance.values});
    }
    return y;
  };
  const std::size_t x = net.graph.input = net.add_tensor(32, 32, 3);
  const std::size_t stem = convolve(0, x, 1, true, 0);
  std::size_t y = net.sum(stem, convolve(2, convolve(1, stem, 1, true, 1), 1, false, 2));
  for (const int first : {3, 6}) {  // two stages that halve the image, with a 1x1 convolution on the other way
    const int norm = first == 3 ? 3 : 5;
    const std::size_t main = convolve(first + 1, convolve(first, y, 2, true, norm), 1, false, norm + 1);
    y = net.sum(convolve(first + 2, y, 2, false, -1), main);
  }
  net.classify(y, outputs_first(read("dense", "kernel")), read("dense", "bias").values);
  return std::move(net.graph);
}

}  // namespace tiny
