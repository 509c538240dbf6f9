// expect: pare: no kernel multiplies these formats
#include <pare/nn/linear.hpp>

#ifdef PARE_COMPILES
using weights_range = pare::f32;
#else
using weights_range = pare::s8;
#endif

void multiply(const pare::matrix_view<const float>& x, const pare::packed_weights<weights_range>& weights,
              const pare::matrix_view<float>& y) {
  pare::linear(x, 0, weights, pare::as_is, y);
}
