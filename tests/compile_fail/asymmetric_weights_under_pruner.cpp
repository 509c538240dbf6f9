// expect: pare: an asymmetric weight scheme would move pruned zeros away from 0; use symmetric<...> (see
#include <pare/expr/quantize.hpp>

using sparsity = pare::pruner<pare::magnitude, pare::block<4, 4>>;

#ifdef PARE_COMPILES
using weights_q = pare::quantizer<pare::symmetric<std::int8_t>>;
#else
using weights_q = pare::quantizer<pare::affine<std::int8_t>>;
#endif

auto pruned_then_quantized(const xt::xarray<float>& weights) {
  return pare::quantize<weights_q>(pare::prune<sparsity>(weights, 0.8));
}
