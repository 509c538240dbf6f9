// connected.hpp: which channels of a network go together: those that additions, concatenations and depthwise layers
// tie.
#pragma once

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../core/structure.hpp"

namespace pare {

/// What a layer does with channels.
enum class layer_kind {
  input,      ///< of the network; as many channels as shape.rows
  conv,       ///< every output reads every input; weights [rows, taps, inputs] (OHWI)
  dense,      ///< the same; of flattened images each pixel is a tap: k = pixels * channels in (y, x, channel) order
  depthwise,  ///< output c reads input c / (rows / inputs); weights [taps, rows] (1HWO)
  pointwise,  ///< channels stay apart and as they are: batch norm, activation, pooling, flattening
  add,        ///< of inputs with the same channels
  concat,     ///< the channels of its inputs one after the other
};

/// A layer of a network, as pruning of channels sees it. Grouped convolutions other than depthwise are not known.
struct connected_layer {
  std::string name;
  layer_kind kind = layer_kind::pointwise;
  std::vector<index> inputs{};                    ///< numbers of the layers that it reads, all of them earlier ones
  weight_shape shape{};                           ///< of the weights of conv and dense; depthwise and input: rows, taps
  std::vector<float> weights{};                   ///< row-major
  std::vector<std::vector<float>> per_channel{};  ///< biases, scales, means: each has a number for each output channel
  bool fixed = false;                             ///< all its output channels stay
};

/// The channels of a network, in sets that stay or go as one.
///
/// A set is one channel of some layer and all that are tied to it. A group holds the sets that tie the same layers, for
/// instance the channels of all convolutions that end in one chain of residual sums; it is pruned as a whole.
class connected_channels {
 public:
  /// A channel of a layer.
  struct channel_of {
    std::size_t layer;
    index channel;
  };
  struct group {
    std::vector<std::size_t> layers;            ///< that it ties, in order
    bool prunable = true;                       ///< false: the network's inputs or outputs, or layers that are fixed
    std::vector<std::vector<channel_of>> sets;  ///< in the order of the first layer's channels
  };

