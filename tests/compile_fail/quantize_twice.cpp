// expect: pare: quantize takes real numbers; cast integers with xt::cast<float>, and do not quantize twice
#include <pare/expr/quantize.hpp>

using weights_q = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;

auto twice(const xt::xarray<float>& weights) {
#ifdef PARE_COMPILES
  return pare::quantize<weights_q>(pare::dequantize(pare::quantize<weights_q>(weights)));
}
#else
  return pare::quantize<weights_q>(pare::quantize<weights_q>(weights));
}
#endif
