// batch_norm.hpp: batch normalization, as inference sees it: a factor and a term per channel, folded into the layer
// before it.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "../core/error.hpp"
#include "../reference/quantize.hpp"

namespace pare {

/// y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, one number per channel each; an empty gamma is all ones,
/// an empty beta all zeros. Source: Ioffe and Szegedy 2015. Keras has epsilon 1e-3, torch 1e-5.
struct batch_norm {
  std::span<const float> gamma, beta, mean, variance;
  float epsilon = 1e-3f;
};

inline namespace PARE_UNIT {

/// factor[c] = gamma / sqrt(variance + epsilon): y = factor * x + (beta - factor * mean). In double, rounded at the
/// end. Fails if there are not as many of each, or a variance + epsilon is not above 0.
inline std::vector<double> batch_norm_factors(const batch_norm& norm) {
  const std::size_t channels = norm.mean.size();
  expect_equal("norm.variance", static_cast<index>(channels), static_cast<index>(norm.variance.size()));
  if (!norm.gamma.empty())
    expect_equal("norm.gamma", static_cast<index>(channels), static_cast<index>(norm.gamma.size()));
  if (!norm.beta.empty()) expect_equal("norm.beta", static_cast<index>(channels), static_cast<index>(norm.beta.size()));
  std::vector<double> factors(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const double variance = double{norm.variance[c]} + double{norm.epsilon};
    if (!(variance > 0)) fail("norm.variance + norm.epsilon", "a number above 0", variance);
    factors[c] = (norm.gamma.empty() ? 1 : double{norm.gamma[c]}) / std::sqrt(variance);
  }
  return factors;
}

/// Weights and bias of a layer so that it computes what the layer and a batch norm after it did. `extents` says where
/// the output channels are in the weights: {.channels = o, .inner = k} for OI and OHWI, {.outer = h * w, .channels = o}
/// for 1HWO. A layer without bias has one of zeros. Fails if the numbers of channels differ.
inline void fold(const batch_norm& norm, std::span<float> weights, const reference::axis_extents& extents,
                 std::span<float> bias) {
  const std::vector<double> factors = batch_norm_factors(norm);
  expect_equal("norm.mean", extents.channels, static_cast<index>(factors.size()));
  expect_equal("bias", extents.channels, static_cast<index>(bias.size()));
  expect_equal("weights", extents.size(), static_cast<index>(weights.size()));
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] =
        static_cast<float>(weights[i] * factors[static_cast<std::size_t>(extents.channel(static_cast<index>(i)))]);
  for (std::size_t c = 0; c < bias.size(); ++c) {
    const double beta = norm.beta.empty() ? 0 : double{norm.beta[c]};
    bias[c] = static_cast<float>((double{bias[c]} - double{norm.mean[c]}) * factors[c] + beta);
  }
}

}  // namespace PARE_UNIT
}  // namespace pare
