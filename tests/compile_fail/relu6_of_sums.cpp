// expect: pare: relu6 takes reals; for integer sums requantize to relu6_output
#include <pare/nn/linear.hpp>

void multiply(const pare::matrix_view<const std::int8_t>& x, const pare::packed_weights<pare::s8_narrow>& weights,
              const pare::channels<float>& scales, const pare::matrix_view<float>& y) {
#ifdef PARE_COMPILES
  pare::linear(x, 0, weights, pare::dequantize(scales) | pare::relu6, y);
#else
  pare::linear(x, 0, weights, pare::relu6 | pare::dequantize(scales), y);
#endif
}
