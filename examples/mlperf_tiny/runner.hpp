// runner.hpp: a network's layers as steps on pare's kernels. Format says which numbers flow: see the .cpp files that
// include this one.
#pragma once

#include <pare/model/network.hpp>
#include <pare/nn.hpp>

#include "graph.hpp"
#include "program.hpp"

namespace tiny {

/// A layer that can be a step: its function, and the memory of what it holds.
template <class Format, class Graph>
class runner {
  using number = typename Format::number;
  using layer = typename Graph::layer_type;

 public:
  static program<number> build(const Graph& graph) {
    runner made(graph);
    for (const layer& one : graph.layers) made.add(one);
    made.result_.net.plan({made.result_.tensors[graph.output]});
    return std::move(made.result_);
  }

 private:
  explicit runner(const Graph& graph) : graph_(graph) {
    result_.input = graph.input;
    result_.output = graph.output;
    result_.tensors.resize(graph.tensors.size());
    result_.infos = graph.tensors;
    declare(graph.input);
  }
  void declare(std::size_t id) {
    const tensor_info& info = graph_.tensors[id];
    result_.tensors[id] = result_.net.template tensor<number>(1, info.height, info.width, info.channels);
  }
  pare::affine_map map(std::size_t id) const { return graph_.tensors[id].map; }

  void add(const layer& one) {
    const auto x = result_.tensors[one.inputs[0]];
    if (one.kind == layer_kind::reshape) {
      const tensor_info& info = graph_.tensors[one.output];
      result_.tensors[one.output] = result_.net.reshaped(x, 1, info.height, info.width, info.channels);
      result_.layers.push_back(one.output);
      result_.net.step({x}, x, [](const pare::network&, pare::target) {});
      return;
    }
    declare(one.output);
    const auto y = result_.tensors[one.output];
    result_.layers.push_back(one.output);
    switch (one.kind) {
      case layer_kind::sum: {
        const auto other = result_.tensors[one.inputs[1]];
        const auto f = Format::sum(map(one.inputs[0]), map(one.inputs[1]), map(one.output), one.relu);
        result_.net.step({x, other}, y, [=](const pare::network& n, pare::target on) {
          pare::elementwise(f, n.view(x), n.view(other), n.view(y), on);
        });
        break;
      }
      case layer_kind::average_pool:
        result_.net.step({x}, y, [=, window = one.window, g = one.geometry](const pare::network& n, pare::target) {
          pare::average_pool(n.view(x), window, g, n.view(y));
        });
        break;
      case layer_kind::softmax: {
        result_.net.step({x}, y, [=, f = Format::softmax(map(one.inputs[0]))](const pare::network& n, pare::target) {
          f(n.view(x).pixels(), n.view(y).pixels());
        });
        break;
      }
      default:
        Format::add_weighted(result_, one, x, map(one.inputs[0]), y, map(one.output));
    }
  }

  const Graph& graph_;
  program<number> result_;
};

}  // namespace tiny
