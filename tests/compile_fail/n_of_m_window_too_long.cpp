// expect: pare: four weights are picked from at most 64 bytes of activations
#include <pare/nn/linear.hpp>

#ifdef PARE_COMPILES
using structure = pare::n_of_m<4, 32>;
#else
using structure = pare::n_of_m<4, 64>;
#endif

void multiply(const pare::matrix_view<const std::int16_t>& x,
              const pare::packed_weights<pare::s8_narrow, structure>& weights,
              const pare::matrix_view<std::int64_t>& y) {
  pare::linear(x, 0, weights, pare::as_is, y);
}
