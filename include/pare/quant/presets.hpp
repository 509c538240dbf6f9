// presets.hpp: the quantizers of other projects' formats, by name, each composed of the parts in this folder.
#pragma once

#include "quantizer.hpp"

/// TensorFlow Lite (LiteRT): its converter's choice of parameters, ties away from zero. Weights: Axis is the output
/// channel, 0 for OHWI and [n, k], 3 for depthwise 1HWO. Source: TFLite 8-bit quantization specification.
namespace pare::presets::tflite {

template <index Axis = 0>
using weights_int8 = quantizer<symmetric<std::int8_t>, per_axis<Axis>, half_away>;
using weights_int8_per_tensor = quantizer<symmetric<std::int8_t>, per_tensor, half_away>;
using activations_int8 = quantizer<affine<std::int8_t>, per_tensor, half_away>;
using activations_uint8 = quantizer<affine<std::uint8_t>, per_tensor, half_away>;
/// 16x8: scale max|x| / 32767, but codes down to -32768.
using activations_int16 = quantizer<symmetric<std::int16_t, s16>, per_tensor, half_away>;
/// Dynamic range ("hybrid") kernels: float activations to symmetric int8, per tensor, when the model runs.
using dynamic_int8 = quantizer<symmetric<std::int8_t>, per_tensor, half_away>;

}  // namespace pare::presets::tflite

/// ONNX operators: ties to even, a true division. Source: ONNX operator specification, opset 21.
namespace pare::presets::onnx {

/// QuantizeLinear: T is int8, uint8, int16 or uint16 with the whole range; parameters come from the model.
template <class T, Granularity G = per_tensor>
using quantize_linear = quantizer<affine<T>, G, half_even>;
/// QuantizeLinear with block_size.
template <class T, index Axis, index Size>
using quantize_linear_blocked = quantize_linear<T, per_group<Axis, Size>>;

/// The parameters of DynamicQuantizeLinear: u8, computed in float.
struct dynamic_u8 {
  using range = u8;
  static constexpr bool maps_zero_to_zero = false;
  static affine_map choose(double min, double max) {
    return choose_affine_onnx_u8(static_cast<float>(min), static_cast<float>(max));
  }
};
using dynamic_quantize_linear = quantizer<dynamic_u8, per_tensor, half_even>;

}  // namespace pare::presets::onnx

/// XNNPACK: ties to even, a product with the reciprocal of the scale. Source: XNNPACK, f32-qs8-vcvt.
namespace pare::presets::xnnpack {

using weights_qc8 = quantizer<by_reciprocal<symmetric<std::int8_t>>, per_axis<0>, half_even>;
using activations_qs8 = quantizer<by_reciprocal<affine<std::int8_t>>, per_tensor, half_even>;
using activations_qu8 = quantizer<by_reciprocal<affine<std::uint8_t>>, per_tensor, half_even>;

}  // namespace pare::presets::xnnpack

/// CMSIS-DSP's and many DSPs' fixed-point formats: Qm.n in 8 or 16 bits.
namespace pare::presets::fixed {

using q7 = quantizer<fixed_point<std::int8_t, 7>, per_tensor, half_even>;
using q15 = quantizer<fixed_point<std::int16_t, 15>, per_tensor, half_even>;

}  // namespace pare::presets::fixed
