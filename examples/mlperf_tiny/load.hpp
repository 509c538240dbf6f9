// load.hpp: reads networks and labelled samples from folders of .npy files and text manifests.
#pragma once

#include <filesystem>
#include <vector>

#include "graph.hpp"

namespace tiny {

/// The numbers in a .npy file and its extents.
template <class T>
struct array {
  std::vector<index> shape;
  std::vector<T> values;
  /// The numbers of sample i: one step along the first axis.
  const T* sample(index i) const { return values.data() + i * stride(); }
  index stride() const { return static_cast<index>(values.size()) / shape.at(0); }
  index samples() const { return shape.at(0); }
};

/// T: float, int8, uint8, int32 or int64. Fails if the file is missing, broken or of another type.
template <class T>
array<T> load_array(const std::filesystem::path& path);

/// The network of a folder with a model.txt, which lists `inputs`, `outputs`, `tensor ID DTYPE NDIM dims scale S zp Z
/// qdim Q file F|-` and `op N NAME in n ids out n ids Key=Value...`. Fails on an operator or option that is none of
/// layer_kind's.
fixed_graph load_int8_network(const std::filesystem::path& folder);
float_graph load_float_network(const std::filesystem::path& folder);

/// DS-CNN from its training's parameters: lN_kernel, _bias, _gamma, _beta, _mean, _var, and the dense layer of
/// folded/. Batch norms are folded into the layers before them.
float_graph load_dscnn_parameters(const std::filesystem::path& folder);
/// ResNet8 from its training's parameters, named as Keras names them. Batch norms are folded.
float_graph load_resnet8_parameters(const std::filesystem::path& folder);

}  // namespace tiny
