// expect: pare: prune<P> wants a pruner<Criterion, Structure>, not one of its parts (see prune/pruner.hpp)
#include <pare/expr/prune.hpp>

auto pruned(const xt::xarray<float>& weights) {
#ifdef PARE_COMPILES
  return pare::prune<pare::pruner<pare::magnitude, pare::block<4, 4>>>(weights, 0.8);
}
#else
  return pare::prune<pare::block<4, 4>>(weights, 0.8);
}
#endif
