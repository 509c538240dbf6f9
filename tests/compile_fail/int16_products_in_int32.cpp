// expect: pare: the epilogue's last value cannot be stored in this output type
#include <pare/nn/linear.hpp>

#ifdef PARE_COMPILES
using sum = std::int64_t;
#else
using sum = std::int32_t;
#endif

void multiply(const pare::matrix_view<const std::int16_t>& x, const pare::packed_weights<pare::s16>& weights,
              const pare::matrix_view<sum>& y) {
  pare::linear(x, 0, weights, pare::as_is, y);
}
