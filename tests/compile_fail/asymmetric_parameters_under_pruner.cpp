// expect: pare: an asymmetric weight scheme would move pruned zeros away from 0
#include <pare/expr/quantize.hpp>

using sparsity = pare::pruner<pare::magnitude, pare::block<4, 4>>;

auto pruned_then_quantized(const xt::xarray<float>& weights) {
  return pare::quantize(pare::prune<sparsity>(weights, 0.8),
#ifdef PARE_COMPILES
                        pare::quantizer<pare::symmetric<std::int8_t>>{}.calibrate(weights));
}
#else
                        pare::quantizer<pare::affine<std::int8_t>>{}.calibrate(weights));
}
#endif
