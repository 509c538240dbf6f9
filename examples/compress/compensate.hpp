// compensate.hpp: a network pruned without retraining: masks by magnitude or by what the other weights can make up for,
// and the weights that stay refitted, layer after layer.
#pragma once

#include <pare/prune/mask.hpp>
#include <pare/prune/moments.hpp>
#include <pare/simd/target.hpp>

#include <functional>
#include <string>

#include "data.hpp"
#include "model.hpp"

namespace compress {

/// What is done about the weights that go.
enum class compensation {
  none,   ///< the greatest magnitudes stay as they are
  refit,  ///< the same, refitted to make up for the others (least squares)
  obs,    ///< those stay that can best make up for the others: of n:m in one sweep, else chosen in four steps; refitted
};

/// A structure with a sparsity, as a row of the study.
struct structure_case {
  std::string name;      ///< as its type reads: "block<4, 4>"
  double sparsity;       ///< of the layers between the first and the last
  std::string folder;    ///< of fine-tuned weights, seen from examples/digits/tuned
  bool removes = false;  ///< channels are removed, not set to 0
  /// The mask of a layer; moments are there for all but compensation::none.
  std::function<pare::mask<pare::unstructured>(const layer_weights&, compensation, const pare::layer_moments*)> mask;
  /// How many times as fast as dense a layer's int8 product is (196 pixels, rows or channel cells, whichever is
  /// faster), measured; 0 where no kernel has the structure.
  std::function<double(const layer_weights&, pare::target)> speed_up;
};

/// The structures of the study.
const std::vector<structure_case>& structure_cases();

/// What flows between layers, of all calibration images.
struct activations {
  pare::image_extents extents;
  index channels = 0;
  std::vector<float> values{};

  index size() const { return extents.height * extents.width * channels; }
  index count() const { return static_cast<index>(values.size()) / size(); }
  pare::image_view<const float> view(index first, index images) const {
    return {values.data() + first * size(), images, extents.height, extents.width, channels};
  }
};

/// What each layer of the dense network reads, of the training images and of each of them shifted by a pixel in each
/// direction: a dense layer has one row of calibration per image, and wants four for each of its inputs.
std::vector<activations> calibration_inputs(const model& dense, const labelled_images& training);

/// The network pruned; its layers are refitted one after the other, on what the pruned layers before them give.
model prune_network(const model& dense, const std::vector<activations>& dense_inputs, const structure_case& which,
                    compensation how);

}  // namespace compress
