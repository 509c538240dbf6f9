// scope.hpp: pruning of a set of tensors: each for itself, or all by one measure.
#pragma once

#include <span>

#include "pruner.hpp"

namespace pare {

/// A tensor of a set, and the pruner that judges it. weights: rows * columns of them, row-major.
template <Pruner P>
struct prunable {
  std::span<const float> weights;
  weight_shape shape;
  P pruner{};
};

/// Scope: `select(tensors, sparsity, step)` gives a mask for each tensor of the set.
template <class T, class P>
concept ScopeOf = requires(const T& scope, std::span<const prunable<P>> tensors, double sparsity, index step) {
  { scope.select(tensors, sparsity, step) } -> std::same_as<std::vector<mask<typename P::structure>>>;
};

/// Each tensor is pruned to the sparsity by itself.
struct each_tensor {
  template <Pruner P>
  std::vector<mask<typename P::structure>> select(std::span<const prunable<P>> tensors, double sparsity,
                                                  index step = 0) const {
    std::vector<mask<typename P::structure>> masks;
    for (const auto& tensor : tensors) {
      expect_equal("weights.size", tensor.shape.size(), static_cast<index>(tensor.weights.size()));
      masks.push_back(tensor.pruner.select(tensor.weights.begin(), tensor.shape, sparsity, step));
    }
    return masks;
  }
};

/// The least important groups of all tensors together go, their importances compared as they are; exactly
/// pruned_count(sparsity, all groups) of them. At least ceil(minimum_kept * groups), and one, of each tensor stay.
/// Magnitudes of layers with batch norm folded in do not compare: they starve whole layers. Use a criterion that
/// measures the loss (taylor, obs_saliency), or a minimum.
struct all_tensors {
  double minimum_kept = 0;  ///< share of each tensor's groups, in [0, 1]

  /// Of two equal importances the earlier tensor, then the lower index, goes first. Fails if the minimum leaves too few
  /// groups to prune.
  template <Pruner P>
  requires(!WindowedStructure<typename P::structure>) std::vector<mask<typename P::structure>> select(
      std::span<const prunable<P>> tensors, double sparsity, index step = 0)
  const {
    if (!(sparsity >= 0 && sparsity < 1)) fail("sparsity", "a number in [0, 1)", sparsity);
    if (!(minimum_kept >= 0 && minimum_kept <= 1)) fail("minimum_kept", "a share in [0, 1]", minimum_kept);
    if (tensors.empty()) return {};
    using structure = typename P::structure;
    std::vector<mask<structure>> masks;
    std::vector<std::vector<double>> scores;
    for (const auto& tensor : tensors) {
      expect_equal("weights.size", tensor.shape.size(), static_cast<index>(tensor.weights.size()));
      scores.push_back(group_scores<structure>(tensor.pruner.criterion, tensor.weights.begin(), tensor.shape));
      masks.push_back({tensor.shape, std::vector<std::uint8_t>(scores.back().size(), 1)});
    }
    prune_least(scores, masks, tensors[0].pruner.schedule(sparsity, step));
    return masks;
  }

 private:
  struct candidate {
    double score;
    std::size_t tensor, group;
    auto operator<=>(const candidate&) const = default;
  };

  template <Structure S>
  void prune_least(const std::vector<std::vector<double>>& scores, std::vector<mask<S>>& masks, double sparsity) const {
    std::vector<candidate> order;
    std::vector<index> spare;
    for (std::size_t t = 0; t < scores.size(); ++t) {
      for (std::size_t group = 0; group < scores[t].size(); ++group) order.push_back({scores[t][group], t, group});
      const auto groups = static_cast<index>(scores[t].size());
      spare.push_back(pruned_count(1 - minimum_kept, groups));
    }
    index left = pruned_count(sparsity, static_cast<index>(order.size()));
    const index possible = std::accumulate(spare.begin(), spare.end(), index{0});
    if (left > possible)
      fail("sparsity", text("at most ", possible, " of ", order.size(), " groups pruned, as minimum_kept says"), left);
    std::sort(order.begin(), order.end());
    for (auto next = order.begin(); left > 0; ++next) {
      if (spare[next->tensor] == 0) continue;
      masks[next->tensor].groups[next->group] = 0;
      --spare[next->tensor];
      --left;
    }
  }
};

}  // namespace pare
