// graph.hpp: a trained network as data: layers with their weights, and the tensors between them.
#pragma once

#include <pare/core/index.hpp>
#include <pare/numeric/affine.hpp>
#include <pare/reference/geometry.hpp>

#include <cstdint>
#include <vector>

namespace tiny {

using pare::index;

enum class layer_kind { convolution, depthwise, dense, sum, average_pool, reshape, softmax };

/// Weights W: OHWI, for a depthwise layer 1HWO, for a dense layer [outputs, 1, 1, inputs]. Bias B: one per output. Both
/// are empty for the other kinds.
template <class W, class B>
struct layer_of {
  layer_kind kind{};
  std::vector<std::size_t> inputs{};  ///< tensors
  std::size_t output = 0;
  bool relu = false;
  pare::conv_geometry geometry{};
  pare::image_extents window{1, 1};
  std::vector<W> weights{};
  std::vector<B> bias{};
  std::vector<float> scales{};  ///< of the weights, one per output; empty for floats
  bool pruned = false;          ///< in blocks of 16 outputs by 4 inputs
};

/// An image between layers; a vector is one pixel. The map is that of its codes (any, for floats).
struct tensor_info {
  index height = 1, width = 1, channels = 1;
  pare::affine_map map{};
  index size() const noexcept { return height * width * channels; }
};

template <class W, class B>
struct graph_of {
  using layer_type = layer_of<W, B>;
  std::vector<tensor_info> tensors;
  std::vector<layer_of<W, B>> layers;  ///< in the order they run
  std::size_t input = 0, output = 0;
};

using float_graph = graph_of<float, float>;
/// 8-bit weights; the bias is stored as 32 bits where activations have 8.
using fixed_graph = graph_of<std::int8_t, std::int64_t>;

/// TFLite's padding: outputs at every stride-th pixel ("SAME"), what is missing half before and half after the image,
/// one more after.
inline pare::conv_geometry same_geometry(pare::image_extents image, pare::image_extents window, index stride_y,
                                         index stride_x) {
  pare::conv_geometry g{.stride_y = stride_y, .stride_x = stride_x};
  const auto missing = [](index extent, index taps, index stride) {
    return std::max(index{0}, (pare::ceil_div(extent, stride) - 1) * stride + taps - extent);
  };
  const index y = missing(image.height, window.height, stride_y), x = missing(image.width, window.width, stride_x);
  g.pad_top = y / 2, g.pad_bottom = y - y / 2;
  g.pad_left = x / 2, g.pad_right = x - x / 2;
  return g;
}

}  // namespace tiny