  /// Fails, by the layer's name, unless all layers fit together. Layers that no other reads are the network's outputs.
  explicit connected_channels(std::span<const connected_layer> layers) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      first_.push_back(static_cast<index>(parent_.size()));
      channels_.push_back(checked_channels(layers, i));
      for (index c = 0; c < channels_[i]; ++c) parent_.push_back(first_[i] + c);
      tie(layers, i);
    }
    collect(layers);
  }

  const std::vector<group>& groups() const noexcept { return groups_; }
  /// Output channels of a layer.
  index channels(std::size_t layer) const noexcept { return channels_[layer]; }

 private:
  static std::string name(std::span<const connected_layer> layers, std::size_t i, const char* part) {
    return text("layers[", i, "] (", layers[i].name, ").", part);
  }

  /// The output channels of layer i, all before it known.
  index checked_channels(std::span<const connected_layer> layers, std::size_t i) const {
    const connected_layer& layer = layers[i];
    const auto fail_inputs = [&](const char* wanted) {
      fail(name(layers, i, "inputs"), wanted, text(layer.inputs.size(), " of them"));
    };
    for (const index from : layer.inputs)
      if (from < 0 || from >= static_cast<index>(i)) fail(name(layers, i, "inputs"), "earlier layers", from);
    index result = layer.shape.rows;
    switch (layer.kind) {
      case layer_kind::input:
        if (!layer.inputs.empty()) fail_inputs("none");
        break;
      case layer_kind::add:
      case layer_kind::concat:
        if (layer.inputs.size() < 2) fail_inputs("at least 2");
        result = layer.kind == layer_kind::add ? channels_of_sum(layers, i) : 0;
        if (layer.kind == layer_kind::concat)
          for (const index from : layer.inputs) result += channels_[static_cast<std::size_t>(from)];
        break;
      default:
        if (layer.inputs.size() != 1) fail_inputs("1");
        if (layer.kind == layer_kind::pointwise) {
          result = input_channels(layer);
        } else {
          expect_weights(layers, i);
        }
    }
    if (result < 1) fail(name(layers, i, "shape.rows"), "at least 1 channel", result);
    for (const auto& numbers : layer.per_channel)
      expect_equal(name(layers, i, "per_channel.size").c_str(), result, static_cast<index>(numbers.size()));
    return result;
  }

  index input_channels(const connected_layer& layer) const {
    return channels_[static_cast<std::size_t>(layer.inputs[0])];
  }

  index channels_of_sum(std::span<const connected_layer> layers, std::size_t i) const {
    const index wanted = input_channels(layers[i]);
    for (const index from : layers[i].inputs)
      expect_equal(name(layers, i, "inputs' channels").c_str(), wanted, channels_[static_cast<std::size_t>(from)]);
    return wanted;
  }

  void expect_weights(std::span<const connected_layer> layers, std::size_t i) const {
    const connected_layer& layer = layers[i];
    const index given = input_channels(layer);
    index size = layer.shape.size();
    if (layer.kind == layer_kind::conv) {
      expect_equal(name(layers, i, "shape.inputs").c_str(), given, layer.shape.inputs);
    } else if (layer.kind == layer_kind::dense) {
      if (layer.shape.inputs < 1 || layer.shape.inputs % given != 0)
        fail(name(layers, i, "shape.inputs"), text("a multiple of the ", given, " channels before it"),
             layer.shape.inputs);
    } else {
      size = layer.shape.rows * layer.shape.taps;
      if (layer.shape.rows % given != 0)
        fail(name(layers, i, "shape.rows"), text("a multiple of the ", given, " channels before it"), layer.shape.rows);
    }
    expect_equal(name(layers, i, "weights.size").c_str(), size, static_cast<index>(layer.weights.size()));
  }

  index root(index node) {
    index& parent = parent_[static_cast<std::size_t>(node)];
    return parent == node ? node : parent = root(parent);
  }
  /// The earlier one stays the root.
  void unite(index a, index b) {
    const auto [low, high] = std::minmax({root(a), root(b)});
    parent_[static_cast<std::size_t>(high)] = low;
  }

  void tie(std::span<const connected_layer> layers, std::size_t i) {
    const connected_layer& layer = layers[i];
    index from = first_[i];
    switch (layer.kind) {
      case layer_kind::depthwise:
      case layer_kind::pointwise:
        for (index c = 0; c < channels_[i]; ++c)
          unite(first_[i] + c,
                first_[static_cast<std::size_t>(layer.inputs[0])] + c / (channels_[i] / input_channels(layer)));
        break;
      case layer_kind::add:
      case layer_kind::concat:
        for (const index input : layer.inputs) {
          const auto at = static_cast<std::size_t>(input);
          for (index c = 0; c < channels_[at]; ++c) unite(from + c, first_[at] + c);
          if (layer.kind == layer_kind::concat) from += channels_[at];
        }
        break;
      default:
        break;
    }
  }

  void collect(std::span<const connected_layer> layers) {
    std::vector<bool> read(layers.size());
    for (const auto& layer : layers)
      for (const index from : layer.inputs) read[static_cast<std::size_t>(from)] = true;
    std::map<index, std::vector<channel_of>> sets;
    for (std::size_t i = 0; i < layers.size(); ++i)
      for (index c = 0; c < channels_[i]; ++c) sets[root(first_[i] + c)].push_back({i, c});
    std::map<std::vector<std::size_t>, std::size_t> known;
    for (auto& entry : sets) {
      std::set<std::size_t> tied;
      for (const channel_of& member : entry.second) tied.insert(member.layer);
      const std::vector<std::size_t> signature(tied.begin(), tied.end());
      const auto found = known.try_emplace(signature, groups_.size());
      if (found.second) {
        groups_.push_back({signature, true, {}});
        for (const std::size_t i : signature)
          if (layers[i].fixed || layers[i].kind == layer_kind::input || !read[i]) groups_.back().prunable = false;
      }
      groups_[found.first->second].sets.push_back(std::move(entry.second));
    }
  }

  std::vector<index> first_, channels_, parent_;
  std::vector<group> groups_;
};

}  // namespace pare
