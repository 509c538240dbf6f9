// expect: pare: prune<P>(weights, sparsity) wants a sparsity; only n_of_m and the like fix it (see core/structure.hpp)
#include <pare/expr/prune.hpp>

auto pruned(const xt::xarray<float>& weights) {
#ifdef PARE_COMPILES
  return pare::prune<pare::pruner<pare::magnitude, pare::n_of_m<2, 4>>>(weights);
}
#else
  return pare::prune<pare::pruner<pare::magnitude, pare::block<4, 4>>>(weights);
}
#endif
