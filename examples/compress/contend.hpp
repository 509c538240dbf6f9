// contend.hpp: from a trained network to one that runs under a policy: calibrate, pack, classify.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "measure.hpp"
#include "network.hpp"

namespace compress {

/// Runs the float network on the images and shows the input of each layer, batch after batch, to see(layer, numbers).
/// Always on the best target, so that what is calibrated does not depend on the target that is measured.
void observe_activations(const model& layers, const labelled_images& images,
                         const std::function<void(std::size_t, std::span<const float>)>& see);

/// The codes of each layer's input.
template <class Activations>
std::vector<pare::affine_map> calibrate(const model& layers, const labelled_images& training) {
  std::vector<pare::calibrator<Activations>> seen(layers.size());
  observe_activations(layers, training,
                      [&](std::size_t layer, std::span<const float> numbers) { seen[layer].observe(numbers); });
  std::vector<pare::affine_map> maps;
  for (const auto& calibrator : seen) maps.push_back(calibrator.finish().maps[0]);
  return maps;
}

/// The network under a policy, its integers calibrated.
template <class Policy>
network<Policy> pack_network(const model& layers, const labelled_images& training, index batch) {
  if constexpr (std::is_same_v<Policy, float32>) {
    return {layers, std::vector<pare::affine_map>(layers.size()), batch};
  } else {
    return {layers, calibrate<typename Policy::activations>(layers, training), batch};
  }
}

/// Classifies all images, `batch` at a time; how many answers are right.
template <class Policy>
index right_answers(network<Policy>& net, const labelled_images& set, const conditions& how) {
  index right = 0;
  for (index first = 0; first < set.count(); first += how.batch) {
    const auto scores = net(set.view(first, std::min(how.batch, set.count() - first)), how.on);
    for (index i = 0; i < scores.rows; ++i) {
      const float* const row = scores.row(i);
      right += std::max_element(row, row + scores.columns) - row == set.labels[static_cast<std::size_t>(first + i)];
    }
  }
  return right;
}

template <class Policy>
contender contend(const char* name, const trained_model& trained, const split& data, const conditions& how) {
  auto net = std::make_shared<network<Policy>>(pack_network<Policy>(trained.layers, data.training, how.batch));
  const auto classify = [net, &data, how] { return right_answers(*net, data.held_out, how); };
  return {name, trained.training, net->kernels(), net->bytes(), classify};
}

}  // namespace compress
