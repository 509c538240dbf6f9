// Trained networks give the numbers of the reference interpreter: every layer, every sample. Skipped without the data.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "../load.hpp"
#include "../memory.hpp"
#include "../program.hpp"
#include "../quantize.hpp"

namespace tiny {
namespace {

namespace fs = std::filesystem;

fs::path data_folder() {
  const char* variable = std::getenv("PARE_TEST_DATA");
  const fs::path folder = variable != nullptr ? variable : PARE_TEST_DATA;
  if (fs::is_directory(folder / "mlperf_tiny")) return folder;
  WARN("skipped: PARE_TEST_DATA names no folder with mlperf_tiny");
  return {};
}

struct task {
  std::string model, samples;
};
const task tasks[] = {{"ic_resnet8_int8", "ic01"}, {"kws_dscnn_int8", "kws01"}};

/// The samples as the int8 networks take them.
array<std::int8_t> load_codes(const fs::path& data, const task& of) {
  const fs::path path = data / "mlperf_tiny" / of.samples / "x.npy";
  if (of.samples != "ic01") return load_array<std::int8_t>(path);
  const auto pixels = load_array<std::uint8_t>(path);
  array<std::int8_t> codes{pixels.shape, {}};
  for (const std::uint8_t pixel : pixels.values) codes.values.push_back(static_cast<std::int8_t>(pixel - 128));
  return codes;
}

template <class T>
void set_input(const program<T>& net, const T* sample) {
  const auto x = net.net.view(net.tensors[net.input]);
  std::copy_n(sample, x.size(), x.data);
}

template <class T>
bool equal(const program<T>& net, std::size_t tensor, const T* expected) {
  const auto y = net.net.view(net.tensors[tensor]);
  return std::equal(y.data, y.data + y.size(), expected);
}

/// The greatest difference of a tensor to what it should be.
float distance(const program<float>& net, std::size_t tensor, const float* expected) {
  const auto y = net.net.view(net.tensors[tensor]);
  float most = 0;
  for (index i = 0; i < y.size(); ++i) most = std::max(most, std::abs(y.data[i] - expected[i]));
  return most;
}

std::vector<float> dequantized(const array<std::int8_t>& codes, const pare::affine_map& map) {
  std::vector<float> reals;
  for (const std::int8_t code : codes.values) reals.push_back(pare::dequantize_value(code, map));
  return reals;
}

template <class T>
index winner(const program<T>& net) {
  const auto y = net.net.view(net.tensors[net.output]);
  return std::max_element(y.data, y.data + y.size()) - y.data;
}

}  // namespace

TEST_CASE("every layer of the int8 networks gives the reference interpreter's codes, bit for bit") {
  const fs::path data = data_folder();
  if (data.empty()) return;
  for (const task& one : tasks) {
    const fs::path folder = data / "models_tflite" / one.model;
    const auto net = build_int8(load_int8_network(folder));
    const auto recorded = [&](std::size_t tensor) {
      return load_array<std::int8_t>(folder / "layers" / pare::text("t", tensor, ".npy"));
    };
    const auto x = recorded(net.input);
    std::vector<array<std::int8_t>> layers;
    for (const std::size_t tensor : net.layers) layers.push_back(recorded(tensor));
    for (index sample = 0; sample < x.samples(); ++sample) {
      for (const pare::target on : pare::all_targets) {
        if (!pare::available(on)) continue;
        set_input(net, x.sample(sample));
        net.net.run(on, [&](std::size_t step) {
          INFO(one.model << " sample " << sample << " layer " << step << " on " << name(on));
          CHECK(equal(net, net.layers[step], layers[step].sample(sample)));
        });
      }
    }
  }
}

TEST_CASE("every labelled sample gives the reference interpreter's codes") {
  const fs::path data = data_folder();
  if (data.empty()) return;
  for (const task& one : tasks) {
    const auto net = build_int8(load_int8_network(data / "models_tflite" / one.model));
    const auto x = load_codes(data, one);
    const auto golden =
        load_array<std::int8_t>(data / "mlperf_tiny" / one.samples / ("golden_tflm_" + one.model + ".npy"));
    REQUIRE(golden.samples() == x.samples());
    index same = 0;
    for (index i = 0; i < x.samples(); ++i) {
      set_input(net, x.sample(i));
      net.net.run();
      same += equal(net, net.output, golden.sample(i));
    }
    CHECK(same == x.samples());
  }
}

TEST_CASE("activations take no more memory than the tensors that live at the same time") {
  const fs::path data = data_folder();
  if (data.empty()) return;
  const auto resnet = build_int8(load_int8_network(data / "models_tflite" / "ic_resnet8_int8"));
  CHECK(resnet.net.arena_bytes() == 3 * 32 * 32 * 16);  // a residual and the two tensors of a layer beside it
  CHECK(resnet.net.arena_bytes() == pare::live_bytes(resnet.net.lifetimes()));
  const auto dscnn = build_int8(load_int8_network(data / "models_tflite" / "kws_dscnn_int8"));
  CHECK(dscnn.net.arena_bytes() == 2 * 25 * 5 * 64);
  CHECK(dscnn.net.arena_bytes() == pare::live_bytes(dscnn.net.lifetimes()));
}

TEST_CASE("a run touches the bytes of the planned arena, none before or behind it, and allocates nothing") {
  const fs::path data = data_folder();
  if (data.empty()) return;
  for (const task& one : tasks) {
    const auto x = load_codes(data, one);
    for (const pare::target on : pare::all_targets) {
      if (!pare::available(on)) continue;
      auto net = build_int8(load_int8_network(data / "models_tflite" / one.model));
      const long before = allocations();
      const auto found = measure_memory(
          net, [&](std::int8_t* to, index count) { std::copy_n(x.sample(0), count, to); }, on);
      INFO(one.model << " on " << name(on));
      CHECK(found.touched == net.net.arena_bytes());
      CHECK_FALSE(found.before_it);
      CHECK(found.allocations_made == 0);
#if !defined(__SANITIZE_ADDRESS__)
      CHECK(allocations() > before);  // the counter counts
#endif
    }
  }
}

TEST_CASE("float networks give the recorded probabilities and logits, with batch norms folded too") {
  const fs::path data = data_folder();
  if (data.empty()) return;
  const auto pixels = load_array<std::uint8_t>(data / "mlperf_tiny" / "ic01" / "x.npy");
  const auto golden = load_array<float>(data / "mlperf_tiny" / "ic01" / "golden_tflm_ic_resnet8_float.npy");
  const std::vector<float> images(pixels.values.begin(), pixels.values.end());
  const auto stored = build_float(load_float_network(data / "models_tflite" / "ic_resnet8_float"));
  const auto folded = build_float(load_resnet8_parameters(data / "models_keras" / "ic_resnet8"));
  for (index i = 0; i < golden.samples(); ++i) {
    for (const auto* net : {&stored, &folded}) {
      set_input(*net, images.data() + i * pixels.stride());
      net->net.run();
      REQUIRE(distance(*net, net->output, golden.sample(i)) < 2e-3f);
    }
  }
  const auto dscnn = build_float(load_dscnn_parameters(data / "models_keras" / "kws_dscnn_ref"));
  const auto codes = load_codes(data, tasks[1]);
  const auto reference = load_int8_network(data / "models_tflite" / "kws_dscnn_int8");
  const auto x = dequantized(codes, reference.tensors[reference.input].map);
  const auto logits = load_array<float>(data / "mlperf_tiny" / "kws01" / "golden_torch_float_logits.npy");
  const std::size_t before_softmax = dscnn.layers[dscnn.layers.size() - 2];
  for (index i = 0; i < 50; ++i) {
    set_input(dscnn, x.data() + i * codes.stride());
    dscnn.net.run(pare::best_target(), [&](std::size_t step) {
      if (dscnn.layers[step] == before_softmax) CHECK(distance(dscnn, before_softmax, logits.sample(i)) < 1e-2f);
    });
  }
}

TEST_CASE("quantized by our policies the networks lose at most one point") {
  const fs::path data = data_folder();
  if (data.empty()) return;
  const auto check = [&](const float_graph& graph, const task& of) {
    const auto reference = load_int8_network(data / "models_tflite" / of.model);
    const auto codes = load_codes(data, of);
    const auto x = dequantized(codes, reference.tensors[reference.input].map);
    const auto labels = load_array<std::int32_t>(data / "mlperf_tiny" / of.samples / "y.npy").values;
    const sample_source sample = [&](index i) { return x.data() + i * codes.stride(); };
    const auto accuracy = [&](const auto& net, const auto& fill) {
      index right = 0;
      for (index i = 0; i < codes.samples(); ++i) {
        fill(i);
        net.net.run();
        right += winner(net) == labels[static_cast<std::size_t>(i)];
      }
      return 100. * static_cast<double>(right) / static_cast<double>(codes.samples());
    };
    const auto floats = build_float(graph);
    const double best = accuracy(floats, [&](index i) { set_input(floats, sample(i)); });
    const auto quantized = [&]<class T>(const program<T>& net) {
      return accuracy(net, [&](index i) {
        const auto to = net.net.view(net.tensors[net.input]);
        for (index j = 0; j < to.size(); ++j)
          to.data[j] =
              pare::quantize_value<pare::full_range<T>>(sample(i)[j], net.infos[net.input].map, pare::half_away{});
      });
    };
    CHECK(quantized(build_int8(quantize(graph, calibrate<int8_activations>(graph, sample, 50)))) >= best - 1);
    CHECK(quantized(build_int16x8(quantize(graph, calibrate<int16_activations>(graph, sample, 50)))) >= best - 1);
  };
  check(load_dscnn_parameters(data / "models_keras" / "kws_dscnn_ref"), tasks[1]);
  check(load_resnet8_parameters(data / "models_keras" / "ic_resnet8"), tasks[0]);
}

}  // namespace tiny
