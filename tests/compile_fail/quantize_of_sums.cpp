// expect: pare: quantize takes reals; use requantize for integer sums
#include <pare/nn/linear.hpp>

void multiply(const pare::matrix_view<const std::int8_t>& x, const pare::packed_weights<pare::s8_narrow>& weights,
              const pare::channels<float>& scales, const pare::matrix_view<std::int8_t>& y) {
#ifdef PARE_COMPILES
  pare::linear(x, 0, weights, pare::dequantize(scales) | pare::quantize_to(0.1f, {0, -128, 127}), y);
#else
  static_cast<void>(scales);
  pare::linear(x, 0, weights, pare::quantize_to(0.1f, {0, -128, 127}), y);
#endif
}
