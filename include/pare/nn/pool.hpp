// pool.hpp: pooling of images: the mean or the largest of every window, or the mean of the whole image.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "../core/standard.hpp"
#include "../numeric/elementwise.hpp"
#include "../reference/pool.hpp"
#include "prepared.hpp"

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

/// For every output pixel of row `y` of image n and every group of channels: sums start at `start`, join each tap
/// inside the image, and finish(sum, taps) is stored.
template <class Sum, class T, class Join, class Finish>
void pool_row(const image_view<const T>& input, image_extents window, const conv_geometry& geometry,
              const image_view<T>& out, index n, index y, Sum start, const Join& join, const Finish& finish) noexcept {
  std::array<Sum, pool_channels> sums;
  for (index x = 0; x < out.width; ++x) {
    for (index first = 0; first < input.channels; first += pool_channels) {
      const index count = smaller(pool_channels, input.channels - first);
      index taps = 0;
      sums.fill(start);
      for_each_tap(geometry, {input.height, input.width}, window, y, x,
                   [&](index, index, index image_y, index image_x) {
                     join_channels(sums.data(), &input(n, image_y, image_x, first), count, join);
                     ++taps;
                   });
      T* const to = &out(n, y, x, first);
      for (index c = 0; c < count; ++c) to[c] = finish(sums[static_cast<std::size_t>(c)], taps);
    }
  }
}

/// The checked call of a pooling, whose parts are some of the output's rows each.
template <class X, class T, class Sum, class Join, class Finish>
auto prepare_pool(const image_view<X>& x, image_extents window, const conv_geometry& geometry, const image_view<T>& y,
                  Sum start, const Join& join, const Finish& finish) {
  const image_view<const T> input = x;
  expect_pool_extents(input, window, geometry, y);
  return prepared([=](index parts, index i) noexcept {
    const index lines = y.batch * y.height, end = piece(lines, 1, parts, i + 1);
    for (index line = piece(lines, 1, parts, i); line < end; ++line)
      pool_row(input, window, geometry, y, line / y.height, line % y.height, start, join, finish);
  });
}

}  // namespace detail

inline namespace PARE_UNIT {

/// The mean of every window's taps inside the image, clamped to `limits` (a fused activation). x [n, h, w, c],
/// y [n, h', w', c] as output_extents says; codes keep their map. Allocates nothing. Fails if the extents do not agree.
/// Source: TFLite, AVERAGE_POOL_2D. (ONNX's count_include_pad: reference::average_pool.)
///
/// prepare_average_pool and its like check the arguments and return the call, whose run() is noexcept (prepared.hpp).
template <class X, class T>
auto prepare_average_pool(const image_view<X>& x, image_extents window, const conv_geometry& geometry,
                          const image_view<T>& y,
                          const std::type_identity_t<bounds<T>>& limits = {}) PARE_THROWS_MISTAKES {
  using sum = pool_sum<T>;
  return detail::prepare_pool(
      x, window, geometry, y, sum{}, [](sum a, T b) { return a + static_cast<sum>(b); },
      [limits](sum total, index taps) {
        const sum mean = taps == 0 ? sum{} : rounded_mean(total, taps);
        return static_cast<T>(clamped<sum>(mean, limits.min, limits.max));
      });
}
template <class X, class T>
void average_pool(const image_view<X>& x, image_extents window, const conv_geometry& geometry, const image_view<T>& y,
                  const std::type_identity_t<bounds<T>>& limits = {}) PARE_THROWS_MISTAKES {
  prepare_average_pool(x, window, geometry, y, limits).run();
}

/// The largest of every window's taps inside the image, clamped to `limits`. Extents as average_pool's.
/// Source: TFLite, MAX_POOL_2D.
template <class X, class T>
auto prepare_max_pool(const image_view<X>& x, image_extents window, const conv_geometry& geometry,
                      const image_view<T>& y, const std::type_identity_t<bounds<T>>& limits = {}) PARE_THROWS_MISTAKES {
  return detail::prepare_pool(
      x, window, geometry, y, std::numeric_limits<T>::lowest(), [](T a, T b) { return a > b ? a : b; },
      [limits](T largest, index) { return clamped(largest, limits.min, limits.max); });
}
template <class X, class T>
void max_pool(const image_view<X>& x, image_extents window, const conv_geometry& geometry, const image_view<T>& y,
              const std::type_identity_t<bounds<T>>& limits = {}) PARE_THROWS_MISTAKES {
  prepare_max_pool(x, window, geometry, y, limits).run();
}

/// One window over the whole image: y [n, 1, 1, c].
template <class X, class T>
void global_average_pool(const image_view<X>& x, const image_view<T>& y,
                         const std::type_identity_t<bounds<T>>& limits = {}) PARE_THROWS_MISTAKES {
  average_pool(x, {x.height, x.width}, {}, y, limits);
}
template <class X, class T>
void global_max_pool(const image_view<X>& x, const image_view<T>& y,
                     const std::type_identity_t<bounds<T>>& limits = {}) PARE_THROWS_MISTAKES {
  max_pool(x, {x.height, x.width}, {}, y, limits);
}

/// The mean over height and width under a map of its own: y [n, 1, 1, c], op = mean_of<R>(height * width, ...).
/// Fails if the extents do not agree. Source: TFLite, MEAN.
template <class X, class T>
auto prepare_mean(const quantized_mean& op, const image_view<X>& x, const image_view<T>& y) PARE_THROWS_MISTAKES {
  return detail::prepare_pool(
      x, {x.height, x.width}, {}, y, std::int32_t{0}, [](std::int32_t a, T b) { return a + std::int32_t{b}; },
      [op](std::int32_t sum, index) { return static_cast<T>(op(sum)); });
}
template <class X, class T>
void mean(const quantized_mean& op, const image_view<X>& x, const image_view<T>& y) PARE_THROWS_MISTAKES {
  prepare_mean(op, x, y).run();
}

}  // namespace PARE_UNIT
}  // namespace pare
