// moments.hpp: what a layer's compensation reads of calibration data: second moments of inputs and wanted outputs.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "cholesky.hpp"

namespace pare {

/// Moments about the means, as sums over all rows (not divided by their number), in double.
struct layer_moments {
  index rows = 0;
  std::vector<double> input_means;     ///< [k]
  std::vector<double> output_means;    ///< [n]
  std::vector<double> products;        ///< [k, k] of inputs with inputs, symmetric
  std::vector<double> cross;           ///< [n, k] of outputs with inputs
  std::vector<double> output_squares;  ///< [n] of outputs with themselves

  index inputs() const noexcept { return static_cast<index>(input_means.size()); }
  index outputs() const noexcept { return static_cast<index>(output_means.size()); }
  matrix_view<const double> product_matrix() const noexcept { return {products.data(), inputs(), inputs()}; }
  matrix_view<const double> cross_matrix() const noexcept { return {cross.data(), outputs(), inputs()}; }

  /// Mean of the inputs' squares about their means, times rows: what a ridge is measured by.
  double mean_diagonal() const noexcept {
    double sum = 0;
    for (index j = 0; j < inputs(); ++j) sum += product_matrix()(j, j);
    return inputs() == 0 ? 0 : sum / static_cast<double>(inputs());
  }
  /// Inputs that never change (the output's bias stands for them), up to rounding errors of the sums.
  std::vector<index> dead_inputs() const {
    std::vector<index> dead;
    for (index j = 0; j < inputs(); ++j) {
      const double mean = input_means[static_cast<std::size_t>(j)];
      if (product_matrix()(j, j) <= 1e-12 * static_cast<double>(rows) * mean * mean) dead.push_back(j);
    }
    return dead;
  }
};

/// Sums the moments of a layer over calibration data, batch after batch.
class moment_sums {
 public:
  /// A layer of n outputs and k inputs; a convolution's are the taps times the channels of its window.
  moment_sums(index n, index k)
      : n_(n),
        k_(k),
        inputs_(size(k)),
        outputs_(size(n)),
        products_(size(k * k)),
        cross_(size(n * k)),
        squares_(size(n)) {}

  /// inputs [rows, k]: what the layer will see, that is, computed by layers before it that are already pruned.
  /// targets [rows, n]: what its outputs should be before any activation: the dense network's, from the dense network's
  /// inputs; where a residual is added to them, the dense sum less the residual as it now is. Fails on other shapes and
  /// on numbers that are not finite.
  void observe(const matrix_view<const float>& inputs, const matrix_view<const float>& targets) {
    expect_valid("inputs", inputs);
    expect_valid("targets", targets);
    expect_equal("inputs.columns", k_, inputs.columns);
    expect_equal("targets.columns", n_, targets.columns);
    expect_equal("targets.rows", inputs.rows, targets.rows);
    expect_finite("inputs", inputs);
    expect_finite("targets", targets);
    for (index first = 0; first < inputs.rows; first += chunk) {
      const index count = std::min(chunk, inputs.rows - first);
      add({inputs.row(first), count, k_, inputs.stride}, {targets.row(first), count, n_, targets.stride});
    }
    rows_ += inputs.rows;
  }

  /// The moments of all that was observed. Fails if nothing was.
  layer_moments finish() const {
    if (rows_ == 0) fail("moments", "at least one row of calibration", "none");
    layer_moments m{rows_, inputs_, outputs_, products_, cross_, squares_};
    const auto count = static_cast<double>(rows_);
    for (double& mean : m.input_means) mean /= count;
    for (double& mean : m.output_means) mean /= count;
    for (index i = 0; i < k_; ++i)
      for (index j = i; j < k_; ++j) {
        double& sum = m.products[size(i * k_ + j)];
        sum -= count * m.input_means[size(i)] * m.input_means[size(j)];
        if (i == j) sum = std::max(sum, 0.0);
        m.products[size(j * k_ + i)] = sum;
      }
    for (index c = 0; c < n_; ++c) {
      const double mean = m.output_means[size(c)];
      for (index j = 0; j < k_; ++j) m.cross[size(c * k_ + j)] -= count * mean * m.input_means[size(j)];
      m.output_squares[size(c)] = std::max(m.output_squares[size(c)] - count * mean * mean, 0.0);
    }
    return m;
  }

  index rows() const noexcept { return rows_; }

 private:
  static constexpr index chunk = 64;
  static constexpr std::size_t size(index i) noexcept { return static_cast<std::size_t>(i); }

  static void expect_finite(const char* argument, const matrix_view<const float>& view) {
    for (index i = 0; i < view.rows; ++i)
      for (index j = 0; j < view.columns; ++j)
        if (!std::isfinite(view(i, j))) fail(argument, "finite numbers", view(i, j));
  }

  /// A few rows at a time, in double; only the upper triangle of the products.
  void add(const matrix_view<const float>& x, const matrix_view<const float>& y) {
    std::vector<double> reals(size(x.rows * k_)), scales(size(x.rows));
    for (index r = 0; r < x.rows; ++r)
      for (index j = 0; j < k_; ++j) inputs_[size(j)] += reals[size(r * k_ + j)] = static_cast<double>(x(r, j));
    const matrix_view<const double> rows(reals.data(), x.rows, k_);
    for (index i = 0; i < k_; ++i) {
      for (index r = 0; r < x.rows; ++r) scales[size(r)] = rows(r, i);
      detail::add_rows(products_.data() + i * k_, scales.data(), rows, i, k_);
    }
    for (index c = 0; c < n_; ++c) {
      for (index r = 0; r < x.rows; ++r) {
        const double target = scales[size(r)] = static_cast<double>(y(r, c));
        outputs_[size(c)] += target;
        squares_[size(c)] += target * target;
      }
      detail::add_rows(cross_.data() + c * k_, scales.data(), rows, 0, k_);
    }
  }

  index n_, k_, rows_ = 0;
  std::vector<double> inputs_, outputs_, products_, cross_, squares_;
};

}  // namespace pare
