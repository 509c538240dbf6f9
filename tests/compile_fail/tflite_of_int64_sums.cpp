// expect: pare: this requantization policy reads int32 sums, but the operands' ranges need int64 sums at this depth
#include <pare/nn/linear.hpp>

#ifdef PARE_COMPILES
using policy = pare::tflite_int64;
#else
using policy = pare::tflite;
#endif

void multiply(const pare::matrix_view<const std::int16_t>& x, const pare::packed_weights<pare::s8_narrow>& weights,
              const pare::multipliers<policy>& multipliers, const pare::matrix_view<std::int16_t>& y) {
  pare::linear(x, 0, weights, pare::requantize(multipliers, {0, -32768, 32767}), y);
}
