// prune_channels.hpp: removes channels from a network, and with each whatever makes it, reads it or belongs to it.
#pragma once

#include "connected.hpp"
#include "pruner.hpp"

namespace pare {

struct channel_options {
  index multiple = 1;  ///< the number that stays is rounded up to a multiple of this, as far as there are so many
};

/// A network with fewer channels, and which of the old ones stayed.
struct thinned_network {
  std::vector<connected_layer> layers;
  std::vector<std::vector<index>> kept;  ///< for each layer, its output channels that stayed, rising
};

namespace detail {

/// A criterion's importance of each output channel of a layer; empty if it has no weights.
template <WeightCriterion C>
std::vector<double> channel_scores(const C& criterion, const connected_layer& layer) {
  if (layer.kind == layer_kind::conv || layer.kind == layer_kind::dense)
    return group_scores<channel<0>>(criterion, layer.weights.begin(), layer.shape);
  if (layer.kind != layer_kind::depthwise) return {};
  std::vector<float> filters;  // [rows, taps]
  for (index row = 0; row < layer.shape.rows; ++row)
    for (index tap = 0; tap < layer.shape.taps; ++tap)
      filters.push_back(layer.weights[static_cast<std::size_t>(tap * layer.shape.rows + row)]);
  return group_scores<channel<0>>(criterion, filters.begin(), {layer.shape.rows, 1, layer.shape.taps});
}

/// The elements of `outer` runs of `extent` whose index in their run is listed.
inline std::vector<float> picked(const std::vector<float>& from, index outer, index extent,
                                 const std::vector<index>& listed) {
  std::vector<float> result;
  result.reserve(static_cast<std::size_t>(outer) * listed.size());
  for (index i = 0; i < outer; ++i)
    for (const index j : listed) result.push_back(from[static_cast<std::size_t>(i * extent + j)]);
  return result;
}

/// The layer with these of its outputs, and of its inputs.
inline connected_layer thinned(const connected_layer& layer, index channels, const std::vector<index>& outputs,
                               index input_channels, const std::vector<index>& inputs) {
  connected_layer result = layer;
  for (auto& numbers : result.per_channel) numbers = picked(numbers, 1, channels, outputs);
  if (layer.kind == layer_kind::conv || layer.kind == layer_kind::dense) {
    const index taps = layer.shape.columns() / input_channels, kept = static_cast<index>(inputs.size());
    std::vector<index> columns;
    for (index tap = 0; tap < taps; ++tap)
      for (const index c : inputs) columns.push_back(tap * input_channels + c);
    result.weights.clear();
    for (const index row : outputs)
      for (const index column : columns)
        result.weights.push_back(layer.weights[static_cast<std::size_t>(row * layer.shape.columns() + column)]);
    result.shape.inputs = taps * kept / layer.shape.taps;
  }
  if (layer.kind == layer_kind::depthwise) {
    result.weights = picked(layer.weights, layer.shape.taps, channels, outputs);
    result.shape.inputs = layer.shape.inputs * static_cast<index>(inputs.size()) / input_channels;
  }
  if (layer.shape.rows != 0) result.shape.rows = static_cast<index>(outputs.size());
  return result;
}

}  // namespace detail

/// Removes from each group of tied channels the least important ones: pruned_count(sparsity, sets of the group), fewer
/// where options.multiple wants more kept; at least one stays. The network's inputs and outputs, and fixed layers,
/// keep theirs. A set's importance is the sum over its channels of importances(layer number), a number for each output
/// channel of that layer, or empty for a layer that does not count. Of equal sets the first goes first.
/// Fails before anything is changed unless all layers fit together and importances are finite.
template <class F>
requires std::is_invocable_r_v < std::vector<double>,
const F&, std::size_t > thinned_network prune_channels(std::span<const connected_layer> layers, double sparsity,
                                                       const F& importances, const channel_options& options = {}) {
  if (!(sparsity >= 0 && sparsity < 1)) fail("sparsity", "a number in [0, 1)", sparsity);
  if (options.multiple < 1) fail("options.multiple", "at least 1", options.multiple);
  const connected_channels connected(layers);
  std::vector<std::vector<double>> scores;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    scores.push_back(importances(i));
    if (!scores[i].empty())
      expect_equal(text("importances of ", layers[i].name).c_str(), connected.channels(i),
                   static_cast<index>(scores[i].size()));
  }

  thinned_network result{{}, std::vector<std::vector<index>>(layers.size())};
  for (const auto& group : connected.groups()) {
    std::vector<double> sums;
    for (const auto& set : group.sets) {
      double sum = 0;
      for (const auto& [layer, channel] : set)
        if (!scores[layer].empty()) sum += scores[layer][static_cast<std::size_t>(channel)];
      if (!std::isfinite(sum)) fail(text("importances of ", layers[set[0].layer].name), "finite numbers", sum);
      sums.push_back(sum);
    }
    const auto count = static_cast<index>(sums.size());
    const index wanted = count - (group.prunable ? pruned_count(sparsity, count) : 0);
    const index kept = std::min(round_up(wanted, options.multiple), count);
    const auto stays = keep_greatest(sums, sums.size(), count - kept);
    for (std::size_t s = 0; s < stays.size(); ++s)
      if (stays[s] != 0)
        for (const auto& [layer, channel] : group.sets[s]) result.kept[layer].push_back(channel);
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::sort(result.kept[i].begin(), result.kept[i].end());
    const bool reads = !layers[i].inputs.empty();
    const auto from = reads ? static_cast<std::size_t>(layers[i].inputs[0]) : i;
    result.layers.push_back(
        detail::thinned(layers[i], connected.channels(i), result.kept[i], connected.channels(from), result.kept[from]));
  }
  return result;
}

/// The same where a criterion judges the filters of convolutions, dense and depthwise layers.
template <WeightCriterion C>
thinned_network prune_channels(std::span<const connected_layer> layers, double sparsity, const C& criterion = {},
                               const channel_options& options = {}) {
  return prune_channels(
      layers, sparsity, [&](std::size_t i) { return detail::channel_scores(criterion, layers[i]); }, options);
}

}  // namespace pare
