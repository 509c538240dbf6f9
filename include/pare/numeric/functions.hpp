// functions.hpp: the activation functions of networks on floats, as types: for tables of codes, and for `map` stages.
#pragma once

#include "../core/standard.hpp"

namespace pare {

/// 1 / (1 + exp(-x)).
struct logistic {
  float operator()(float x) const noexcept { return 1 / (1 + real::exp(-x)); }
};

struct hyperbolic_tangent {
  float operator()(float x) const noexcept { return real::tanh(x); }
};

/// min(max(alpha * x + beta, 0), 1). Source: ONNX, HardSigmoid; TFLite and torch have alpha = 1 / 6, beta = 1 / 2.
struct hard_sigmoid {
  float alpha = 1.f / 6, beta = 0.5f;
  constexpr float operator()(float x) const noexcept { return smaller(larger(alpha * x + beta, 0.f), 1.f); }
};

/// x * min(max(x / 6 + 1 / 2, 0), 1). Source: Howard et al. 2019, section 5.2.
struct hard_swish {
  constexpr float operator()(float x) const noexcept { return x * hard_sigmoid{}(x); }
};

/// x where it is at least 0, alpha * x below.
struct leaky_relu {
  float alpha = 0.01f;
  constexpr float operator()(float x) const noexcept { return x < 0 ? alpha * x : x; }
};

}  // namespace pare
