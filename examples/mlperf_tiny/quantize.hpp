// quantize.hpp: from trained float weights to the numbers that integer kernels run: pruning, calibration, quantization.
#pragma once

#include <pare/quant/quantizer.hpp>

#include <functional>

#include "program.hpp"

namespace tiny {

/// Sample i as the input of a float network.
using sample_source = std::function<const float*(index i)>;

using int8_activations = pare::quantizer<pare::affine<std::int8_t>, pare::per_tensor, pare::half_away>;
using int16_activations = pare::quantizer<pare::symmetric<std::int16_t>, pare::per_tensor, pare::half_away>;

/// The map of every tensor's codes for what `count` samples give. Pooling keeps its input's map, a softmax has the one
/// of its definition. Activations: one of the two quantizers above.
template <class Activations>
std::vector<pare::affine_map> calibrate(const float_graph& graph, const sample_source& sample, index count);

/// Weights per channel, biases in units of the sums, activations under these maps.
fixed_graph quantize(const float_graph& graph, const std::vector<pare::affine_map>& maps);

/// Prunes that share of the blocks of 16 outputs by 4 inputs of every convolution but the first, by magnitude, layer
/// after layer, and fits what is left to what the dense network gives on `count` samples. Nothing is retrained.
float_graph prune_blocks(const float_graph& dense, double sparsity, const sample_source& sample, index count);

}  // namespace tiny
