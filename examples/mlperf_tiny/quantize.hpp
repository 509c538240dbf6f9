// quantize.hpp: from trained float weights to the numbers that integer kernels run: pruning, calibration, quantization.
#pragma once

#include <pare/core/structure.hpp>
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

/// What is done about the weights that go. Nothing is retrained.
enum class compensation {
  none,   ///< the greatest magnitudes stay as they are
  refit,  ///< the same, fitted to what the dense network gives (least squares)
  obs,    ///< those stay that can best make up for the others; fitted
};

/// Prunes every convolution but the first to structure S, layer after layer, on what the pruned layers before it give
/// on `count` samples. S: block<16, 4>, which the layers then run on kernels that skip zeros, block<4, 4>, n_of_m<2, 4>
/// or n_of_m<4, 16>.
template <class S>
float_graph prune(const float_graph& dense, double sparsity, compensation how, const sample_source& sample,
                  index count);

}  // namespace tiny
