// refit.hpp: what is left after pruning takes over from what went: least squares of the kept weights on a fixed mask.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mask.hpp"
#include "moments.hpp"

namespace pare {

struct refit_options {
  double ridge = 0.01;         ///< pull towards the dense weights, in units of the inputs' mean second moment; > 0
  bool match_variance = true;  ///< scale each output to the variance that it should have
  index rows_per_input = 4;    ///< with fewer rows of calibration per input, only means and variances are matched
};

/// What a refit saw and did.
struct refit_report {
  index rows = 0, wanted_rows = 0;   ///< of calibration; of 4 per input a dense layer has one per image only
  bool solved = false;               ///< false: too few rows, the kept weights are the dense ones but for their scale
  index dead_inputs = 0;             ///< that never change: their weights stay as they are
  std::vector<index> pruned_rows{};  ///< outputs without any weight: their bias is the mean of what they should be
  double error_before = 0;           ///< squared error of the masked dense layer over the variance of the targets
  double error_after = 0;            ///< the same of the refitted layer
};

/// A pruned layer that was refitted.
struct refitted_layer {
  std::vector<float> weights;  ///< [n, k], 0 where the mask prunes
  std::vector<float> bias;     ///< [n]
  refit_report report;
};

namespace detail {

/// Calls f(columns, first, last) for each run of consecutive rows [first, last) that keep the same columns.
template <Structure S, class F>
void for_each_pattern(const mask<S>& mask, const F& f) {
  const auto kept_columns = [&](index row) {
    std::vector<index> columns;
    for (index column = 0; column < mask.shape.columns(); ++column)
      if (mask.keeps(row, column)) columns.push_back(column);
    return columns;
  };
  for (index first = 0; first < mask.shape.rows;) {
    const std::vector<index> columns = kept_columns(first);
    index last = first + 1;
    while (last < mask.shape.rows && kept_columns(last) == columns) ++last;
    f(columns, first, last);
    first = last;
  }
}

/// The ridge in the units of the moments; of inputs that never change any will do, since there is nothing to learn.
inline double absolute_ridge(const layer_moments& moments, double ridge) {
  if (!(ridge > 0) || !std::isfinite(ridge)) fail("ridge", "a finite number above 0", ridge);
  const double diagonal = moments.mean_diagonal();
  return diagonal > 0 ? ridge * diagonal : 1;
}

/// A square matrix that owns its memory.
struct square_matrix {
  index size;
  std::vector<double> elements;
  explicit square_matrix(index n) : size(n), elements(static_cast<std::size_t>(n * n)) {}
  matrix_view<double> view() noexcept { return {elements.data(), size, size}; }
};

/// The upper factor of the moments of some inputs, with the ridge on the diagonal.
inline square_matrix factored(const layer_moments& moments, const std::vector<index>& columns, double lambda) {
  const matrix_view<const double> products = moments.product_matrix();
  square_matrix system(static_cast<index>(columns.size()));
  const auto view = system.view();
  for (std::size_t i = 0; i < columns.size(); ++i)
    for (std::size_t j = i; j < columns.size(); ++j)
      view(static_cast<index>(i), static_cast<index>(j)) = products(columns[i], columns[j]) + (i == j ? lambda : 0);
  if (!cholesky(view)) fail("ridge", "enough to make the inputs' moments positive definite", lambda);
  return system;
}

/// The weights of one output on the given inputs: (H + lambda) x = c + lambda * dense.
inline std::vector<double> solved_row(const layer_moments& moments, const matrix_view<const double>& factor,
                                      const std::vector<index>& columns, index row, const float* dense, double lambda) {
  std::vector<double> x;
  for (const index column : columns)
    x.push_back(moments.cross_matrix()(row, column) + lambda * static_cast<double>(dense[column]));
  cholesky_solve(factor, x.data());
  return x;
}

/// What one output with these weights gives on the calibration data.
struct output_moments {
  double variance = 0;  ///< w^T H w
  double cross = 0;     ///< w^T c
  double mean = 0;      ///< before the bias
  double error(const layer_moments& moments, index row, double bias) const {
    const auto at = static_cast<std::size_t>(row);
    const double shift = moments.output_means[at] - mean - bias;
    return moments.output_squares[at] - 2 * cross + variance + static_cast<double>(moments.rows) * shift * shift;
  }
};

inline output_moments moments_of(const layer_moments& moments, index row, const std::vector<index>& columns,
                                 const std::vector<double>& weights) {
  output_moments result;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const double* const products = moments.product_matrix().row(columns[i]);
    double sum = 0;
    for (std::size_t j = 0; j < columns.size(); ++j) sum += products[columns[j]] * weights[j];
    result.variance += weights[i] * sum;
    result.cross += weights[i] * moments.cross_matrix()(row, columns[i]);
    result.mean += weights[i] * moments.input_means[static_cast<std::size_t>(columns[i])];
  }
  result.variance = std::max(result.variance, 0.0);
  return result;
}

inline void expect_layer(const layer_moments& moments, const matrix_view<const float>& weights,
                         const weight_shape& shape) {
  expect_valid("weights", weights);
  expect_equal("weights.rows", shape.rows, weights.rows);
  expect_equal("weights.columns", shape.columns(), weights.columns);
  expect_equal("moments.outputs", shape.rows, moments.outputs());
  expect_equal("moments.inputs", shape.columns(), moments.inputs());
}

}  // namespace detail

