// activation.hpp: relu and relu6 fused into the clamp of an output.
#pragma once

#include "../core/standard.hpp"
#include "affine.hpp"
#include "requantize.hpp"

namespace pare {

/// The output of R's codes under `map`, unclamped beyond R itself.
template <IntegerRange R>
constexpr output_map output_of(const affine_map& map) noexcept {
  return {map.zero_point, static_cast<std::int32_t>(R::min), static_cast<std::int32_t>(R::max)};
}

/// Clamped to [0, inf) in real units: min = max(R::min, zero_point + round(0 / scale)). Source: TFLite's fused RELU.
template <IntegerRange R>
constexpr output_map relu_output(const affine_map& map) noexcept {
  output_map out = output_of<R>(map);
  out.min = larger(out.min, map.zero_point);
  return out;
}

/// Clamped to [0, 6] in real units: max = min(R::max, zero_point + round(6 / scale)). Source: TFLite's fused RELU6.
template <IntegerRange R>
constexpr output_map relu6_output(const affine_map& map) noexcept {
  output_map out = relu_output<R>(map);
  out.max = smaller(out.max, std::int32_t{quantize_value<R>(6.f, map, half_away{})});
  return out;
}

}  // namespace pare
