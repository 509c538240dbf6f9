// expect: pare: quantize takes an xtensor expression; wrap other memory in xt::adapt
#include <pare/expr/quantize.hpp>
#include <vector>

using weights_q = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;

auto codes(const std::vector<float>& weights, const pare::quantization<weights_q>& parameters) {
#ifdef PARE_COMPILES
  return pare::quantize(xt::adapt(weights), parameters);
}
#else
  return pare::quantize(weights, parameters);
}
#endif
