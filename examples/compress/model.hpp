// model.hpp: the trained float network: its layers' weights and geometry, loaded from a folder of .npy files.
#pragma once

#include <pare/core/structure.hpp>
#include <pare/reference/geometry.hpp>

#include "npy.hpp"

namespace compress {

using pare::index;

/// A convolution. A dense layer is one too: its window is as large as its image and moves nowhere.
struct layer_weights {
  std::string name;
  xt::xtensor<float, 4> weights;  ///< OHWI
  xt::xarray<float> bias;         ///< [O]
  pare::conv_geometry geometry;
  pare::image_extents image;  ///< of the input

  index outputs() const { return static_cast<index>(weights.shape(0)); }
  index inputs() const { return static_cast<index>(weights.shape(3)); }
  index input_size() const { return image.height * image.width * inputs(); }
  pare::image_extents window() const {
    return {static_cast<index>(weights.shape(1)), static_cast<index>(weights.shape(2))};
  }
  pare::image_extents output() const { return pare::output_extents(geometry, image, window()); }
};

/// Layers in order, relu between them; the last one gives a number for each class.
using model = std::vector<layer_weights>;

/// Weights along `rank` axes and the bias of a layer: <name>.weight.npy and <name>.bias.npy.
inline std::pair<xt::xarray<float>, xt::xarray<float>> load_layer(const std::filesystem::path& folder,
                                                                  const std::string& name, std::size_t rank,
                                                                  const std::string& axes) {
  auto weights = load_npy<float>(folder / (name + ".weight.npy"), rank, axes);
  const auto path = folder / (name + ".bias.npy");
  auto bias = load_npy<float>(path, 1, "[outputs]");
  if (bias.size() != weights.shape(0))
    pare::fail(path.string(), pare::text(weights.shape(0), " numbers, one for each output of ", name), bias.size());
  return {std::move(weights), std::move(bias)};
}

inline layer_weights load_convolution(const std::filesystem::path& folder, const std::string& name, index stride,
                                      pare::image_extents image, index channels) {
  auto [weights, bias] = load_layer(folder, name, 4, "[outputs, y, x, inputs]");
  layer_weights layer{name, weights, bias, {.stride_y = stride, .stride_x = stride}, image};
  auto& g = layer.geometry;
  g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = 1;
  const std::string path = (folder / (name + ".weight.npy")).string();
  if (layer.inputs() != channels)
    pare::fail(path, pare::text(channels, " inputs, the channels of what comes before"), layer.inputs());
  const auto [height, width] = layer.window();
  if (height > image.height + 2 || width > image.width + 2)
    pare::fail(path, pare::text("a window inside the padded image of ", image.height + 2, " x ", image.width + 2),
               pare::text(height, " x ", width));
  return layer;
}

inline layer_weights load_dense(const std::filesystem::path& folder, const std::string& name, pare::image_extents image,
                                index channels) {
  auto [weights, bias] = load_layer(folder, name, 2, "[outputs, inputs]");
  const index inputs = static_cast<index>(weights.shape(1)), wanted = image.height * image.width * channels;
  if (inputs != wanted)
    pare::fail((folder / (name + ".weight.npy")).string(),
               pare::text(wanted, " inputs, the ", image.height, " x ", image.width, " x ", channels,
                          " numbers (y, x, channel) that come before"),
               inputs);
  weights.reshape({static_cast<index>(weights.shape(0)), image.height, image.width, channels});
  return {name, weights, bias, {}, image};
}

/// conv1 and conv2 with stride 1, conv3 with stride 2, all padded by 1, then fc1 and fc2; the numbers of channels and
/// the windows are the files'. Fails unless each layer takes what the one before gives, the first one images of this
/// shape.
inline model load_model(const std::filesystem::path& folder, pare::image_extents image, index channels) {
  model layers;
  const auto append = [&](layer_weights layer) {
    image = layer.output();
    channels = layer.outputs();
    layers.push_back(std::move(layer));
  };
  append(load_convolution(folder, "conv1", 1, image, channels));
  append(load_convolution(folder, "conv2", 1, image, channels));
  append(load_convolution(folder, "conv3", 2, image, channels));
  append(load_dense(folder, "fc1", image, channels));
  append(load_dense(folder, "fc2", image, channels));
  return layers;
}

}  // namespace compress
