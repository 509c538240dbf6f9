// mobilenet.cpp: MobileNetV1 (224, width 1.0, random weights): its 28 layers in sequence, as mobilenet/<variant>/224.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>

#include "measure.hpp"
#include "report.hpp"
#include "row.hpp"

namespace pare::bench {
namespace {

/// The layers of Howard et al. 2017 ("MobileNets", table 1): a convolution, 13 pairs of a depthwise and a 1x1
/// convolution, and the dense layer as a 1x1 convolution of one pixel.
std::vector<conv_shape> layers_of_mobilenet() {
  struct pair {
    index extent, inputs, outputs, stride;
  };
  std::vector<pair> pairs{{112, 32, 64, 1},  {112, 64, 128, 2}, {56, 128, 128, 1},
                          {56, 128, 256, 2}, {28, 256, 256, 1}, {28, 256, 512, 2}};
  for (int i = 0; i < 5; ++i) pairs.push_back({14, 512, 512, 1});
  pairs.push_back({14, 512, 1024, 2});
  pairs.push_back({7, 1024, 1024, 1});
  std::vector<conv_shape> all{{224, 224, 3, 32, 3, 2}};
  for (const pair& p : pairs) {
    const index out = p.extent / p.stride;
    all.push_back({p.extent, p.extent, p.inputs, p.inputs, 3, p.stride, true});
    all.push_back({out, out, p.inputs, p.outputs, 1, 1});
  }
  all.push_back({1, 1, 1024, 1000, 1, 1});
  return all;
}

/// Every layer of a network on its own data, one after the other.
class network final : public contender {
 public:
  /// pointwise: the variant of products that 1x1 convolutions over images run, depthwise: the one that depthwise ones
  /// run, instead of v; null: v.
  network(const variant& v, const variant* pointwise, const variant* depthwise, target on) {
    for (const conv_shape& s : layers_of_mobilenet()) {
      const bool is_pointwise = s.kernel == 1 && s.height > 1;
      if (pointwise != nullptr && is_pointwise) {
        const auto [height, width] = s.extents();
        add(*pointwise, problem_of({height * width, s.outputs, s.inputs}, pointwise->zeros), on, 1);
      } else {
        const variant& runs = depthwise != nullptr && s.depthwise ? *depthwise : v;
        add(runs, make_problem(s), on, s.depthwise ? 2 : is_pointwise ? 1 : 0);
      }
    }
  }
  /// Part 1: the 1x1 convolutions, 2: the depthwise ones, 0: the first layer and the last.
  void run(int part) {
    for (const layer& l : layers_)
      if (l.part == part) l.run->run();
  }
  void run() override {
    for (const layer& l : layers_) l.run->run();
  }
  buffer<float> output() const override { return layers_.back().run->output(); }
  std::size_t bytes() const override { return bytes_; }
  double operations() const noexcept { return operations_; }
  /// The greatest of its layers.
  double error() const noexcept { return error_; }

 private:
  struct layer {
    std::unique_ptr<contender> run;
    int part;
  };
  void add(const variant& v, const problem& p, target on, int part) {
    layers_.push_back({v.prepare(p, on), part});
    contender& c = *layers_.back().run;
    c.run();
    const double error = relative_distance(c.output(), p.exact);
    if (!(error < 0.5)) fail("output", "an approximation of the layer", text("a relative error of ", error));
    error_ = std::max(error_, error);
    operations_ += 2.0 * static_cast<double>(p.shape.m * p.shape.n * p.shape.k);
    bytes_ += c.bytes();
  }

  std::vector<layer> layers_;
  double operations_ = 0, error_ = 0;
  std::size_t bytes_ = 0;
};

void run_row(benchmark::State& state, const variant& v, const variant* pointwise, const variant* depthwise,
             target cap) {
  const target on = v.on.value_or(cap);
  network net(v, pointwise, depthwise, on);
  const measurement whole = measure(net, net.operations(), peak_of(on, v.unit));
  state.counters[seconds_counter] = whole.seconds;
  state.counters["GOPS"] = net.operations() / whole.seconds * 1e-9;
  if (whole.of_peak > 0) state.counters["of_peak"] = whole.of_peak;
  state.counters["bytes"] = static_cast<double>(net.bytes());
  state.counters["rel_error"] = net.error();
  const std::function<void()> parts[] = {[&] { net.run(0); }, [&] { net.run(1); }, [&] { net.run(2); }};
  const turns measured = measure_in_turns(parts);
  const auto us = [&](std::size_t part) { return std::lround(measured.seconds[part] * 1e6); };
  state.SetLabel(text("first and last ", us(0), " us, 1x1 ", us(1), " us, depthwise ", us(2), " us"));
  for (auto _ : state) {
  }
}

}  // namespace

void add_mobilenet_rows(const std::vector<variant>& variants, target cap) {
  const auto add = [&](const std::string& name, const variant& v, const variant* pointwise, const variant* depthwise) {
    const auto row = [=, &v](benchmark::State& state) {
      try {
        run_row(state, v, pointwise, depthwise, cap);
      } catch (const std::exception& e) {
        state.SkipWithError(e.what());
      }
    };
    benchmark::RegisterBenchmark(text("mobilenet/", name, "/224").c_str(), row)->Unit(benchmark::kMicrosecond);
  };
  const auto named = [&](const char* group, const char* name) {
    const auto found = std::find_if(variants.begin(), variants.end(), [&](const variant& v) {
      return v.name == name && (are_convolutions(v.on_shapes) ? "conv" : v.group) == std::string_view(group);
    });
    return found == variants.end() ? nullptr : &*found;
  };
  for (const variant& v : variants) {
    if (v.on_shapes != shapes::convolutions) continue;
    add(v.name, v, nullptr, nullptr);
    if (v.name != "s8") continue;
    // Pruned 1x1 layers between NHWC ones, and in channel cells from the second layer to the last but one.
    add("s8-block4x4-nhwc@80", v, named("spmm", "s8-block4x4-nhwc@80"), nullptr);
    add("s8-block4x4@80", v, named("spmm", "s8-block4x4@80"), named("conv", "s8-cells"));
  }
}

}  // namespace pare::bench
