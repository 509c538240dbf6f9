// 03_refit: prunes the layers of real networks without retraining, and prints how far their outputs are off with the
// weights as they are and refitted, and what is left of the accuracy.
//
//   03_refit <folder>    one that holds models_tflite/{ic_resnet8_float,kws_dscnn_int8} and mlperf_tiny/{ic01,kws01}:
//                        the networks of MLPerf Tiny and labelled samples, as model.txt and .npy files
//
// Half of the samples calibrate, without their labels; the other half is held out and classified. All in floats.
#include <pare/expr/xtensor.hpp>
#include <pare/prune/obs.hpp>
#include <pare/reference/geometry.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#if __has_include(<xtensor/io/xnpy.hpp>)
#include <xtensor/io/xnpy.hpp>
#else
#include <xtensor/xnpy.hpp>
#endif

namespace {

using pare::index;
using reals = std::vector<float>;
using mask = pare::mask<pare::unstructured>;

std::size_t size(index i) { return static_cast<std::size_t>(i); }

/// A tensor of the network: extents without the batch for activations, and the elements of constants.
struct tensor {
  std::vector<index> shape;
  reals values;
};

struct operation {
  std::string name;
  std::vector<index> inputs;
  index output = 0;
  std::map<std::string, std::string> attributes;
  index stride() const { return std::stol(attributes.at("StrideH")); }
  bool relu() const {
    return attributes.contains("FusedActivationFunction") && attributes.at("FusedActivationFunction") == "RELU";
  }
};

struct network {
  std::map<index, tensor> tensors;
  std::vector<operation> operations;
};

reals load(const std::filesystem::path& folder, const std::string& file, const std::string& type) {
  const std::string path = (folder / file).string();
  const auto all = [](const auto& values) { return reals(values.begin(), values.end()); };
  if (type == "INT8") return all(xt::cast<float>(xt::load_npy<std::int8_t>(path)));
  if (type == "INT32") return all(xt::cast<float>(xt::load_npy<std::int32_t>(path)));
  return all(xt::load_npy<float>(path));
}

/// The real numbers of a constant: quantized ones have a scale, or one for each index along an axis, and no zero point.
void dequantize(tensor& t, const std::filesystem::path& folder, const std::string& scale, std::size_t axis) {
  if (scale == "-") return;
  reals scales{scale.ends_with(".npy") ? 0.f : std::stof(scale)};
  if (scale.ends_with(".npy")) {
    const auto loaded = xt::load_npy<float>((folder / scale).string());
    scales.assign(loaded.begin(), loaded.end());
  }
  index inner = 1;
  for (std::size_t later = axis + 1; later < t.shape.size(); ++later) inner *= t.shape[later];
  for (std::size_t i = 0; i < t.values.size(); ++i)
    t.values[i] *= scales[i / size(inner) % size(t.shape[axis]) % scales.size()];
}

/// `tensor ID DTYPE NDIM dims scale S|file zp Z|file qdim Q file F|-`, after its first word.
void read_tensor(network& net, std::istream& words, const std::filesystem::path& folder) {
  index id = 0;
  std::size_t rank = 0;
  std::string type, word, scale, axis, from;
  words >> id >> type >> rank;
  tensor t{std::vector<index>(rank), {}};
  for (index& extent : t.shape) words >> extent;
  words >> word >> scale >> word >> word >> word >> axis >> word >> from;
  if (from != "-") {
    t.values = load(folder, from, type);
    if (type == "INT8" || type == "INT32") dequantize(t, folder, scale, axis == "-" ? 0 : std::stoul(axis));
  }
  net.tensors[id] = t;
}

/// `op N NAME in n ids out n ids Key=Value...`, after its first word.
void read_operation(network& net, std::istream& words) {
  operation op;
  index count = 0, id = 0;
  std::string word;
  words >> word >> op.name >> word >> count;
  while (count-- > 0 && words >> id) op.inputs.push_back(id);
  words >> word >> count >> op.output;
  while (words >> word) op.attributes[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
  net.operations.push_back(op);
}

network read_network(const std::filesystem::path& folder) {
  network net;
  std::ifstream file(folder / "model.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "tensor") read_tensor(net, words, folder);
    if (kind == "op") read_operation(net, words);
  }
  // A shortcut is computed before the branch that it is added to: the branch can then make up for it.
  auto& ops = net.operations;
  for (std::size_t i = 0; i + 2 < ops.size(); ++i)
    if (ops[i + 2].name == "ADD" && ops[i + 1].name == "CONV_2D" && ops[i + 1].inputs[0] != ops[i].output)
      std::swap(ops[i], ops[i + 1]);
  return net;
}

/// Activations of all samples, by tensor.
using activations = std::map<index, reals>;

/// What convolutions and dense layers multiply: a row of taps * channels for each output pixel of each sample.
reals patches_of(const network& net, const operation& op, const reals& x) {
  const auto& weights = net.tensors.at(op.inputs[1]).shape;
  if (op.name == "FULLY_CONNECTED") return x;
  const auto& in = net.tensors.at(op.inputs[0]).shape;
  const auto& out = net.tensors.at(op.output).shape;
  const pare::image_extents image{in[1], in[2]}, window{weights[1], weights[2]};
  const index stride = op.stride(), channels = in[3];
  const auto padding = [&](index outputs, index taps, index extent) {
    return std::max<index>((outputs - 1) * stride + taps - extent, 0) / 2;
  };
  pare::conv_geometry geometry{.stride_y = stride, .stride_x = stride};
  geometry.pad_top = padding(out[1], window.height, image.height);
  geometry.pad_left = padding(out[2], window.width, image.width);
  const index k = window.height * window.width * channels, pixels = out[1] * out[2];
  const index samples = static_cast<index>(x.size()) / (in[1] * in[2] * channels);
  reals rows(size(samples * pixels * k));
  for (index n = 0; n < samples; ++n)
    for (index pixel = 0; pixel < pixels; ++pixel)
      pare::for_each_tap(geometry, image, window, pixel / out[2], pixel % out[2],
                         [&](index wy, index wx, index iy, index ix) {
                           const auto from = x.begin() + ((n * in[1] + iy) * in[2] + ix) * channels;
                           std::copy(from, from + channels,
                                     rows.begin() + (n * pixels + pixel) * k + (wy * window.width + wx) * channels);
                         });
  return rows;
}

/// rows [m, k] * weights [n, k]^T + bias; of a depthwise layer each channel by itself.
reals sums_of(const network& net, const operation& op, const reals& rows) {
  const tensor &weights = net.tensors.at(op.inputs[1]), &bias = net.tensors.at(op.inputs[2]);
  const auto n = bias.values.size();
  const bool apart = op.name == "DEPTHWISE_CONV_2D";
  const std::size_t taps = weights.values.size() / n, k = apart ? weights.values.size() : taps;
  reals columns(weights.values);  // [k, n]
  if (!apart)
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = weights.values[i % n * k + i / n];
  reals y;
  for (std::size_t row = 0; row < rows.size() / k; ++row) {
    y.insert(y.end(), bias.values.begin(), bias.values.end());
    float* const to = y.data() + row * n;
    const float* const x = rows.data() + row * k;
    for (std::size_t j = 0; j < taps; ++j)
      for (std::size_t c = 0; c < n; ++c) to[c] += x[apart ? j * n + c : j] * columns[j * n + c];
  }
  return y;
}

bool multiplies(const operation& op) {
  return op.name == "CONV_2D" || op.name == "DEPTHWISE_CONV_2D" || op.name == "FULLY_CONNECTED";
}

void relu(reals& values) {
  for (float& value : values) value = std::max(value, 0.f);
}

/// An operation without weights.
reals plain(const network& net, const operation& op, const activations& known) {
  reals y = known.at(op.inputs[0]);
  if (op.name == "ADD")
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += known.at(op.inputs[1])[i];
  if (op.name == "AVERAGE_POOL_2D") {  // of the whole image
    const auto& in = net.tensors.at(op.inputs[0]).shape;
    const auto channels = size(in[3]), pixels = size(in[1] * in[2]);
    reals means(y.size() / pixels);
    for (std::size_t i = 0; i < y.size(); ++i)
      means[i / (pixels * channels) * channels + i % channels] += y[i] / static_cast<float>(pixels);
    y = means;
  }
  if (op.relu()) relu(y);
  return y;
}

activations run(const network& net, const reals& samples) {
  activations known{{0, samples}};
  for (const operation& op : net.operations) {
    if (op.name == "SOFTMAX") break;
    reals y = multiplies(op) ? sums_of(net, op, patches_of(net, op, known.at(op.inputs[0]))) : plain(net, op, known);
    if (multiplies(op) && op.relu()) relu(y);
    known[op.output] = std::move(y);
  }
  return known;
}

double accuracy(const network& net, const reals& samples, const std::vector<int>& labels) {
  const operation* last = nullptr;
  for (const operation& op : net.operations)
    if (op.name == "FULLY_CONNECTED") last = &op;
  const reals scores = run(net, samples).at(last->output);
  const std::size_t classes = scores.size() / labels.size();
  int right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = scores.begin() + static_cast<index>(i * classes);
    right += std::max_element(row, row + static_cast<index>(classes)) - row == labels[i];
  }
  return 100. * right / static_cast<double>(labels.size());
}

enum class how { magnitude, refit, obs };

template <pare::Structure S>
mask choose(const reals& weights, const pare::weight_shape& shape, double sparsity, how by,
            const pare::layer_moments& moments) {
  const pare::matrix_view<const float> matrix(weights.data(), shape.rows, shape.columns());
  pare::mask<S> chosen;
  if (by != how::obs) {
    chosen = pare::pruner<pare::magnitude, S>{}.select(weights.begin(), shape, sparsity);
  } else if constexpr (pare::WindowedStructure<S>) {
    chosen = pare::sequential_obs<S>(matrix, shape, moments);
  } else {
    chosen = pare::gradual_obs<S>(matrix, shape, moments, sparsity);
  }
  mask flat{shape, {}};
  for (index i = 0; i < shape.size(); ++i)
    flat.groups.push_back(chosen.keeps(i / shape.columns(), i % shape.columns()));
  return flat;
}

/// Convolutions that are pruned: not the first layer, not depthwise, no 1x1 shortcuts, not the classifier.
bool is_pruned(const network& net, const operation& op, const operation& first) {
  if (op.name != "CONV_2D" || &op == &first) return false;
  const auto& shape = net.tensors.at(op.inputs[1]).shape;
  return shape[1] * shape[2] > 1 || op.stride() == 1;
}

/// What the sums of a layer should be: the dense network's; what the pruned network adds to them afterwards differs
/// from what the dense one adds, and they make up for that too.
reals targets_of(const network& dense, const operation& op, const activations& wanted, const activations& known) {
  reals targets = sums_of(dense, op, patches_of(dense, op, wanted.at(op.inputs[0])));
  for (const operation& sum : dense.operations)
    if (sum.name == "ADD" && sum.inputs[1] == op.output && known.contains(sum.inputs[0]))
      for (std::size_t i = 0; i < targets.size(); ++i)
        targets[i] += wanted.at(sum.inputs[0])[i] - known.at(sum.inputs[0])[i];
  return targets;
}

/// Prunes a layer that reads these rows; prints its error on them unless `quiet`.
template <pare::Structure S>
void prune_layer(network& net, const operation& op, const reals& rows, const reals& targets, double sparsity, how by,
                 bool quiet) {
  tensor &weights = net.tensors[op.inputs[1]], &bias = net.tensors[op.inputs[2]];
  const pare::weight_shape shape = pare::weights_of(weights.shape);
  const index n = shape.rows, k = shape.columns(), m = static_cast<index>(rows.size()) / k;
  pare::moment_sums sums(n, k);
  sums.observe({rows.data(), m, k}, {targets.data(), m, n});
  const auto moments = sums.finish();
  const mask chosen = choose<S>(weights.values, shape, sparsity, by, moments);
  const auto fitted = pare::refit({weights.values.data(), n, k}, bias.values, chosen, moments);
  if (!quiet)
    std::printf("  layer %2td, [%td, %td], %td rows: error %.4f, refitted %.4f%s\n", op.output, n, k, m,
                fitted.report.error_before, fitted.report.error_after, fitted.report.solved ? "" : " (scale only)");
  if (by == how::magnitude) {
    pare::apply(chosen, weights.values.begin());
  } else {
    weights.values = fitted.weights;
    bias.values = fitted.bias;
  }
}

/// The network pruned layer after layer.
template <pare::Structure S>
network prune(const network& dense, const reals& samples, double sparsity, how by, bool quiet) {
  network net = dense;
  const activations wanted = run(dense, samples);
  activations known{{0, samples}};
  for (const operation& op : net.operations) {
    if (op.name == "SOFTMAX") break;
    if (!multiplies(op)) {
      known[op.output] = plain(net, op, known);
      continue;
    }
    const reals rows = patches_of(net, op, known.at(op.inputs[0]));
    if (is_pruned(dense, op, net.operations[0]))
      prune_layer<S>(net, op, rows, targets_of(dense, op, wanted, known), sparsity, by, quiet);
    reals y = sums_of(net, op, rows);
    if (op.relu()) relu(y);
    known[op.output] = std::move(y);
  }
  return net;
}

struct sample_set {
  reals calibration, held_out;
  std::vector<int> labels;  ///< of those held out
};

/// Every other sample calibrates.
template <class T, class F>
sample_set read_samples(const std::filesystem::path& folder, const F& real) {
  const auto x = xt::load_npy<T>((folder / "x.npy").string());
  const auto y = xt::load_npy<std::int32_t>((folder / "y.npy").string());
  sample_set samples;
  const std::size_t each = x.size() / y.size();
  for (std::size_t i = 0; i < x.size(); ++i)
    (i / each % 2 == 0 ? samples.calibration : samples.held_out).push_back(real(x.flat(i)));
  for (std::size_t i = 1; i < y.size(); i += 2) samples.labels.push_back(y(i));
  return samples;
}

template <pare::Structure S>
void study(const char* title, const network& net, const sample_set& samples, double sparsity) {
  std::printf("%s, %s at %g %%\n", title, S::name().c_str(), 100 * sparsity);
  const auto after = [&](how by) {
    return accuracy(prune<S>(net, samples.calibration, sparsity, by, by != how::refit), samples.held_out,
                    samples.labels);
  };
  const double magnitude = after(how::magnitude), refit = after(how::refit), obs = after(how::obs);
  std::printf("  accuracy on %zu held-out samples: magnitude %.1f %%, refit %.1f %%, OBS mask and refit %.1f %%\n",
              samples.labels.size(), magnitude, refit, obs);
}

void study_all(const char* title, const network& net, const sample_set& samples) {
  std::printf("%s: dense %.1f %%\n", title, accuracy(net, samples.held_out, samples.labels));
  study<pare::n_of_m<2, 4>>(title, net, samples, 0.5);
  study<pare::n_of_m<4, 16>>(title, net, samples, 0.75);
  study<pare::block<4, 4>>(title, net, samples, 0.25);
  study<pare::block<4, 4>>(title, net, samples, 0.5);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::puts("Nothing to do: give the folder with the networks and samples of MLPerf Tiny.");
    return 0;
  }
  const std::filesystem::path data = argv[1];
  if (!std::filesystem::exists(data / "mlperf_tiny")) {
    std::printf("%s holds no mlperf_tiny\n", argv[1]);
    return 2;
  }
  study_all(
      "ResNet8", read_network(data / "models_tflite/ic_resnet8_float"),
      read_samples<std::uint8_t>(data / "mlperf_tiny/ic01", [](std::uint8_t x) { return static_cast<float>(x); }));
  study_all("DS-CNN", read_network(data / "models_tflite/kws_dscnn_int8"),
            read_samples<std::int8_t>(data / "mlperf_tiny/kws01", [](std::int8_t x) {
              return 0.5847029089927673f * (static_cast<float>(x) - 83);
            }));
}
