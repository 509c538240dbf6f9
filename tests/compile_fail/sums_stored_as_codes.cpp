// expect: integer sums need requantize for 8- or 16-bit codes
#include <pare/nn/linear.hpp>

void multiply(const pare::matrix_view<const std::int8_t>& x, const pare::packed_weights<pare::s8_narrow>& weights,
              const pare::channels<std::int32_t>& bias, const pare::multipliers<pare::tflite>& multipliers,
              const pare::matrix_view<std::int8_t>& y) {
#ifdef PARE_COMPILES
  pare::linear(x, 0, weights, pare::bias(bias) | pare::requantize(multipliers, {0, -128, 127}), y);
#else
  static_cast<void>(multipliers);
  pare::linear(x, 0, weights, pare::bias(bias), y);
#endif
}
