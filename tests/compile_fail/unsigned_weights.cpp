// expect: pare: no kernel multiplies these formats; activations are 8 or 16 bits (16 signed), weights signed
#include <pare/nn/linear.hpp>

#ifdef PARE_COMPILES
using weights_range = pare::s8;
#else
using weights_range = pare::u8;
#endif

void multiply(const pare::matrix_view<const std::uint8_t>& x, const pare::packed_weights<weights_range>& weights,
              const pare::matrix_view<std::int32_t>& y) {
  pare::linear(x, 128, weights, pare::as_is, y);
}
