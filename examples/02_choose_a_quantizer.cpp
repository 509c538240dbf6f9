// 02_choose_a_quantizer: the weights of a trained layer under eight quantizers, and what each costs in accuracy.
#include <pare/expr/error_report.hpp>
#include <pare/quant/calibration/mse.hpp>
#include <pare/quant/calibration/percentile.hpp>
#include <pare/quant/presets.hpp>

#include <cstdio>
#include <string_view>

#include "compress/npy.hpp"

namespace presets = pare::presets;

template <class Q>
void show(const char* name, const xt::xarray<float>& weights, const Q& quantizer = {}) {
  const auto codes = pare::quantize(weights, quantizer);  // calibrates now; the codes stay lazy
  const pare::error_report report = pare::report_error(codes);
  std::printf("%-34s %5zu scales\n%s\n", name, codes.parameters().maps.size(), report.to_text().c_str());
}

int main(int count, char** arguments) {
  const auto weights = compress::load_npy<float>(PARE_DIGITS "/dense/fc1.weight.npy", 2, "[outputs, inputs]");

  using four_bits = pare::symmetric<std::int8_t, pare::narrow_bits<4>>;
  show<presets::tflite::weights_int8<>>("TFLite int8, per channel", weights);
  show<presets::tflite::weights_int8_per_tensor>("TFLite int8, per tensor", weights);
  show<presets::onnx::quantize_linear<std::uint8_t>>("ONNX uint8, per tensor", weights);
  show<pare::quantizer<pare::fixed_point<std::int8_t>>>("fixed point, 8 bits", weights);
  show<pare::quantizer<four_bits, pare::per_axis<0>>>("4 bits, per channel", weights);
  show<pare::quantizer<four_bits, pare::per_axis<0>, pare::half_even, pare::mse>>("4 bits, least squared error",
                                                                                  weights);
  show(
      "4 bits, 99 % of the values", weights,
      pare::quantizer<four_bits, pare::per_axis<0>, pare::half_even, pare::percentile>{.calibration = {.percent = 99}});
  show<pare::quantizer<four_bits, pare::per_group<1, 32>>>("4 bits, groups of 32 inputs", weights);

  if (count > 1 && std::string_view(arguments[1]) == "--json")
    std::printf("%s\n", pare::report_error(pare::quantize<presets::tflite::weights_int8<>>(weights)).to_json().c_str());
}
