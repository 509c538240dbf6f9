// epilogue.hpp: stages of an epilogue in real units, and how they become the kernel's once all scales are known.
#pragma once

#include "../nn/linear.hpp"
#include "../numeric/activation.hpp"
#include "../quant/quantization.hpp"
#include "xtensor.hpp"

namespace pare {

/// A bias in real units, one per output channel; CT is what is kept of the expression.
template <class CT>
struct real_bias_stage : stage {
  CT values;
};
/// Codes of a quantization that is known; Policy is a requantization policy, void for the sum's default.
template <class Policy, class CP>
struct codes_stage : stage {
  CP output;
};

/// Adds an expression of n real numbers to every row of the output.
template <XtensorExpression E>
auto bias(E&& values) {
  return real_bias_stage<operand_t<E>>{{}, std::forward<E>(values)};
}

/// Gives codes of `output` instead of real numbers. Policy: how integer sums are rescaled (numeric/requantize.hpp);
/// default: tflite for int32 sums, tflite_int64 for int64 sums, half to even for reals.
template <class Policy = void, class P>
requires is_quantization<std::remove_cvref_t<P>>
auto requantize(P&& output) {
  using quantization_type = std::remove_cvref_t<P>;
  static_assert(std::is_same_v<typename quantization_type::granularity, per_tensor>,
                "pare: activations are quantized per tensor: requantize takes a quantizer<Scheme, per_tensor>");
  if (output.maps.size() != 1) fail("requantize.maps", "1, per tensor", static_cast<index>(output.maps.size()));
  return codes_stage<Policy, operand_t<P>>{{}, std::forward<P>(output)};
}

template <value_kind In, class CT>
struct after<In, real_bias_stage<CT>> : gives<In> {
  static_assert(In != value_kind::code, "pare: bias is added before requantize, not to codes");
};
template <value_kind In, class Policy, class CP>
struct after<In, codes_stage<Policy, CP>> : gives<value_kind::code> {
  static_assert(In != value_kind::code, "pare: these values are codes already; requantize once");
  static_assert(In != value_kind::real || std::is_void_v<Policy>,
                "pare: requantization policies rescale integer sums; reals are requantized without one");
};
/// What ends an epilogue that leaves integer sums: real numbers.
struct to_real_stage : stage {};
template <value_kind In>
struct after<In, to_real_stage> : gives<value_kind::real> {};

namespace detail {

/// What a stage needs to know to leave real units: the scale of a sum in each channel (1 for reals).
struct sum_scales {
  index n;
  std::vector<double> of_sum;  ///< s_x * s_w[c]; empty for float sums
};

/// A stage that is ready as it is.
template <value_kind, Stage S>
struct bound {
  S stage_;
  bound(const S& s, const sum_scales&) : stage_(s) {}
  const S& stage() const noexcept { return stage_; }
};

template <value_kind Kind, Stage First, Stage Second>
struct bound<Kind, chain<First, Second>> {
  bound<Kind, First> first;
  bound<after_v<Kind, First>, Second> second;
  bound(const chain<First, Second>& s, const sum_scales& scales) : first(s.first, scales), second(s.second, scales) {}
  auto stage() const noexcept { return first.stage() | second.stage(); }
};

template <value_kind Kind>
using number_of = std::conditional_t<Kind == value_kind::real, float,
                                     std::conditional_t<Kind == value_kind::sum64, std::int64_t, std::int32_t>>;

/// Real bias: as float, or rounded half away to units of the sum, as TFLite's converter does.
template <value_kind Kind, class CT>
struct bound<Kind, real_bias_stage<CT>> {
  using number = number_of<Kind>;
  channels<number> values;
  bound(const real_bias_stage<CT>& s, const sum_scales& scales) : values(scales.n, number{0}) {
    expect_equal("bias.size", scales.n, static_cast<index>(s.values.size()));
    auto next = s.values.begin();
    for (index c = 0; c < scales.n; ++c, ++next) values[c] = convert(*next, scales, c);
  }
  static number convert(double value, const sum_scales& scales, index c) {
    if constexpr (Kind == value_kind::real) {
      return static_cast<float>(value);
    } else {
      constexpr double limit = Kind == value_kind::sum64 ? 0x1p47 : 0x1p31 - 1;
      const double rounded = half_away{}(value / scales.of_sum[static_cast<std::size_t>(c)]);
      if (!(rounded >= -limit && rounded <= limit))
        fail(text("bias[", c, "]"), "a number that fits the sum's integer in units of scale_x * scale_w", value);
      return static_cast<number>(rounded);
    }
  }
  auto stage() const noexcept { return pare::bias(values); }
};

template <class Q>
output_map checked_output(const Q& quantization) {
  expect_valid<typename Q::range>("requantize", quantization.maps[0]);
  return output_of<typename Q::range>(quantization.maps[0]);
}

/// Codes from integer sums: multipliers s_x * s_w[c] / s_y.
template <value_kind Kind, class Policy, class CP>
struct bound<Kind, codes_stage<Policy, CP>> {
  using default_policy = std::conditional_t<Kind == value_kind::sum64, tflite_int64, tflite>;
  using policy = std::conditional_t<std::is_void_v<Policy>, default_policy, Policy>;
  multipliers<policy> factors;
  output_map output;
  bound(const codes_stage<Policy, CP>& s, const sum_scales& scales) : output(checked_output(s.output)) {
    std::vector<double> m = scales.of_sum;
    for (double& value : m) value /= double{s.output.maps[0].scale};
    factors = multipliers<policy>(m);
  }
  auto stage() const noexcept { return pare::requantize(factors, output); }
};

/// Codes from reals.
template <class CP>
struct bound<value_kind::real, codes_stage<void, CP>> {
  float scale;
  output_map output;
  bound(const codes_stage<void, CP>& s, const sum_scales&)
      : scale(s.output.maps[0].scale), output(checked_output(s.output)) {}
  auto stage() const noexcept { return quantize_to(scale, output); }
};

template <value_kind Kind>
struct bound<Kind, to_real_stage> {
  channels<float> scales;
  bound(const to_real_stage&, const sum_scales& sums) : scales(sums.n, 0.f) {
    for (index c = 0; c < sums.n; ++c) scales[c] = static_cast<float>(sums.of_sum[static_cast<std::size_t>(c)]);
  }
  auto stage() const noexcept { return dequantize(scales); }
};

}  // namespace detail
}  // namespace pare
