#include "compensate.hpp"

#include <pare/nn/advise.hpp>
#include <pare/nn/conv2d.hpp>
#include <pare/prune/obs.hpp>
#include <pare/prune/prune_channels.hpp>

#include <optional>

#include "patches.hpp"
#include "policy.hpp"

namespace compress {
namespace {

using flat_mask = pare::mask<pare::unstructured>;
constexpr index batch = 128;

pare::weight_shape shape_of(const layer_weights& layer) { return pare::weights_of(layer.weights.shape()); }

pare::matrix_view<const float> matrix_of(const layer_weights& layer) {
  return {layer.weights.data(), shape_of(layer).rows, shape_of(layer).columns()};
}

/// A flag for each weight.
template <pare::Structure S>
flat_mask flattened(const pare::mask<S>& mask) {
  flat_mask all{mask.shape, {}};
  for (index row = 0; row < mask.shape.rows; ++row)
    for (index column = 0; column < mask.shape.columns(); ++column) all.groups.push_back(mask.keeps(row, column));
  return all;
}

template <pare::Structure S>
double speed_up_of(const layer_weights& layer, double sparsity, pare::target on) {
  if constexpr (pare::has_kernel<S, std::int8_t>) {
    float reach = 0;
    for (const float w : layer.weights) reach = std::max(reach, std::abs(w));
    std::vector<std::int8_t> codes;
    for (const float w : layer.weights) codes.push_back(static_cast<std::int8_t>(std::lround(w / reach * 127)));
    const pare::matrix_view<const std::int8_t> matrix(codes.data(), shape_of(layer).rows, shape_of(layer).columns());
    const auto measured = pare::advise<pare::structures<S>>(matrix, on, 196, std::span(&sparsity, 1));
    double best = 0;
    for (const pare::advice_row& row : measured.rows) best = std::max(best, measured.dense_seconds / row.seconds);
    return best;
  } else {
    return 0;
  }
}

template <pare::Structure S>
structure_case of(std::string name, double sparsity, std::string folder) {
  const auto choose = [sparsity](const layer_weights& layer, compensation how, const pare::layer_moments* moments) {
    const pare::weight_shape shape = shape_of(layer);
    const auto weights = matrix_of(layer);
    if (how == compensation::obs) {
      if constexpr (pare::WindowedStructure<S>) return flattened(pare::sequential_obs<S>(weights, shape, *moments));
      return flattened(pare::gradual_obs<S>(weights, shape, *moments, sparsity));
    }
    return flattened(pare::pruner<pare::magnitude, S>{}.select(layer.weights.begin(), shape, sparsity));
  };
  const auto speed_up = [sparsity](const layer_weights& layer, pare::target on) {
    return speed_up_of<S>(layer, sparsity, on);
  };
  return {std::move(name), sparsity, std::move(folder), std::is_same_v<S, pare::channel<0>>, choose, speed_up};
}

/// The images, and each of them shifted by one pixel in the four directions; zeros enter.
activations shifted_images(const labelled_images& training) {
  const auto all = training.view(0, training.count());
  activations result{{all.height, all.width}, all.channels};
  constexpr std::array<std::array<index, 2>, 5> shifts{{{0, 0}, {0, 1}, {0, -1}, {1, 0}, {-1, 0}}};
  for (const auto& [down, right] : shifts)
    for (index n = 0; n < all.batch; ++n)
      for (index y = 0; y < all.height; ++y)
        for (index x = 0; x < all.width; ++x)
          for (index c = 0; c < all.channels; ++c) {
            const bool inside = y + down >= 0 && y + down < all.height && x + right >= 0 && x + right < all.width;
            result.values.push_back(inside ? all(n, y + down, x + right, c) : 0.f);
          }
  return result;
}

/// The `batch` images from `first` on, or those that are left.
pare::image_view<const float> batch_of(const activations& x, index first) {
  return x.view(first, std::min(batch, x.count() - first));
}

/// Runs a layer on images, batch after batch.
class layer_run {
 public:
  explicit layer_run(const layer_weights& layer)
      : layer_(layer), weights_(pare::pack_conv(layer.weights)), bias_(layer.bias) {}

  /// The sums before relu of the images from `first` on, a row for each output pixel, valid until the next call.
  pare::matrix_view<const float> operator()(const activations& x, index first) {
    const auto images = batch_of(x, first);
    const pare::image_extents out = layer_.output();
    sums_.resize(static_cast<std::size_t>(images.batch * out.height * out.width * layer_.outputs()));
    const pare::image_view<float> y{sums_.data(), images.batch, out.height, out.width, layer_.outputs()};
    pare::conv2d(images, 0, weights_, layer_.geometry, pare::bias(bias_), y);
    return y.pixels();
  }
  activations outputs(const activations& x) {
    activations y{layer_.output(), layer_.outputs()};
    for (index first = 0; first < x.count(); first += batch) {
      (*this)(x, first);
      for (const float sum : sums_) y.values.push_back(std::max(sum, 0.f));
    }
    return y;
  }