/// The kept weights and the bias that come closest to the targets of the moments: for each output, least squares with
/// a ridge towards the dense weights and a free bias (after Hubara et al. 2021 and Frantar and Alistarh 2023, on the
/// inputs that the pruned network really sees); then, unless asked not to, scaled to the targets' variance. Rows with
/// the same pattern share one factorisation.
/// weights [n, k]: the dense ones. bias: the dense ones' [n], or empty for none; only error_before reads it.
/// With fewer rows of calibration than options.rows_per_input * k only mean and variance of each output are matched.
template <Structure S>
refitted_layer refit(const matrix_view<const float>& weights, std::span<const float> bias, const mask<S>& mask,
                     const layer_moments& moments, const refit_options& options = {}) {
  expect_valid("mask", mask, mask.shape);
  detail::expect_layer(moments, weights, mask.shape);
  if (!bias.empty()) expect_equal("bias.size", weights.rows, static_cast<index>(bias.size()));
  const double lambda = detail::absolute_ridge(moments, options.ridge);

  refitted_layer result{std::vector<float>(static_cast<std::size_t>(mask.shape.size())),
                        std::vector<float>(static_cast<std::size_t>(weights.rows)),
                        {.rows = moments.rows, .wanted_rows = options.rows_per_input * weights.columns}};
  refit_report& report = result.report;
  report.solved = report.rows >= report.wanted_rows;
  report.dead_inputs = static_cast<index>(moments.dead_inputs().size());
  double variance = 0;
  for (const double squares : moments.output_squares) variance += squares;

  const auto refit_row = [&](const std::vector<index>& columns, detail::square_matrix& factor, index row) {
    const auto at = static_cast<std::size_t>(row);
    std::vector<double> x;
    for (const index column : columns) x.push_back(static_cast<double>(weights(row, column)));
    report.error_before +=
        detail::moments_of(moments, row, columns, x).error(moments, row, bias.empty() ? 0 : double{bias[at]});
    if (report.solved) x = detail::solved_row(moments, factor.view(), columns, row, weights.row(row), lambda);
    detail::output_moments output = detail::moments_of(moments, row, columns, x);
    if (options.match_variance && output.variance > 0) {
      const double gain = std::sqrt(moments.output_squares[at] / output.variance);
      output = {output.variance * gain * gain, output.cross * gain, output.mean * gain};
      for (double& weight : x) weight *= gain;
    }
    const double shift = moments.output_means[at] - output.mean;
    report.error_after += output.error(moments, row, shift);
    result.bias[at] = static_cast<float>(shift);
    for (std::size_t i = 0; i < columns.size(); ++i)
      result.weights[static_cast<std::size_t>(row * weights.columns + columns[i])] = static_cast<float>(x[i]);
  };
  detail::for_each_pattern(mask, [&](const std::vector<index>& columns, index first, index last) {
    auto factor = report.solved ? detail::factored(moments, columns, lambda) : detail::square_matrix(0);
    for (index row = first; row < last; ++row) {
      if (columns.empty()) report.pruned_rows.push_back(row);
      refit_row(columns, factor, row);
    }
  });
  if (variance > 0) {
    report.error_before /= variance;
    report.error_after /= variance;
  }
  return result;
}

/// What a user should know of a refit, a sentence for each; empty if all went well.
inline std::vector<std::string> warnings(const refit_report& report) {
  std::vector<std::string> all;
  if (!report.solved)
    all.push_back(text("only ", report.rows, " rows of calibration, ", report.wanted_rows,
                       " wanted: means and variances are matched, weights are not refitted"));
  if (report.dead_inputs > 0) all.push_back(text(report.dead_inputs, " inputs never change on the calibration data"));
  if (!report.pruned_rows.empty())
    all.push_back(text(report.pruned_rows.size(), " outputs have no weights left and are constant"));
  return all;
}

}  // namespace pare
