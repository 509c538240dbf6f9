// float32.cpp: the network in real numbers: what the others are calibrated on and compared with.
#include "contend.hpp"

namespace compress {

void observe_activations(const model& layers, const labelled_images& images,
                         const std::function<void(std::size_t, std::span<const float>)>& see) {
  constexpr index batch = 64;
  network<float32> net(layers, std::vector<pare::affine_map>(layers.size()), batch);
  for (index first = 0; first < images.count(); first += batch)
    net(images.view(first, std::min(batch, images.count() - first)), pare::best_target(), see);
}

template contender contend<float32>(const char*, const trained_model&, const split&, const conditions&);

}  // namespace compress
