// network.hpp: a network packed under a policy, and its forward pass on pare's kernels.
#pragma once

#include <span>
#include <utility>

#include "policy.hpp"

namespace compress {

/// One layer, ready to run: a convolution with packed weights, finished by Stages.
template <class Policy, class Operand, class Stages>
class packed_layer {
  using number = typename Policy::number;
  using result = typename Stages::result;

 public:
  /// in: the codes of its input (any map if Policy is about floats). batch: the largest. out: what Stages wants beyond.
  template <class... Out>
  packed_layer(const layer_weights& layer, Operand weights, index batch, const pare::affine_map& in, const Out&... out)
      : weights_(std::move(weights)),
        stages_(layer, weights_, in, out...),
        zero_point_(in.zero_point),
        geometry_(layer.geometry),
        extents_(layer.output()),
        results_(batch * extents_.height * extents_.width * layer.outputs()) {}

  /// The result is valid until the next call. Pre: images.batch is at most the constructor's batch.
  pare::image_view<const result> operator()(const pare::image_view<const number>& images, pare::target on) {
    const pare::image_view<result> y{results_.data(), images.batch, extents_.height, extents_.width,
                                     weights_.outputs()};
    pare::conv2d<typename Policy::range>(images, zero_point_, weights_, geometry_, stages_.stages(), y, on);
    return y;
  }
  std::size_t bytes() const { return weights_.bytes() + stages_.bytes(); }

 private:
  Operand weights_;
  Stages stages_;
  std::int32_t zero_point_;
  pare::conv_geometry geometry_;
  pare::image_extents extents_;
  pare::aligned_storage<result> results_;
};

/// A model packed under a policy: a first layer, a last one, and any number between, which may be pruned.
template <class Policy>
class network {
  using number = typename Policy::number;
  using edge_operand = decltype(Policy::pack(std::declval<layer_weights>()));
  using middle_operand = decltype(Policy::pack_middle(std::declval<layer_weights>()));

 public:
  /// maps: the codes of each layer's input (any maps for floats). batch: the largest that will be asked for.
  /// Pre: at least two layers, a map for each.
  network(const model& layers, const std::vector<pare::affine_map>& maps, index batch)
      : input_(maps[0], batch * layers[0].input_size()),
        first_(layers[0], Policy::pack(layers[0]), batch, maps[0], maps[1]),
        last_(layers.back(), Policy::pack(layers.back()), batch, maps.back()) {
    for (std::size_t i = 1; i + 1 < layers.size(); ++i)
      middle_.emplace_back(layers[i], Policy::pack_middle(layers[i]), batch, maps[i], maps[i + 1]);
  }

  /// images -> a row of class scores for each, valid until the next call. see(i, numbers) is shown the input of each
  /// layer i.
  template <class Observer>
  pare::matrix_view<const float> operator()(const pare::image_view<const float>& images, pare::target on,
                                            const Observer& see) {
    auto seen = [&, layer = std::size_t{0}](const pare::image_view<const number>& x) mutable {
      see(layer++, std::span<const number>(x.data, static_cast<std::size_t>(x.size())));
      return x;
    };
    pare::image_view<const number> x = first_(seen(input_(images)), on);
    for (auto& layer : middle_) x = layer(seen(x), on);
    return last_(seen(x), on).pixels();
  }
  pare::matrix_view<const float> operator()(const pare::image_view<const float>& images, pare::target on) {
    return (*this)(images, on, [](std::size_t, std::span<const number>) {});
  }

  /// Everything that a layer holds: packed weights, and sums, scales, biases and multipliers of its outputs.
  std::size_t bytes() const {
    std::size_t all = first_.bytes() + last_.bytes();
    for (const auto& layer : middle_) all += layer.bytes();
    return all;
  }
  /// The kernels that run, as their types name them: "s8 x s8, dense".
  static std::string kernels() {
    const bool is_dense = std::is_same_v<typename middle_operand::structure, pare::dense>;
    return pare::text(format_name<typename Policy::range>(), " x ", format_name<typename middle_operand::range>(), ", ",
                      is_dense ? "dense" : "block<16, 4>");
  }

 private:
  typename Policy::input input_;
  packed_layer<Policy, edge_operand, typename Policy::hidden> first_;
  std::vector<packed_layer<Policy, middle_operand, typename Policy::hidden>> middle_;
  packed_layer<Policy, edge_operand, typename Policy::output> last_;
};

}  // namespace compress
