// round.hpp: pruned and refitted weights to integers, with what each rounding loses made up for by the weights after
// it.
#pragma once

#include <cstdint>

#include "../numeric/rounding.hpp"
#include "obs.hpp"

namespace pare {

/// Integer weights with a scale for each output: weight = scale * code.
struct rounded_layer {
  std::vector<std::int8_t> codes;  ///< [n, k], 0 where the mask prunes, in [-limit, limit]
  std::vector<float> scales;       ///< [n], greatest |weight| / limit; 1 for outputs without weights
  std::vector<float> bias;         ///< [n], of real numbers: the mean of the output is what it should be
  double error = 0;                ///< as refit_report::error_after
};

/// Rounds refitted weights column by column; the error that an input's code makes is made up for by the kept inputs
/// after it (after GPTQ, Frantar et al. 2023). Together with a mask and a refit that is pruning and quantization by one
/// measure. weights [n, k]: what refit gave, 0 where the mask prunes. limit: the greatest code, 127 for int8, 7 for 4
/// bits; codes that making up pushes beyond it stay at it.
template <Structure S>
rounded_layer round_refitted(const matrix_view<const float>& weights, const mask<S>& mask, const layer_moments& moments,
                             int limit = 127, double ridge = 0.01) {
  expect_valid("mask", mask, mask.shape);
  detail::expect_layer(moments, weights, mask.shape);
  if (limit < 1 || limit > 127) fail("limit", "a code in [1, 127]", limit);
  const double lambda = detail::absolute_ridge(moments, ridge);
  const auto n = static_cast<std::size_t>(weights.rows);
  rounded_layer result{std::vector<std::int8_t>(static_cast<std::size_t>(mask.shape.size())),
                       std::vector<float>(n, 1.f), std::vector<float>(n)};
  double variance = 0;
  for (const double squares : moments.output_squares) variance += squares;

  const auto round_row = [&](const std::vector<index>& columns, const matrix_view<const double>& r, index row) {
    const auto at = static_cast<std::size_t>(row);
    std::vector<double> x, rounded;
    double greatest = 0;
    for (const index column : columns) {
      x.push_back(static_cast<double>(weights(row, column)));
      greatest = std::max(greatest, std::abs(x.back()));
    }
    if (greatest > 0) result.scales[at] = static_cast<float>(greatest / limit);
    const auto scale = static_cast<double>(result.scales[at]);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const double code = std::clamp<double>(half_even{}(x[i] / scale), -limit, limit);
      result.codes[static_cast<std::size_t>(row * weights.columns + columns[i])] = static_cast<std::int8_t>(code);
      rounded.push_back(code * scale);
      const double error = (x[i] - rounded[i]) / r(static_cast<index>(i), static_cast<index>(i));
      for (std::size_t j = i + 1; j < columns.size(); ++j)
        x[j] -= error * r(static_cast<index>(i), static_cast<index>(j));
    }
    const detail::output_moments output = detail::moments_of(moments, row, columns, rounded);
    const double shift = moments.output_means[at] - output.mean;
    result.bias[at] = static_cast<float>(shift);
    result.error += output.error(moments, row, shift);
  };
  detail::for_each_pattern(mask, [&](const std::vector<index>& columns, index first, index last) {
    const auto r = detail::inverse_factor(moments, columns, lambda);
    const matrix_view<const double> factor(r.elements.data(), r.size, r.size);
    for (index row = first; row < last; ++row) round_row(columns, factor, row);
  });
  if (variance > 0) result.error /= variance;
  return result;
}

}  // namespace pare
