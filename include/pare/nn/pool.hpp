// pool.hpp: pooling of images: the mean or the largest of every window, or the mean of the whole image.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "../numeric/elementwise.hpp"
#include "../reference/pool.hpp"

namespace pare {

namespace detail {

/// Channels of a pixel that are summed side by side: a constant, so that compilers make vectors of them.
inline constexpr index pool_channels = 32;

/// sums[c] = join(sums[c], p[c]) over `count` channels.
template <class Sum, class T, class Join>
void join_channels(Sum* sums, const T* p, index count, const Join& join) {
  if (count == pool_channels) {
    for (index c = 0; c < pool_channels; ++c) sums[c] = join(sums[c], p[c]);
  } else {
    for (index c = 0; c < count; ++c) sums[c] = join(sums[c], p[c]);
  }
}

/// For every output pixel and group of channels: sums start at `start`, join each tap inside the image, and are handed
/// to finish(n, y, x, first channel, channels, sums, taps).
template <class Sum, class T, class Join, class Finish>
void pool_windows(const image_view<const T>& input, image_extents window, const conv_geometry& geometry,
                  image_extents out, Sum start, const Join& join, const Finish& finish) {
  std::array<Sum, pool_channels> sums;
  for (index n = 0; n < input.batch; ++n) {
    for (index y = 0; y < out.height; ++y) {
      for (index x = 0; x < out.width; ++x) {
        for (index first = 0; first < input.channels; first += pool_channels) {
          const index count = std::min(pool_channels, input.channels - first);
          index taps = 0;
          sums.fill(start);
          for_each_tap(geometry, {input.height, input.width}, window, y, x,
                       [&](index, index, index image_y, index image_x) {
                         join_channels(sums.data(), &input(n, image_y, image_x, first), count, join);
                         ++taps;
                       });
          finish(n, y, x, first, count, sums.data(), taps);
        }
      }
    }
  }
}

}  // namespace detail

inline namespace PARE_UNIT {

/// The mean of every window's taps inside the image, clamped to `limits` (a fused activation). x [n, h, w, c],
/// y [n, h', w', c] as output_extents says; codes keep their map. Allocates nothing. Fails if the extents do not agree.
/// Source: TFLite, AVERAGE_POOL_2D. (ONNX's count_include_pad: reference::average_pool.)
template <class X, class T>
void average_pool(const image_view<X>& x, image_extents window, const conv_geometry& geometry, const image_view<T>& y,
                  const std::type_identity_t<bounds<T>>& limits = {}) {
  const image_view<const T> input = x;
  expect_pool_extents(input, window, geometry, y);
  using sum = pool_sum<T>;
  detail::pool_windows(
      input, window, geometry, {y.height, y.width}, sum{}, [](sum a, T b) { return a + static_cast<sum>(b); },
      [&](index n, index row, index column, index first, index count, const sum* sums, index taps) {
        T* const out = y.data + ((n * y.height + row) * y.width + column) * y.channels + first;
        for (index c = 0; c < count; ++c) {
          const sum mean = taps == 0 ? sum{} : rounded_mean(sums[c], taps);
          out[c] = static_cast<T>(std::clamp<sum>(mean, limits.min, limits.max));
        }
      });
}

/// The largest of every window's taps inside the image, clamped to `limits`. Extents as average_pool's.
/// Source: TFLite, MAX_POOL_2D.
template <class X, class T>
void max_pool(const image_view<X>& x, image_extents window, const conv_geometry& geometry, const image_view<T>& y,
              const std::type_identity_t<bounds<T>>& limits = {}) {
  const image_view<const T> input = x;
  expect_pool_extents(input, window, geometry, y);
  detail::pool_windows(
      input, window, geometry, {y.height, y.width}, std::numeric_limits<T>::lowest(),
      [](T a, T b) { return a > b ? a : b; },
      [&](index n, index row, index column, index first, index count, const T* largest, index) {
        T* const out = y.data + ((n * y.height + row) * y.width + column) * y.channels + first;
        for (index c = 0; c < count; ++c) out[c] = std::clamp(largest[c], limits.min, limits.max);
      });
}

/// One window over the whole image: y [n, 1, 1, c].
template <class X, class T>
void global_average_pool(const image_view<X>& x, const image_view<T>& y,
                         const std::type_identity_t<bounds<T>>& limits = {}) {
  average_pool(x, {x.height, x.width}, {}, y, limits);
}
template <class X, class T>
void global_max_pool(const image_view<X>& x, const image_view<T>& y,
                     const std::type_identity_t<bounds<T>>& limits = {}) {
  max_pool(x, {x.height, x.width}, {}, y, limits);
}

/// The mean over height and width under a map of its own: y [n, 1, 1, c], op = mean_of<R>(height * width, ...).
/// Fails if the extents do not agree. Source: TFLite, MEAN.
template <class X, class T>
void mean(const quantized_mean& op, const image_view<X>& x, const image_view<T>& y) {
  const image_view<const T> input = x;
  const image_extents window{x.height, x.width};
  expect_pool_extents(input, window, {}, y);
  detail::pool_windows(
      input, window, {}, {1, 1}, std::int32_t{0}, [](std::int32_t a, T b) { return a + std::int32_t{b}; },
      [&](index n, index, index, index first, index count, const std::int32_t* sums, index) {
        T* const out = y.data + n * y.channels + first;
        for (index c = 0; c < count; ++c) out[c] = static_cast<T>(op(sums[c]));
      });
}

}  // namespace PARE_UNIT
}  // namespace pare
