// cells.hpp: activations in channel cells: the layout whose lanes are pixels, in memory that is somebody else's.
#pragma once

#include <type_traits>

#include "cell.hpp"
#include "error.hpp"

namespace pare {

/// Channels of type T in one cell of this layout: 4 int8, 2 int16, 1 of anything wider.
template <class T>
inline constexpr index channel_depth = sizeof(T) < 4 ? cell_bytes / index{sizeof(T)} : 1;

/// `pixels` x `channels` elements as planes of cells: NC4HW4 for int8, C2 for int16, planar (NCHW) for float. Plane
/// c / depth has channels [c, c + depth) of every pixel side by side. Channels of the last plane beyond `channels`, and
/// pixels beyond `pixels` up to a multiple of 16, are memory that a call may read and write and whose values mean
/// nothing. data may be null if the view is empty.
template <class T>
struct cells_view {
  T* data = nullptr;
  index pixels = 0;
  index channels = 0;
  index plane = 0;  ///< elements from one plane to the next, at least round_up(pixels, 16) * depth

  static constexpr index depth = channel_depth<std::remove_const_t<T>>;

  constexpr cells_view() noexcept = default;
  constexpr cells_view(T* data_, index pixels_, index channels_, index plane_) noexcept
      : data(data_), pixels(pixels_), channels(channels_), plane(plane_) {}
  /// Planes without gaps.
  constexpr cells_view(T* data_, index pixels_, index channels_) noexcept
      : cells_view(data_, pixels_, channels_, round_up(pixels_, strip_lanes) * depth) {}

  constexpr T& operator()(index pixel, index channel) const noexcept {
    return data[channel / depth * plane + pixel * depth + channel % depth];
  }
  constexpr index planes() const noexcept { return ceil_div(channels, depth); }
  /// Elements of memory that the view covers.
  constexpr index size() const noexcept { return planes() * plane; }
  constexpr bool empty() const noexcept { return pixels == 0 || channels == 0; }
  constexpr operator cells_view<const T>() const noexcept requires(!std::is_const_v<T>) {
    return {data, pixels, channels, plane};
  }
};

/// A batch of images in channel cells: their pixels in the order of image_view.
template <class T>
struct cells_image {
  T* data = nullptr;
  index batch = 0;
  index height = 0;
  index width = 0;
  index channels = 0;
  index plane = 0;  ///< as in cells_view

  constexpr cells_image() noexcept = default;
  constexpr cells_image(T* data_, index batch_, index height_, index width_, index channels_, index plane_) noexcept
      : data(data_), batch(batch_), height(height_), width(width_), channels(channels_), plane(plane_) {}
  /// Planes without gaps.
  constexpr cells_image(T* data_, index batch_, index height_, index width_, index channels_) noexcept
      : cells_image(data_, batch_, height_, width_, channels_,
                    cells_view<T>(data_, batch_ * height_ * width_, channels_).plane) {}

  constexpr T& operator()(index n, index y, index x, index c) const noexcept {
    return pixels()((n * height + y) * width + x, c);
  }
  constexpr cells_view<T> pixels() const noexcept { return {data, batch * height * width, channels, plane}; }
  /// Elements of the images, without what fills cells and planes.
  constexpr index size() const noexcept { return batch * height * width * channels; }
  constexpr operator cells_image<const T>() const noexcept requires(!std::is_const_v<T>) {
    return {data, batch, height, width, channels, plane};
  }
};

/// Fails if a view's extents are negative, its planes overlap, or it has elements and no memory.
template <class T>
void expect_valid(const char* argument, const cells_view<T>& view) {
  if (view.pixels < 0) fail(words(argument, ".pixels"), "at least 0", view.pixels);
  // Not `view.channels < 0`: where the class template of that name is known, it would open its arguments.
  if (0 > view.channels) fail(words(argument, ".channels"), "at least 0", view.channels);
  if (view.empty()) return;
  if (view.data == nullptr) fail(words(argument, ".data"), "memory for a view that is not empty", "a null pointer");
  const index least = round_up(view.pixels, strip_lanes) * view.depth;
  if (view.plane < least)
    fail(words(argument, ".plane"), words("at least ", least, ", a multiple of 16 pixels"), view.plane);
}
template <class T>
void expect_valid(const char* argument, const cells_image<T>& images) {
  if (images.batch < 0) fail(words(argument, ".batch"), "at least 0", images.batch);
  if (images.height < 0) fail(words(argument, ".height"), "at least 0", images.height);
  if (images.width < 0) fail(words(argument, ".width"), "at least 0", images.width);
  expect_valid(argument, images.pixels());
}

}  // namespace pare
