// expect: pare: quantize<Q> wants a quantizer<Scheme, Granularity, ...>, not one of its parts (see quant/quantizer.hpp)
#include <pare/expr/quantize.hpp>

auto codes(const xt::xarray<float>& weights) {
#ifdef PARE_COMPILES
  return pare::quantize<pare::quantizer<pare::symmetric<std::int8_t>>>(weights);
}
#else
  return pare::quantize<pare::symmetric<std::int8_t>>(weights);
}
#endif
