// 01_linear: a fully connected layer in int8, written as an expression: quantize, pack, multiply.
#include <pare/expr/linear.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

// Types say what the codes are; calibration finds their scales.
using weights_q = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;  // a scale for each output
using inputs_q = pare::quantizer<pare::affine<std::int8_t>>;                         // one scale and one zero point

int main() {
  constexpr std::size_t m = 8, n = 64, k = 256;
  auto filled = [random = std::mt19937(1), normal = std::normal_distribution<float>()](auto tensor) mutable {
    std::generate(tensor.begin(), tensor.end(), [&] { return normal(random); });
    return tensor;
  };
  const auto x = filled(xt::xtensor<float, 2>::from_shape({m, k}));
  const auto weights = filled(xt::xtensor<float, 2>::from_shape({n, k}));
  const auto c = filled(xt::xtensor<float, 1>::from_shape({n}));

  const auto in = inputs_q{}.calibrate(x);                              // reads x now
  const auto operand = pare::pack(pare::quantize<weights_q>(weights));  // quantizes as it packs: no copy in between
  xt::xtensor<float, 2> y, exact;                                       // [m, n]
  xt::noalias(y) = pare::linear(pare::quantize(x, in), operand, pare::bias(c) | pare::relu);  // the kernel runs here
  xt::noalias(exact) = pare::linear(x, pare::pack(weights), pare::bias(c) | pare::relu);      // the same in floats

  double error = 0, size = 0;
  for (std::size_t i = 0; i < m * n; ++i) {
    error += std::pow(double{y.data()[i]} - double{exact.data()[i]}, 2);
    size += std::pow(double{exact.data()[i]}, 2);
  }
  std::printf("weights: %zu bytes instead of %zu; relative error of the result: %.4f\n", operand.bytes(),
              sizeof(float) * n * k, std::sqrt(error / size));
}
