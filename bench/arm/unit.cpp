// unit.cpp: layers whose loops model.sh takes out and check_hot_loops.sh looks at.
#include <pare/nn.hpp>

template <class Weights>
void layer(const pare::matrix_view<const std::int8_t>& x, std::int32_t zero_point, const Weights& w,
           const pare::channels<std::int32_t>& bias, const pare::multipliers<pare::float_nearest_even>& multipliers,
           const pare::matrix_view<std::int8_t>& y, pare::target on) {
  pare::linear(x, zero_point, w, pare::bias(bias) | pare::requantize(multipliers, {0, -128, 127}), y, on);
}
using weights = pare::packed_weights<pare::s8_narrow>;
#define LAYER(...)                                                                                                \
  template void layer<__VA_ARGS__>(const pare::matrix_view<const std::int8_t>&, std::int32_t, const __VA_ARGS__&, \
                                   const pare::channels<std::int32_t>&,                                           \
                                   const pare::multipliers<pare::float_nearest_even>&,                            \
                                   const pare::matrix_view<std::int8_t>&, pare::target);
LAYER(weights)
LAYER(pare::reordered_weights<weights>)