 private:
  const layer_weights& layer_;
  pare::packed_conv<pare::f32> weights_;
  pare::channels<float> bias_;
  std::vector<float> sums_;
};

/// What the layer should compute, and on what: the dense network's sums, the pruned network's inputs. Of more rows than
/// 8 for each input only as many, spread evenly over images and pixels.
pare::layer_moments observe(const layer_weights& layer, const activations& dense_inputs, const activations& inputs) {
  const index k = shape_of(layer).columns(), pixels = layer.output().height * layer.output().width;
  const index every =
      std::max<index>(dense_inputs.count() * pixels / (8 * k), 1) | 1;  // odd: all pixels get their turn
  pare::moment_sums sums(layer.outputs(), k);
  layer_run on_dense(layer);
  patches<float> patches_of(layer.geometry, layer.image, layer.window(), layer.inputs(), batch, 0.f);
  index skip = 0;
  for (index first = 0; first < inputs.count(); first += batch) {
    const auto targets = on_dense(dense_inputs, first);
    const auto rows = patches_of(batch_of(inputs, first));
    const auto spread = [&](const pare::matrix_view<const float>& all) {
      return pare::matrix_view<const float>(all.row(skip), pare::ceil_div(all.rows - skip, every), all.columns,
                                            every * all.stride);
    };
    if (skip < rows.rows) sums.observe(spread(rows), spread(targets));
    skip = (skip - rows.rows % every + every) % every;
  }
  return sums.finish();
}

/// Removes the channels that the masks prune from the network; they are 0 in it.
model without_pruned_channels(const model& layers, const std::vector<flat_mask>& masks) {
  std::vector<pare::connected_layer> network{{"image", pare::layer_kind::input, {}, {.rows = layers[0].inputs()}}};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const layer_weights& layer = layers[i];
    const bool is_dense = i > 0 && layers[i - 1].output().height != layer.image.height;
    network.push_back({layer.name,
                       is_dense ? pare::layer_kind::dense : pare::layer_kind::conv,
                       {static_cast<index>(i)},
                       shape_of(layer),
                       {layer.weights.begin(), layer.weights.end()},
                       {{layer.bias.begin(), layer.bias.end()}}});
  }
  const auto kept = [&](std::size_t i) {
    std::vector<double> flags;
    if (i > 0 && i < layers.size())
      for (index row = 0; row < layers[i - 1].outputs(); ++row) flags.push_back(masks[i - 1].keeps(row, 0));
    return flags;
  };
  double sparsity = 0;  // the same in each layer
  for (const double flag : kept(1)) sparsity += (1 - flag) / static_cast<double>(layers[0].outputs());
  const auto thin = pare::prune_channels(network, sparsity, kept);
  model result = layers;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& layer = thin.layers[i + 1];
    const auto& shape = layers[i].weights.shape();
    result[i].weights = xt::xtensor<float, 4>::from_shape(
        {static_cast<std::size_t>(layer.shape.rows), shape[1], shape[2], static_cast<std::size_t>(layer.shape.inputs)});
    std::copy(layer.weights.begin(), layer.weights.end(), result[i].weights.begin());
    result[i].bias = xt::adapt(layer.per_channel[0]);
  }
  return result;
}

/// Prunes a layer, and refits it if there are moments.
flat_mask prune_layer(layer_weights& layer, const structure_case& which, compensation how, bool pruned,
                      const pare::layer_moments* moments) {
  flat_mask mask{shape_of(layer), std::vector<std::uint8_t>(static_cast<std::size_t>(shape_of(layer).size()), 1)};
  if (pruned) mask = which.mask(layer, how, moments);
  if (moments == nullptr) {
    pare::apply(mask, layer.weights.begin());
  } else {
    const auto fitted = pare::refit(matrix_of(layer), {layer.bias.data(), layer.bias.size()}, mask, *moments);
    std::copy(fitted.weights.begin(), fitted.weights.end(), layer.weights.begin());
    std::copy(fitted.bias.begin(), fitted.bias.end(), layer.bias.begin());
  }
  if (which.removes)
    for (index row = 0; row < mask.shape.rows; ++row)
      if (!mask.keeps(row, 0)) layer.bias(row) = 0;
  return mask;
}

}  // namespace

const std::vector<structure_case>& structure_cases() {
  using namespace pare;
  static const std::vector<structure_case> all{
      of<n_of_m<2, 4>>("n_of_m<2, 4>", 0.5, "n2m4"),       of<n_of_m<4, 16>>("n_of_m<4, 16>", 0.75, "n4m16"),
      of<n_of_m<4, 32>>("n_of_m<4, 32>", 0.875, "n4m32"),  of<block<2, 4>>("block<2, 4>", 0.5, "block2x4-50"),
      of<block<2, 4>>("block<2, 4>", 0.75, "block2x4-75"), of<block<4, 4>>("block<4, 4>", 0.5, "block4x4-50"),
      of<block<4, 4>>("block<4, 4>", 0.75, "block4x4-75"), of<channel<0>>("channel<0>", 0.25, "channel-25"),
      of<channel<0>>("channel<0>", 0.5, "../channel"),
  };
  return all;
}

std::vector<activations> calibration_inputs(const model& dense, const labelled_images& training) {
  std::vector<activations> inputs{shifted_images(training)};
  for (std::size_t i = 0; i + 1 < dense.size(); ++i) inputs.push_back(layer_run(dense[i]).outputs(inputs.back()));
  return inputs;
}

model prune_network(const model& dense, const std::vector<activations>& dense_inputs, const structure_case& which,
                    compensation how) {
  model result = dense;
  std::vector<flat_mask> masks;
  activations inputs = dense_inputs[0];
  for (std::size_t i = 0; i < dense.size(); ++i) {
    const bool last = i + 1 == dense.size(), pruned = !last && (i > 0 || which.removes);
    const bool refitted = how != compensation::none && (i > 0 || pruned);
    std::optional<pare::layer_moments> moments;
    if (refitted) moments = observe(dense[i], dense_inputs[i], inputs);
    masks.push_back(prune_layer(result[i], which, how, pruned, moments ? &*moments : nullptr));
    if (how != compensation::none && !last) inputs = layer_run(result[i]).outputs(inputs);
  }
  return which.removes ? without_pruned_channels(result, masks) : result;
}

}  // namespace compress
