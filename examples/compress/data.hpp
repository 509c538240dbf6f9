// data.hpp: labelled images, and how they are split into those that calibrate and those that are held out.
#pragma once

#include <pare/core/view.hpp>

#include "npy.hpp"

namespace compress {

using pare::index;

/// Images [n, height, width, channels] as the network takes them, and the class of each.
struct labelled_images {
  xt::xtensor<float, 4> images;
  std::vector<index> labels;

  index count() const { return static_cast<index>(images.shape(0)); }
  /// `count` of them from `first` on.
  pare::image_view<const float> view(index first, index count) const {
    const auto extent = [&](std::size_t axis) { return static_cast<index>(images.shape(axis)); };
    const index size = extent(1) * extent(2) * extent(3);
    return {images.data() + first * size, count, extent(1), extent(2), extent(3)};
  }
};

/// Accuracy is measured on images that took no part in training or calibration.
struct split {
  static constexpr const char* description = "images whose index is 4 modulo 5";
  static constexpr bool is_held_out(index i) { return i % 5 == 4; }

  labelled_images training, held_out;
};

/// Images of bytes or floats, with or without the axis of channels.
template <class T>
xt::xtensor<float, 4> load_images_of(const std::filesystem::path& path, const npy_header& header) {
  const bool has_channels = header.shape.size() == 4;
  auto images =
      load_npy<T>(path, has_channels ? 4 : 3, has_channels ? "[n, height, width, channels]" : "[n, height, width]");
  const auto& shape = header.shape;
  images.reshape(std::vector<std::size_t>{shape[0], shape[1], shape[2], has_channels ? shape[3] : 1});
  return xt::cast<float>(images);
}

/// Images as the network takes them: a byte of `white` is 1.0, floats are what they are.
inline xt::xtensor<float, 4> load_images(const std::filesystem::path& path, int white) {
  const npy_header header = read_header(path);
  if (header.type == type_of<float>()) return load_images_of<float>(path, header);
  xt::xtensor<float, 4> images = load_images_of<std::uint8_t>(path, header);
  const float brightest = *std::max_element(images.begin(), images.end());
  if (brightest > static_cast<float>(white))
    pare::fail(path.string(), pare::text("bytes up to ", white, " (see --white)"), brightest);
  images /= static_cast<float>(white);
  return images;
}

/// Integers [n] of 1, 4 or 8 bytes.
inline std::vector<index> load_labels(const std::filesystem::path& path) {
  const auto all = [](const auto& labels) { return std::vector<index>(labels.begin(), labels.end()); };
  const std::string type = read_header(path).type;
  if (type == "<i4") return all(load_npy<std::int32_t>(path, 1, "[n]"));
  if (type == "<i8") return all(load_npy<std::int64_t>(path, 1, "[n]"));
  return all(load_npy<std::uint8_t>(path, 1, "[n]"));
}

/// The images that `wanted` accepts by their index.
template <class F>
labelled_images select(const labelled_images& all, F wanted) {
  std::vector<std::size_t> chosen;
  labelled_images result;
  for (index i = 0; i < all.count(); ++i) {
    if (!wanted(i)) continue;
    chosen.push_back(static_cast<std::size_t>(i));
    result.labels.push_back(all.labels[chosen.back()]);
  }
  result.images = xt::view(all.images, xt::keep(chosen));
  return result;
}

/// Splits the images and their labels. Fails unless there are at least 5 images and a label in [0, classes) for each.
inline split load_split(xt::xtensor<float, 4> images, const std::filesystem::path& labels, index classes) {
  const labelled_images all{std::move(images), load_labels(labels)};
  if (all.count() < 5) pare::fail("images", "at least 5", all.count());
  if (static_cast<index>(all.labels.size()) != all.count())
    pare::fail(labels.string(), pare::text(all.count(), " labels, one for each image"), all.labels.size());
  for (const index label : all.labels)
    if (label < 0 || label >= classes)
      pare::fail(labels.string(), pare::text("classes in [0, ", classes, "), the network's outputs"), label);
  return {select(all, [](index i) { return !split::is_held_out(i); }), select(all, split::is_held_out)};
}

}  // namespace compress
