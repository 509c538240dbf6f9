// equalization.hpp: weights made easier to quantize without changing what the network computes.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "../core/view.hpp"

namespace pare {

/// What bias correction adds to each bias: -sum over inputs of (quantized - original) * mean input. The mean of every
/// output is then what it was. original, quantized: [n, k]; input_means: [k], from calibration data.
/// Source: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.2.
inline std::vector<float> bias_correction(const matrix_view<const float>& original,
                                          const matrix_view<const float>& quantized,
                                          std::span<const float> input_means) {
  expect_valid("original", original);
  expect_valid("quantized", quantized);
  expect_equal("quantized.rows", original.rows, quantized.rows);
  expect_equal("quantized.columns", original.columns, quantized.columns);
  expect_equal("input_means.size", original.columns, static_cast<index>(input_means.size()));
  std::vector<float> correction;
  for (index row = 0; row < original.rows; ++row) {
    double shift = 0;
    for (index column = 0; column < original.columns; ++column)
      shift += (double{quantized(row, column)} - double{original(row, column)}) *
               double{input_means[static_cast<std::size_t>(column)]};
    correction.push_back(static_cast<float>(-shift));
  }
  return correction;
}

/// Two consecutive layers with an activation in between that keeps factors (relu, leaky relu, none): channel c of the
/// first is divided by s[c], its consumers in the second multiplied, with s[c] = r1 / sqrt(r1 * r2) and r1, r2 the
/// greatest magnitudes of the channel's weights on either side: both sides then have the same range. first: [n, k1]
/// with bias [n] (or empty), changed; second: [m, n], changed. Gives s; 1 for channels without weights on one side.
/// Source: Nagel et al. 2019, section 4.1, equation 11.
inline std::vector<float> equalize(const matrix_view<float>& first, std::span<float> bias,
                                   const matrix_view<float>& second) {
  expect_valid("first", first);
  expect_valid("second", second);
  expect_equal("second.columns", first.rows, second.columns);
  if (!bias.empty()) expect_equal("bias.size", first.rows, static_cast<index>(bias.size()));
  std::vector<float> factors;
  for (index channel = 0; channel < first.rows; ++channel) {
    double before = 0, after = 0;
    for (index i = 0; i < first.columns; ++i) before = std::max(before, std::abs(double{first(channel, i)}));
    for (index j = 0; j < second.rows; ++j) after = std::max(after, std::abs(double{second(j, channel)}));
    const double factor = before > 0 && after > 0 ? std::sqrt(before / after) : 1;
    for (index i = 0; i < first.columns; ++i)
      first(channel, i) = static_cast<float>(double{first(channel, i)} / factor);
    for (index j = 0; j < second.rows; ++j)
      second(j, channel) = static_cast<float>(double{second(j, channel)} * factor);
    if (!bias.empty()) {
      float& b = bias[static_cast<std::size_t>(channel)];
      b = static_cast<float>(double{b} / factor);
    }
    factors.push_back(static_cast<float>(factor));
  }
  return factors;
}

}  // namespace pare
