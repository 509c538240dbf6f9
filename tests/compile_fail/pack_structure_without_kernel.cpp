// expect: no kernel makes this structure faster yet
#include <pare/expr/pack.hpp>

#ifdef PARE_COMPILES
using structure = pare::block<16, 4>;
#else
using structure = pare::block<3, 4>;
#endif

auto packed(const xt::xtensor<float, 2>& w) {
  using weights_q = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;
  return pare::pack(pare::quantize<weights_q>(pare::prune<pare::pruner<pare::magnitude, structure>>(w, 0.5)));
}
