// sensitivity.hpp: how the error of an output grows with sparsity, as data and as JSON: what to prune how far.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "pruner.hpp"
#include "refit.hpp"

namespace pare {

/// What pruning of one layer to one sparsity costs.
struct sensitivity_point {
  double sparsity = 0;               ///< share of the groups that went
  double error = 0;                  ///< with the weights that stay as they are
  std::optional<double> refitted{};  ///< the same after a refit
};

/// One layer under one structure.
struct sensitivity_curve {
  std::string layer;
  std::string structure;
  std::vector<sensitivity_point> points;
};

/// Prunes a layer to each sparsity, in that order, and asks error(mask) what that costs: any number, for instance of
/// the whole network's output with these weights at 0. A structure that fixes the sparsity has one point, whatever
/// `sparsities` says. weights: [rows, k], row-major.
template <Pruner P, class F>
requires std::is_invocable_r_v < double, const F&, const mask<typename P::structure>
& > sensitivity_curve sensitivity(std::string layer, std::span<const float> weights, const weight_shape& shape,
                                  std::span<const double> sparsities, const F& error, const P& pruner = {}) {
  using structure = typename P::structure;
  expect_equal("weights.size", shape.size(), static_cast<index>(weights.size()));
  sensitivity_curve curve{std::move(layer), "a structure without a name", {}};
  if constexpr (requires { structure::name(); }) curve.structure = structure::name();
  const auto append = [&](const mask<structure>& mask) { curve.points.push_back({mask.sparsity(), error(mask), {}}); };
  if constexpr (WindowedStructure<structure>) {
    append(pruner.select(weights.begin(), shape));
  } else {
    for (const double sparsity : sparsities) append(pruner.select(weights.begin(), shape, sparsity));
  }
  return curve;
}

/// The same with the error of the layer's own output: squared, over the variance of what it should be, on the
/// calibration data of the moments, with the weights as they are and refitted. bias: the dense ones, or empty.
template <Pruner P>
sensitivity_curve sensitivity(std::string layer, std::span<const float> weights, std::span<const float> bias,
                              const weight_shape& shape, std::span<const double> sparsities,
                              const layer_moments& moments, const P& pruner = {}, const refit_options& options = {}) {
  std::vector<double> refitted;
  const auto error = [&](const auto& mask) {
    const matrix_view<const float> matrix(weights.data(), shape.rows, shape.columns());
    const refit_report report = refit(matrix, bias, mask, moments, options).report;
    refitted.push_back(report.error_after);
    return report.error_before;
  };
  sensitivity_curve curve = sensitivity<P>(std::move(layer), weights, shape, sparsities, error, pruner);
  for (std::size_t i = 0; i < refitted.size(); ++i) curve.points[i].refitted = refitted[i];
  return curve;
}

namespace detail {
/// A number as JSON has it: what is not finite is null.
inline std::string json_number(double number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", number);
  return std::isfinite(number) ? digits : "null";
}
inline std::string json_string(std::string_view words) {
  std::string all = "\"";
  for (const char c : words) {
    if (c == '"' || c == '\\') all.push_back('\\');
    if (static_cast<unsigned char>(c) >= 0x20) {
      all.push_back(c);
    } else {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      all.append(code);
    }
  }
  return all + "\"";
}
}  // namespace detail

/// [{"layer": ..., "structure": ..., "points": [{"sparsity": ..., "error": ..., "refitted": ...}, ...]}, ...]; a line
/// for each curve; "refitted" only where there is one.
inline std::string to_json(std::span<const sensitivity_curve> curves) {
  std::string all = "[";
  for (std::size_t i = 0; i < curves.size(); ++i) {
    all += text(i == 0 ? "\n" : ",\n", "{\"layer\": ", detail::json_string(curves[i].layer),
                ", \"structure\": ", detail::json_string(curves[i].structure), ", \"points\": [");
    for (std::size_t p = 0; p < curves[i].points.size(); ++p) {
      const sensitivity_point& point = curves[i].points[p];
      all += text(p == 0 ? "" : ", ", "{\"sparsity\": ", detail::json_number(point.sparsity),
                  ", \"error\": ", detail::json_number(point.error));
      if (point.refitted) all += text(", \"refitted\": ", detail::json_number(*point.refitted));
      all += "}";
    }
    all += "]}";
  }
  return all + "\n]\n";
}

}  // namespace pare
