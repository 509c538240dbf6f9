// prune.hpp: pruning of a network that was not trained pruned, and how to tell one that was.
#pragma once

#include "model.hpp"
#include "policy.hpp"

namespace compress {

/// Removes half the output channels of every layer but the last, the weakest ones, and with each the inputs of the next
/// layer that read it.
inline model without_weak_channels(model layers) {
  for (std::size_t i = 0; i + 1 < layers.size(); ++i) {
    auto& weights = layers[i].weights;
    const auto mask = channel_pruner{}.select(weights.begin(), pare::weights_of(weights.shape()), channel_sparsity);
    std::vector<std::size_t> kept;
    for (std::size_t c = 0; c < mask.groups.size(); ++c)
      if (mask.groups[c] != 0) kept.push_back(c);
    auto& next = layers[i + 1].weights;
    weights = xt::eval(xt::view(weights, xt::keep(kept)));
    layers[i].bias = xt::eval(xt::view(layers[i].bias, xt::keep(kept)));
    next = xt::eval(xt::view(next, xt::all(), xt::all(), xt::all(), xt::keep(kept)));
  }
  return layers;
}

/// True if block pruning zeroes nothing that is not zero already: the weights were trained with these blocks.
inline bool is_block_pruned(const model& layers) {
  for (std::size_t i = 1; i + 1 < layers.size(); ++i) {
    const auto pruned = pare::prune<block_pruner>(layers[i].weights, block_sparsity);
    if (!std::equal(pruned.begin(), pruned.end(), layers[i].weights.begin())) return false;
  }
  return true;
}

}  // namespace compress
