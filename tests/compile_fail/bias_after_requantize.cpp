// expect: pare: bias is added to sums and reals; put it before requantize or quantize
#include <pare/nn/linear.hpp>

void multiply(const pare::matrix_view<const std::int8_t>& x, const pare::packed_weights<pare::s8_narrow>& weights,
              const pare::channels<std::int32_t>& bias, const pare::multipliers<pare::tflite>& multipliers,
              const pare::matrix_view<std::int8_t>& y) {
  const auto to_codes = pare::requantize(multipliers, {0, -128, 127});
#ifdef PARE_COMPILES
  pare::linear(x, 0, weights, pare::bias(bias) | to_codes, y);
#else
  pare::linear(x, 0, weights, to_codes | pare::bias(bias), y);
#endif
}
