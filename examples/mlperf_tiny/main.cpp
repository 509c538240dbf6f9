// mlperf_tiny: the MLPerf Tiny networks for keyword spotting (DS-CNN) and image classification (ResNet8) on pare's
// kernels: the reference models as they are, and the float models quantized and pruned by pare's policies.
//
//   mlperf_tiny DATA    DATA has models_tflite, models_keras and mlperf_tiny (.npy files and text manifests)
#include <pare/core/error.hpp>
#include <pare/core/structure.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>

#include "load.hpp"
#include "memory.hpp"
#include "program.hpp"
#include "quantize.hpp"

namespace tiny {
namespace {

namespace fs = std::filesystem;

constexpr index calibration_samples = 50;

/// Labelled samples as every format wants them.
struct sample_set {
  std::vector<std::int32_t> labels;
  array<std::int8_t> codes;   ///< as the reference int8 model takes them
  std::vector<float> reals;   ///< the same, dequantized by that model's map
  array<std::int8_t> golden;  ///< what the reference interpreter says
  const float* real(index i) const { return reals.data() + i * codes.stride(); }
};

sample_set load_samples(const fs::path& folder, const std::string& model, const pare::affine_map& map) {
  sample_set all;
  all.labels = load_array<std::int32_t>(folder / "y.npy").values;
  all.golden = load_array<std::int8_t>(folder / ("golden_tflm_" + model + ".npy"));
  if (model.starts_with("ic")) {  // pixels 0..255, which the model takes less 128
    const auto pixels = load_array<std::uint8_t>(folder / "x.npy");
    all.codes.shape = pixels.shape;
    for (const std::uint8_t pixel : pixels.values) all.codes.values.push_back(static_cast<std::int8_t>(pixel - 128));
  } else {
    all.codes = load_array<std::int8_t>(folder / "x.npy");
  }
  for (const std::int8_t code : all.codes.values) all.reals.push_back(pare::dequantize_value(code, map));
  return all;
}

/// What a run over all samples gives.
struct outcome {
  double accuracy = 0, microseconds = 0;
  index golden = 0;  ///< samples whose output codes are the reference interpreter's
};

template <class T, class Fill>
outcome measure(const program<T>& net, const sample_set& samples, const Fill& fill) {
  using clock = std::chrono::steady_clock;
  outcome result;
  std::vector<double> times;
  const auto x = net.net.view(net.tensors[net.input]), y = net.net.view(net.tensors[net.output]);
  index right = 0;
  for (index i = 0; i < samples.codes.samples(); ++i) {
    fill(i, x.data, x.size());
    const auto start = clock::now();
    net.net.run();
    times.push_back(std::chrono::duration<double, std::micro>(clock::now() - start).count());
    const auto best = std::max_element(y.data, y.data + y.size()) - y.data;
    right += best == samples.labels[static_cast<std::size_t>(i)];
    if constexpr (sizeof(T) == 1) result.golden += std::equal(y.data, y.data + y.size(), samples.golden.sample(i));
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  result.microseconds = times[times.size() / 2];
  result.accuracy = 100. * static_cast<double>(right) / static_cast<double>(samples.codes.samples());
  return result;
}

template <class T>
void report(const std::string& name, const program<T>& net, const outcome& o, const std::string& note) {
  std::printf("  %-34s %6.1f %% %9.1f us %9zu %9lld  %s\n", name.c_str(), o.accuracy, o.microseconds, net.weight_bytes,
              static_cast<long long>(net.net.arena_bytes()), note.c_str());
}

/// The same for a network that takes codes of the real samples.
template <class T>
outcome measure_quantized(const program<T>& net, const sample_set& samples) {
  const pare::affine_map map = net.infos[net.input].map;
  using range = pare::full_range<T>;
  return measure(net, samples, [&](index i, T* x, index size) {
    for (index j = 0; j < size; ++j) x[j] = pare::quantize_value<range>(samples.real(i)[j], map, pare::half_away{});
  });
}
template <class T>
void report_quantized(const std::string& name, const program<T>& net, const sample_set& samples) {
  report(name, net, measure_quantized(net, samples), "");
}

/// Accuracies of the network pruned to S, in int8, by what is done about the weights that go.
template <class S>
void report_pruned(const float_graph& trained, double sparsity, const sample_set& samples) {
  const sample_source sample = [&](index i) { return samples.real(i); };
  const index count = std::min(calibration_samples, samples.codes.samples());
  std::printf("  %-34s", pare::text("int8, ", S::name(), " at ", static_cast<int>(100 * sparsity), " %").c_str());
  for (const compensation how : {compensation::none, compensation::refit, compensation::obs}) {
    const float_graph pruned = prune<S>(trained, sparsity, how, sample, count);
    const auto net = build_int8(quantize(pruned, calibrate<int8_activations>(pruned, sample, count)));
    const outcome o = measure_quantized(net, samples);
    std::printf(" %8.1f %%", o.accuracy);
    const bool skips = std::is_same_v<S, pare::block<16, 4>>;  // the structure that these layers run on
    if (how == compensation::obs && skips) std::printf(" %9.1f us %9zu bytes", o.microseconds, net.weight_bytes);
    std::fflush(stdout);
  }
  std::printf("\n");
}

/// Planned and measured bytes of activations.
void report_memory(const fixed_graph& graph, const sample_set& samples) {
  auto net = build_int8(graph);
  const memory_use found =
      measure_memory(net, [&](std::int8_t* x, index size) { std::copy_n(samples.codes.sample(0), size, x); });
  std::printf(
      "  memory of activations: %lld bytes live at once, %lld planned, %lld touched%s; %ld allocations in a run\n",
      static_cast<long long>(pare::live_bytes(net.net.lifetimes())), static_cast<long long>(net.net.arena_bytes()),
      static_cast<long long>(found.touched), found.before_it ? " and some before them" : "", found.allocations_made);
}

void show_network(const fs::path& data, const std::string& task, const std::string& model, const float_graph& trained,
                  const std::string& source, double published) {
  const fixed_graph reference = load_int8_network(data / "models_tflite" / model);
  const sample_set samples = load_samples(data / "mlperf_tiny" / task, model, reference.tensors[reference.input].map);
  const index count = samples.codes.samples();
  std::printf("%s, %lld labelled samples; published for the int8 reference on the full set: %.1f %%\n", task.c_str(),
              static_cast<long long>(count), published);
  std::printf("  %-34s %8s %12s %9s %9s\n", "", "accuracy", "median time", "weights", "arena");

  const auto tflite = build_int8(reference);
  const outcome exact = measure(
      tflite, samples, [&](index i, std::int8_t* x, index size) { std::copy_n(samples.codes.sample(i), size, x); });
  report("int8, the reference model", tflite, exact,
         pare::text(exact.golden, " of ", count, " samples give the reference interpreter's codes"));

  const auto floats = build_float(trained);
  report("float, " + source, floats,
         measure(floats, samples, [&](index i, float* x, index size) { std::copy_n(samples.real(i), size, x); }), "");
  const sample_source sample = [&](index i) { return samples.real(i); };
  const index calibration = std::min(calibration_samples, count);
  report_quantized("int8, quantized by pare",
                   build_int8(quantize(trained, calibrate<int8_activations>(trained, sample, calibration))), samples);
  report_quantized("int16 x int8, quantized by pare",
                   build_int16x8(quantize(trained, calibrate<int16_activations>(trained, sample, calibration))),
                   samples);
  report_memory(reference, samples);
  std::printf("  %-34s %10s %10s %10s\n", "pruned, accuracy", "magnitude", "refit", "OBS+refit");
  for (const double sparsity : {0.25, 0.5}) report_pruned<pare::block<16, 4>>(trained, sparsity, samples);
  for (const double sparsity : {0.25, 0.5}) report_pruned<pare::block<4, 4>>(trained, sparsity, samples);
  report_pruned<pare::n_of_m<2, 4>>(trained, 0.5, samples);
  report_pruned<pare::n_of_m<4, 16>>(trained, 0.75, samples);
}

int run(const fs::path& data) {
  std::printf("target %s; weights and arena in bytes; calibrated on the first 50 samples, nothing retrained\n",
              std::string(pare::name(pare::best_target())).c_str());
  show_network(data, "kws01", "kws_dscnn_int8", load_dscnn_parameters(data / "models_keras" / "kws_dscnn_ref"),
               "batch norms folded", 90.1);
  show_network(data, "ic01", "ic_resnet8_int8", load_resnet8_parameters(data / "models_keras" / "ic_resnet8"),
               "batch norms folded", 86.5);
  return 0;
}

}  // namespace
}  // namespace tiny

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: mlperf_tiny DATA\n");
    return 2;
  }
  try {
    return tiny::run(argv[1]);
  } catch (const pare::error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
