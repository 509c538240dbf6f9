// patches.hpp: the windows of a batch of images as the rows of a matrix: what a layer's refit learns from.
#pragma once

#include <pare/core/storage.hpp>
#include <pare/core/view.hpp>
#include <pare/reference/geometry.hpp>

#include <algorithm>
#include <vector>

namespace compress {

using pare::index;

/// images [batch, height, width, channels] -> rows [batch * output pixels, window height * window width * channels].
/// Which elements go where is worked out once. Taps outside the image are written once and then left alone.
template <class T>
class patches {
 public:
  /// padding: what a tap outside the image reads: the zero point, so that it adds nothing. batch: the largest.
  patches(const pare::conv_geometry& geometry, pare::image_extents image, pare::image_extents window, index channels,
          index batch, T padding)
      : columns_(window.height * window.width * channels) {
    const pare::image_extents out = pare::output_extents(geometry, image, window);
    rows_ = out.height * out.width;
    for (index row = 0; row < rows_; ++row)
      pare::for_each_tap(geometry, image, window, row / out.width, row % out.width,
                         [&](index window_y, index window_x, index image_y, index image_x) {
                           const index tap = window_y * window.width + window_x;
                           append({.from = (image_y * image.width + image_x) * channels,
                                   .to = row * columns_ + tap * channels,
                                   .count = channels});
                         });
    const index size = image.height * image.width * channels;
    in_place_ = runs_.size() == 1 && runs_[0].count == size && rows_ * columns_ == size;
    if (in_place_) return;
    memory_ = pare::aligned_storage<T>(batch * rows_ * columns_);
    std::fill(memory_.begin(), memory_.end(), padding);
  }

  /// The rows are valid until the next call.
  pare::matrix_view<const T> operator()(const pare::image_view<const T>& images) {
    const index size = images.height * images.width * images.channels;
    if (in_place_) return {images.data, images.batch * rows_, columns_};
    for (index n = 0; n < images.batch; ++n) {
      const T* from = images.data + n * size;
      T* to = memory_.data() + n * rows_ * columns_;
      for (const run& r : runs_) std::copy_n(from + r.from, r.count, to + r.to);
    }
    return {memory_.data(), images.batch * rows_, columns_};
  }

 private:
  /// Elements that are neighbours in the image and in the matrix.
  struct run {
    index from, to, count;
  };
  void append(const run& next) {
    run* last = runs_.empty() ? nullptr : &runs_.back();
    if (last != nullptr && last->from + last->count == next.from && last->to + last->count == next.to) {
      last->count += next.count;
    } else {
      runs_.push_back(next);
    }
  }

  index rows_ = 0, columns_ = 0;  // of one image
  std::vector<run> runs_;
  bool in_place_ = false;  // the image is the matrix already, as for a dense layer
  pare::aligned_storage<T> memory_;
};

}  // namespace compress
