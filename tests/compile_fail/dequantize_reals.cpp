// expect: pare: dequantize takes codes in the storage type of the quantization's scheme
#include <pare/expr/quantize.hpp>

using weights_q = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;

auto reals(const xt::xarray<float>& weights, const pare::quantization<weights_q>& parameters) {
#ifdef PARE_COMPILES
  return pare::dequantize(pare::quantize(weights, parameters), parameters);
}
#else
  return pare::dequantize(weights, parameters);
}
#endif
