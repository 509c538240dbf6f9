// The mask that a pruner makes for somebody else's weights, as a file: what a training script asks for at every step.
//
//   02_masks                                        shows the masks of a few structures
//   02_masks <structure> <sparsity> <in> <out>      in: float32 weights [n, ..., inputs] as .npy; out: a byte for each,
//                                                   1 where it stays
#include <pare/expr/prune.hpp>

#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#if __has_include(<xtensor/io/xnpy.hpp>)
#include <xtensor/io/xnpy.hpp>
#else
#include <xtensor/xnpy.hpp>
#endif

namespace {

using weights = xt::xarray<float>;
using flags = xt::xarray<std::uint8_t>;

/// The mask of the weights with the greatest magnitudes, as a tensor of their shape. On its way to the final sparsity
/// a structure of windows keeps more than it will in the end: floor(sparsity * window) of each window go.
template <pare::Structure S>
flags mask_for(const weights& w, double sparsity) {
  const pare::weight_shape shape = pare::weights_of(w.shape());
  if constexpr (pare::WindowedStructure<S>) {
    const auto scores = pare::group_scores<S>(pare::magnitude{}, w.begin(), shape);
    const auto pruned = static_cast<pare::index>(std::floor(sparsity * S::window + 1e-9));
    const pare::mask<S> mask{shape, pare::keep_greatest(scores, std::size_t{S::window}, pruned)};
    return pare::flags(mask, w.shape());
  } else {
    return pare::flags(pare::pruner<pare::magnitude, S>{}.select(w.begin(), shape, sparsity), w.shape());
  }
}

const std::map<std::string, std::function<flags(const weights&, double)>> structures{
    {"unstructured", mask_for<pare::unstructured>},  {"block<2,4>", mask_for<pare::block<2, 4>>},
    {"block<4,4>", mask_for<pare::block<4, 4>>},     {"block<16,4>", mask_for<pare::block<16, 4>>},
    {"n_of_m<2,4>", mask_for<pare::n_of_m<2, 4>>},   {"n_of_m<4,16>", mask_for<pare::n_of_m<4, 16>>},
    {"n_of_m<4,32>", mask_for<pare::n_of_m<4, 32>>}, {"channel<0>", mask_for<pare::channel<0>>},
};

void show() {
  weights w = xt::zeros<float>({8, 32});
  for (std::size_t i = 0; i < w.size(); ++i) w.flat(i) = std::sin(static_cast<float>(i * i));
  for (const auto& [name, make] : structures) {
    std::cout << name << ", half of the weights gone:\n";
    const flags mask = make(w, 0.5);
    for (std::size_t row = 0; row < 8; ++row) {
      for (std::size_t column = 0; column < 32; ++column) std::cout << (mask(row, column) != 0 ? '#' : '.');
      std::cout << '\n';
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    show();
    return 0;
  }
  try {
    if (argc != 5) pare::fail("arguments", "<structure> <sparsity> <in> <out>", argc - 1);
    const auto structure = structures.find(argv[1]);
    if (structure == structures.end())
      pare::fail("structure", "one that this program lists without arguments", argv[1]);
    const auto w = xt::load_npy<float>(argv[3]);
    xt::dump_npy(argv[4], structure->second(w, std::stod(argv[2])));
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 2;
  }
}
