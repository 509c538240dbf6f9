// operands.hpp: a problem in integers: the codes, bias and multipliers that our kernels and the peers all get.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include "pare/numeric/affine.hpp"
#include "pare/numeric/requantize.hpp"
#include "problem.hpp"

namespace pare::bench {

/// The map of activations in `values`: affine for 8-bit ranges, symmetric for 16-bit ones.
template <IntegerRange R, class Real>
affine_map map_of(std::span<const Real> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double min = static_cast<double>(*low), max = static_cast<double>(*high);
  if constexpr (sizeof(typename R::type) == 1) {
    return choose_affine_tflite<R>(min, max);
  } else {
    return choose_symmetric<R>(std::max(-min, max));
  }
}

/// x per tensor in A, w per channel in W, y per tensor in Out, bias in units of scale_x * scale_w.
/// Policy power_of_two makes every scale a power of two.
template <IntegerRange A, IntegerRange W, IntegerRange Out, RequantizePolicy Policy = float_nearest_even,
          std::integral Sum = std::int32_t>
struct operands {
  bench::shape shape;
  affine_map x_map, y_map;
  buffer<typename A::type> x;  // [m, k]
  buffer<typename W::type> w;  // [n, k]
  buffer<Sum> bias;            // [n]
  buffer<float> w_scale;       // [n]
  buffer<double> multipliers;  // [n], scale_x * scale_w / scale_y

  explicit operands(const problem& p) : shape(p.shape) {
    x_map = adjusted(map_of<A>(std::span(p.x)));
    y_map = adjusted(map_of<Out>(std::span(p.exact)));
    for (const float value : p.x) x.push_back(quantize_value<A>(value, x_map));
    for (std::size_t c = 0; c < p.bias.size(); ++c) append_channel(p, c);
  }

  output_map output() const {
    return {y_map.zero_point, static_cast<std::int32_t>(Out::min), static_cast<std::int32_t>(Out::max)};
  }
  buffer<float> dequantize(std::span<const typename Out::type> y) const {
    buffer<float> real;
    for (const auto code : y) real.push_back(dequantize_value(code, y_map));
    return real;
  }

 private:
  static affine_map adjusted(affine_map map) {
    if constexpr (std::is_same_v<Policy, power_of_two>) map.scale = std::exp2(std::ceil(std::log2(map.scale)));
    return map;
  }
  void append_channel(const problem& p, std::size_t c) {
    const auto k = static_cast<std::size_t>(shape.k);
    const std::span channel(p.w.data() + c * k, k);
    double most = 0;
    for (const float value : channel) most = std::max(most, std::abs(double{value}));
    const affine_map map = adjusted(choose_symmetric<W>(most));
    for (const float value : channel) w.push_back(quantize_value<W>(value, map));
    const double unit = double{x_map.scale} * double{map.scale};
    bias.push_back(static_cast<Sum>(std::llround(double{p.bias[c]} / unit)));
    w_scale.push_back(map.scale);
    multipliers.push_back(unit / double{y_map.scale});
  }
};

/// The same interface for floats.
struct float_operands {
  bench::shape shape;
  buffer<float> x, w, bias, multipliers;  // no multipliers

  explicit float_operands(const problem& p) : shape(p.shape), x(p.x), w(p.w), bias(p.bias) {}
  static const buffer<float>& dequantize(const buffer<float>& y) { return y; }
};

}  // namespace pare::bench
