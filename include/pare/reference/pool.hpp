// pool.hpp: the definition of pooling: the mean or the largest of every window of an image, channel by channel.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "../core/standard.hpp"
#include "../core/view.hpp"
#include "geometry.hpp"

namespace pare {

/// The interval that results are clamped to: codes for integers, numbers for floats.
template <class T>
struct bounds {
  T min = std::numeric_limits<T>::lowest();
  T max = std::numeric_limits<T>::max();
};

/// sum / count, ties away from zero for integers. Pre: count > 0. Source: TFLite, AVERAGE_POOL_2D.
constexpr std::int32_t rounded_mean(std::int32_t sum, index count) noexcept {
  const auto n = static_cast<std::int32_t>(count);
  return sum > 0 ? (sum + n / 2) / n : (sum - n / 2) / n;
}
constexpr float rounded_mean(float sum, index count) noexcept { return sum / static_cast<float>(count); }

/// What pooling sums codes of T in.
template <class T>
using pool_sum = std::conditional_t<std::is_floating_point_v<T>, float, std::int32_t>;

inline namespace PARE_UNIT {

/// Fails unless the two images' extents agree with the geometry and each other, and integer sums of a window fit.
template <class T>
void expect_pool_extents(const image_view<const T>& input, image_extents window, const conv_geometry& geometry,
                         const image_view<T>& out) {
  expect_valid("input", input);
  expect_valid("out", out);
  const image_extents extents = output_extents(geometry, {input.height, input.width}, window);
  expect_equal("geometry.groups", 1, geometry.groups);
  expect_equal("out.batch", input.batch, out.batch);
  expect_equal("out.height", extents.height, out.height);
  expect_equal("out.width", extents.width, out.width);
  expect_equal("out.channels", input.channels, out.channels);
  if constexpr (std::is_integral_v<T>) {
    // Half a count more than the greatest sum: rounded_mean adds it.
    const index most = (index{std::numeric_limits<std::int32_t>::max()} >> (8 * sizeof(T))) - 1;
    if (window.height > most || window.width > most || window.height * window.width > most)
      fail("window", words("at most ", most, " taps"), words(window.height, " x ", window.width));
  }
}

}  // namespace PARE_UNIT
}  // namespace pare

namespace pare::reference {
inline namespace PARE_UNIT {

/// out[n, y, x, c] = the mean of input[n, y', x', c] over the window's taps inside the image, clamped; 0, clamped,
/// where there is no such tap. With count_padding the sum is divided by all taps that lie in the image or its padding:
/// for floats, or codes with zero point 0. Fails if the extents do not agree.
template <class T>
void average_pool(const image_view<const T>& input, image_extents window, const conv_geometry& geometry,
                  const image_view<T>& out, const bounds<T>& limits = {}, bool count_padding = false) {
  expect_pool_extents(input, window, geometry, out);
  const image_extents image{input.height, input.width};
  conv_geometry inside_padding = geometry;  // the image with its padding, as an image without any
  inside_padding.pad_top = inside_padding.pad_left = 0;
  const image_extents padded{input.height + geometry.pad_top + geometry.pad_bottom,
                             input.width + geometry.pad_left + geometry.pad_right};
  for (index n = 0; n < out.batch; ++n) {
    for (index y = 0; y < out.height; ++y) {
      for (index x = 0; x < out.width; ++x) {
        index count = 0;
        const auto one = [&](index, index, index, index) { ++count; };
        if (count_padding) {
          for_each_tap(inside_padding, padded, window, y, x, one);
        } else {
          for_each_tap(geometry, image, window, y, x, one);
        }
        for (index c = 0; c < out.channels; ++c) {
          pool_sum<T> sum = 0;
          for_each_tap(geometry, image, window, y, x,
                       [&](index, index, index image_y, index image_x) { sum += input(n, image_y, image_x, c); });
          const auto mean = count == 0 ? pool_sum<T>{} : rounded_mean(sum, count);
          out(n, y, x, c) = static_cast<T>(clamped<pool_sum<T>>(mean, limits.min, limits.max));
        }
      }
    }
  }
}

/// out[n, y, x, c] = the largest of input[n, y', x', c] over the window's taps inside the image, clamped; the least
/// that T holds, clamped, where there is no such tap. Fails if the extents do not agree.
template <class T>
void max_pool(const image_view<const T>& input, image_extents window, const conv_geometry& geometry,
              const image_view<T>& out, const bounds<T>& limits = {}) {
  expect_pool_extents(input, window, geometry, out);
  const image_extents image{input.height, input.width};
  for (index n = 0; n < out.batch; ++n) {
    for (index y = 0; y < out.height; ++y) {
      for (index x = 0; x < out.width; ++x) {
        for (index c = 0; c < out.channels; ++c) {
          T largest = std::numeric_limits<T>::lowest();
          for_each_tap(geometry, image, window, y, x, [&](index, index, index image_y, index image_x) {
            largest = larger(largest, input(n, image_y, image_x, c));
          });
          out(n, y, x, c) = clamped(largest, limits.min, limits.max);
        }
      }
    }
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
