// criterion.hpp: how much a weight, or a whole group of weights, matters.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include "../core/structure.hpp"
#include "../core/view.hpp"

namespace pare {

/// WeightCriterion: `criterion(weight, row, column)` is the importance of one weight; a group's is the sum over its
/// weights.
template <class C>
concept WeightCriterion = std::copyable<C> && requires(const C& criterion, float weight, index at) {
  { criterion(weight, at, at) } -> std::convertible_to<double>;
};

/// GroupCriterion: `criterion(group)` is the importance of a whole group, by its number in the structure.
template <class C>
concept GroupCriterion = std::copyable<C> && requires(const C& criterion, index group) {
  { criterion(group) } -> std::convertible_to<double>;
};

/// Criterion: the least important groups are pruned. One that wants all weights before it judges any has
/// `fitted(first, shape)`, which reads them in row-major order and returns the criterion to use; one whose numbers
/// belong to one tensor has `expect_fits(shape, groups)`, which fails for any other.
template <class C>
concept Criterion = WeightCriterion<C> || GroupCriterion<C>;

/// |w|, so that a group's importance is its L1 norm (Han et al. 2015; for channels, Li et al. 2017).
struct magnitude {
  double operator()(float weight, index, index) const noexcept { return std::abs(static_cast<double>(weight)); }
};

/// w^2: groups in the order of their L2 norms (Wen et al. 2016). A group's importance is the square of its norm.
struct group_l2 {
  double operator()(float weight, index, index) const noexcept { return static_cast<double>(weight) * weight; }
};

/// Any group is as likely as another: the baseline. The same for the same seed on every machine (the finaliser of
/// Steele, Lea and Flood's SplitMix, 2014).
struct random_choice {
  std::uint64_t seed = 0;

  double operator()(index group) const noexcept {
    std::uint64_t z = (seed + 1) * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(group) * 0xd1342543de82ef95u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11);
  }
};

/// Importances that the caller worked out, one for each group: a criterion of any other kind.
struct given_scores {
  std::span<const double> scores;

  double operator()(index group) const noexcept { return scores[static_cast<std::size_t>(group)]; }
  void expect_fits(const weight_shape&, index groups) const {
    expect_equal("scores.size", groups, static_cast<index>(scores.size()));
  }
};

/// |w * gradient|: what the loss would change by to first order if the weight were 0 (Molchanov et al. 2017 and 2019).
struct taylor {
  matrix_view<const float> gradients;  ///< of the loss, [rows, k] as the weights

  double operator()(float weight, index row, index column) const noexcept {
    return std::abs(static_cast<double>(weight) * gradients(row, column));
  }
  void expect_fits(const weight_shape& shape, index) const {
    expect_valid("gradients", gradients);
    expect_equal("gradients.rows", shape.rows, gradients.rows);
    expect_equal("gradients.columns", shape.columns(), gradients.columns);
  }
};

/// |w| times the norm of the input it meets (Wanda, Sun et al. 2023).
struct wanda {
  std::span<const float> input_norms;  ///< L2 over the calibration rows, [k]

  double operator()(float weight, index, index column) const noexcept {
    return std::abs(static_cast<double>(weight) * input_norms[static_cast<std::size_t>(column)]);
  }
  void expect_fits(const weight_shape& shape, index) const {
    expect_equal("input_norms.size", shape.columns(), static_cast<index>(input_norms.size()));
  }
};

/// w^2 / (2 [H^-1]_jj): what the output's squared error grows by if the weight goes and the others make up for it
/// (optimal brain surgeon, Hassibi and Stork 1993; per layer, Frantar and Alistarh 2022). For the exact saliency of
/// groups see prune/obs.hpp.
struct obs_saliency {
  std::span<const double> inverse_diagonal;  ///< of the inverse of the inputs' second moments, [k]

  double operator()(float weight, index, index column) const noexcept {
    return static_cast<double>(weight) * weight / (2 * inverse_diagonal[static_cast<std::size_t>(column)]);
  }
  void expect_fits(const weight_shape& shape, index) const {
    expect_equal("inverse_diagonal.size", shape.columns(), static_cast<index>(inverse_diagonal.size()));
  }
};

/// |scale| of the batch norm that follows the output channel (network slimming, Liu et al. 2017). For channel<0>.
struct batch_norm_scale {
  std::span<const float> scales;  ///< gamma, [rows]

  double operator()(float, index row, index) const noexcept {
    return std::abs(static_cast<double>(scales[static_cast<std::size_t>(row)]));
  }
  void expect_fits(const weight_shape& shape, index) const {
    expect_equal("scales.size", shape.rows, static_cast<index>(scales.size()));
  }
};

/// The sum of a filter's distances to all others: the filters nearest the geometric median, which the others can stand
/// in for, go first (FPGM, He et al. 2019). For channel<0>; rows * rows * k operations.
struct geometric_median {
  std::vector<double> distances{};  ///< [rows], filled by fitted

  double operator()(float, index row, index) const noexcept { return distances[static_cast<std::size_t>(row)]; }

  template <class It>
  geometric_median fitted(It first, const weight_shape& shape) const {
    const index k = shape.columns();
    std::vector<float> weights(static_cast<std::size_t>(shape.size()));
    for (float& weight : weights) weight = static_cast<float>(*first++);
    const matrix_view<const float> filters(weights.data(), shape.rows, k);
    geometric_median result{std::vector<double>(static_cast<std::size_t>(shape.rows))};
    for (index a = 0; a < shape.rows; ++a)
      for (index b = 0; b < a; ++b) {
        double square = 0;
        for (index l = 0; l < k; ++l) {
          const double difference = static_cast<double>(filters(a, l)) - static_cast<double>(filters(b, l));
          square += difference * difference;
        }
        result.distances[static_cast<std::size_t>(a)] += std::sqrt(square);
        result.distances[static_cast<std::size_t>(b)] += std::sqrt(square);
      }
    return result;
  }
};

}  // namespace pare
