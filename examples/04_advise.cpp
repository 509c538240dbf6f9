// 04_advise: which structure is worth pruning a layer to on this machine: times its weights dense and pruned, and
// prints from which sparsity each structure is faster and how many bytes it takes.
//
//   04_advise [weights.npy [m]]    float32 weights [outputs, ..., inputs] (default: the digits network's fc1), times m
//                                  rows of activations (default: 196)
#include <pare/expr/xtensor.hpp>
#include <pare/nn/advise.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#if __has_include(<xtensor/io/xnpy.hpp>)
#include <xtensor/io/xnpy.hpp>
#else
#include <xtensor/xnpy.hpp>
#endif

int main(int argc, char** argv) {
  try {
    const xt::xarray<float> weights = xt::load_npy<float>(argc > 1 ? argv[1] : PARE_DIGITS "/dense/fc1.weight.npy");
    const auto outputs = static_cast<pare::index>(weights.shape(0));
    const auto inputs = static_cast<pare::index>(weights.size()) / outputs;
    float reach = 0;
    for (const float w : weights) reach = std::max(reach, std::abs(w));
    std::vector<std::int8_t> codes;
    for (const float w : weights) codes.push_back(static_cast<std::int8_t>(std::lround(w / reach * 127)));
    const pare::matrix_view<const std::int8_t> layer(codes.data(), outputs, inputs);
    const pare::index m = argc > 2 ? std::atoll(argv[2]) : 196;
    std::fputs(pare::to_text(pare::advise(layer, pare::best_target(), m)).c_str(), stdout);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
