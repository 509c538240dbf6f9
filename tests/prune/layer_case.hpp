// layer_case.hpp: a dense layer and calibration data for it, and what compensation is judged by.
#pragma once

#include <pare/prune/pruner.hpp>
#include <pare/prune/refit.hpp>
#include <random>

using pare::index;
using pare::matrix_view;
using reals = std::vector<float>;

/// A dense layer, calibration data with correlated inputs, and what the layer makes of them.
struct layer_case {
  layer_case(index n_, index k_, index rows_, unsigned seed = 1) : n(n_), k(k_), rows(rows_) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    const auto draw = [&](index count) {
      reals values(static_cast<std::size_t>(count));
      for (float& value : values) value = normal(generator);
      return values;
    };
    weights = draw(n * k);
    bias = draw(n);
    inputs = draw(rows * k);
    for (index r = 0; r < rows; ++r)  // each input also contains its predecessor, and none has mean 0
      for (index j = 0; j < k; ++j) {
        float& x = inputs[static_cast<std::size_t>(r * k + j)];
        x = 1 + x + (j > 0 ? 0.8f * inputs[static_cast<std::size_t>(r * k + j - 1)] : 0);
      }
    for (std::size_t i = 0; i < inputs.size(); ++i)  // and some matter more than their weights say
      inputs[i] *= static_cast<float>(1 + i % static_cast<std::size_t>(k) % 3);
    targets = outputs(weights, bias);
  }

  reals outputs(const reals& w, const reals& b) const {
    reals y(static_cast<std::size_t>(rows * n));
    for (index r = 0; r < rows; ++r)
      for (index c = 0; c < n; ++c) {
        double sum = static_cast<double>(b[static_cast<std::size_t>(c)]);
        for (index j = 0; j < k; ++j)
          sum += static_cast<double>(w[static_cast<std::size_t>(c * k + j)]) *
                 static_cast<double>(inputs[static_cast<std::size_t>(r * k + j)]);
        y[static_cast<std::size_t>(r * n + c)] = static_cast<float>(sum);
      }
    return y;
  }
  /// Squared error of a layer on the data over the variance of the targets, row by row.
  double error(const reals& w, const reals& b) const {
    const reals y = outputs(w, b);
    double error = 0, variance = 0;
    for (index c = 0; c < n; ++c) {
      double mean = 0;
      for (index r = 0; r < rows; ++r) mean += static_cast<double>(at(targets, r, c)) / static_cast<double>(rows);
      for (index r = 0; r < rows; ++r) {
        error += std::pow(static_cast<double>(at(y, r, c)) - static_cast<double>(at(targets, r, c)), 2);
        variance += std::pow(static_cast<double>(at(targets, r, c)) - mean, 2);
      }
    }
    return error / variance;
  }
  float at(const reals& y, index r, index c) const { return y[static_cast<std::size_t>(r * n + c)]; }

  pare::layer_moments moments() const {
    pare::moment_sums sums(n, k);
    const index half = rows / 2;
    sums.observe({inputs.data(), half, k}, {targets.data(), half, n});
    sums.observe({inputs.data() + half * k, rows - half, k}, {targets.data() + half * n, rows - half, n});
    return sums.finish();
  }
  matrix_view<const float> view() const { return {weights.data(), n, k}; }
  template <class S>
  pare::mask<S> mask(double sparsity) const {
    return pare::pruner<pare::magnitude, S>{}.select(weights.begin(), {n, 1, k}, sparsity);
  }

  index n, k, rows;
  reals weights, bias, inputs, targets;
};
