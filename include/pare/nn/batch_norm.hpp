// batch_norm.hpp: batch normalization, as inference sees it: a factor and a term per channel, folded into the layer
// before it.
#pragma once

#include <cstddef>
#include <span>

#include "../core/error.hpp"
#include "../core/standard.hpp"
#include "../core/storage.hpp"
#include "../reference/quantize.hpp"

namespace pare {

/// y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, one number per channel each; an empty gamma is all ones,
/// an empty beta all zeros. Source: Ioffe and Szegedy 2015. Keras has epsilon 1e-3, torch 1e-5.
struct batch_norm {
  std::span<const float> gamma, beta, mean, variance;
  float epsilon = 1e-3f;
};

inline namespace PARE_UNIT {

/// Fails if there are not as many of each.
inline void expect_valid(const batch_norm& norm) {
  const auto channels = static_cast<index>(norm.mean.size());
  expect_equal("norm.variance", channels, static_cast<index>(norm.variance.size()));
  if (!norm.gamma.empty()) expect_equal("norm.gamma", channels, static_cast<index>(norm.gamma.size()));
  if (!norm.beta.empty()) expect_equal("norm.beta", channels, static_cast<index>(norm.beta.size()));
}

/// gamma / sqrt(variance + epsilon) of a channel: y = factor * x + (beta - factor * mean). In double, rounded at the
/// end. Fails if variance + epsilon is not above 0.
inline double batch_norm_factor(const batch_norm& norm, std::size_t channel) {
  const double variance = double{norm.variance[channel]} + double{norm.epsilon};
  if (!(variance > 0)) fail("norm.variance + norm.epsilon", "a number above 0", variance);
  return (norm.gamma.empty() ? 1 : double{norm.gamma[channel]}) / real::sqrt(variance);
}

/// Weights and bias of a layer so that it computes what the layer and a batch norm after it did. `extents` says where
/// the output channels are in the weights: {.channels = o, .inner = k} for OI and OHWI, {.outer = h * w, .channels = o}
/// for 1HWO. A layer without bias has one of zeros. Fails if the numbers of channels differ.
inline void fold(const batch_norm& norm, std::span<float> weights, const reference::axis_extents& extents,
                 std::span<float> bias) {
  expect_valid(norm);
  expect_equal("norm.mean", extents.channels, static_cast<index>(norm.mean.size()));
  expect_equal("bias", extents.channels, static_cast<index>(bias.size()));
  expect_equal("weights", extents.size(), static_cast<index>(weights.size()));
  aligned_storage<double> factors(extents.channels);
  for (index c = 0; c < extents.channels; ++c) factors[c] = batch_norm_factor(norm, static_cast<std::size_t>(c));
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<float>(weights[i] * factors[extents.channel(static_cast<index>(i))]);
  for (std::size_t c = 0; c < bias.size(); ++c) {
    const double beta = norm.beta.empty() ? 0 : double{norm.beta[c]};
    bias[c] = static_cast<float>((double{bias[c]} - double{norm.mean[c]}) * factors[static_cast<index>(c)] + beta);
  }
}

}  // namespace PARE_UNIT
}  // namespace pare
