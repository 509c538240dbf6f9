// expect: pare: prune takes real numbers: prune first, then quantize
#include <pare/expr/quantize.hpp>

using weights_q = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;

using sparsity = pare::pruner<pare::magnitude, pare::block<4, 4>>;

auto codes(const xt::xarray<float>& weights) {
#ifdef PARE_COMPILES
  return pare::quantize<weights_q>(pare::prune<sparsity>(weights, 0.8));
}
#else
  return pare::prune<sparsity>(pare::quantize<weights_q>(weights), 0.8);
}
#endif
