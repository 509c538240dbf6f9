// expect: pare: A must be a format of x's element type
#include <pare/nn/linear.hpp>

#ifdef PARE_COMPILES
using range = pare::integer_range<std::int16_t, -2048, 2047>;
#else
using range = pare::s8;
#endif

void multiply(const pare::matrix_view<const std::int16_t>& x, const pare::packed_weights<pare::s8_narrow>& weights,
              const pare::matrix_view<std::int32_t>& y) {
  pare::linear<range, 512>(x, 0, weights, pare::as_is, y);
}
