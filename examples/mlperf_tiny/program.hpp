// program.hpp: a network built for one number format, ready to run.
#pragma once

#include <pare/model/network.hpp>

#include <vector>

#include "graph.hpp"

namespace tiny {

template <class T>
struct program {
  using number = T;
  pare::network net;
  std::vector<pare::tensor_of<T>> tensors;  ///< by the graph's numbers; constants have none
  std::vector<tensor_info> infos;
  std::vector<std::size_t> layers;  ///< the tensor that each step writes
  std::size_t input = 0, output = 0;
  std::size_t weight_bytes = 0;  ///< packed weights, and sums, biases and multipliers of their outputs
};

/// Activations of 8 bits: TFLite's int8 layers, bit for bit. Layers that are pruned run on kernels that skip zeros.
program<std::int8_t> build_int8(const fixed_graph& graph);
/// Activations of 16 bits, 8-bit weights, 64-bit sums.
program<std::int16_t> build_int16x8(const fixed_graph& graph);
program<float> build_float(const float_graph& graph);

}  // namespace tiny
