// unit.cpp: what a unit of an inference engine costs to compile: all of nn.hpp, and one kernel.
#include <pare/nn.hpp>

void layer(const pare::matrix_view<const std::int8_t>& x, std::int32_t zero_point,
           const pare::packed_weights<pare::s8_narrow>& w, const pare::channels<std::int32_t>& bias,
           const pare::multipliers<pare::tflite>& multipliers, const pare::matrix_view<std::int8_t>& y) {
  pare::linear(x, zero_point, w, pare::bias(bias) | pare::requantize(multipliers, {0, -128, 127}), y);
}
