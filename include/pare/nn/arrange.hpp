// arrange.hpp: layers that move elements and change none: pad, concat, reshape; and argmax.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "../core/standard.hpp"
#include "../reference/arrange.hpp"

namespace pare {
inline namespace PARE_UNIT {

/// The same elements under other extents. Fails if there are not as many.
template <class T>
constexpr image_view<T> reshaped(const image_view<T>& x, index batch, index height, index width, index channels) {
  const image_view<T> y{x.data, batch, height, width, channels};
  expect_equal("the elements of the new shape", x.size(), y.size());
  return y;
}

/// The input with `value` (its zero point, for codes) around it. y must not overlap x. Allocates nothing. Fails if the
/// extents do not agree.
template <class X, class T>
void pad(const image_view<X>& x, const padding& amount, std::type_identity_t<T> value, const image_view<T>& y) {
  const image_view<const T> input = x;
  expect_pad_extents(input, amount, y);
  const auto [n0, y0, x0, c0] = amount.before;
  T* out = y.data;
  const auto put = [&](index count) { out = fill_elements(out, count, value); };
  const index pixel = y.channels, line = y.width * pixel, plane = y.height * line;
  put(n0 * plane);
  for (index n = 0; n < input.batch; ++n) {
    put(y0 * line);
    for (index row = 0; row < input.height; ++row) {
      put(x0 * pixel);
      const T* from = input.data + (n * input.height + row) * input.width * input.channels;
      for (index column = 0; column < input.width; ++column, from += input.channels) {
        put(c0);
        out = copy_elements(from, input.channels, out);
        put(amount.after[3]);
      }
      put(amount.after[2] * pixel);
    }
    put(amount.after[1] * line);
  }
  put(amount.after[0] * plane);
}

/// The inputs one after the other along an axis. y must not overlap them. Allocates nothing. Fails if the extents do
/// not agree. (Codes must have y's map: rescale those that do not.)
template <class T>
void concat(std::type_identity_t<std::span<const image_view<const T>>> inputs, image_axis axis,
            const image_view<T>& y) {
  expect_concat_extents(inputs, axis, y);
  const auto place = static_cast<std::size_t>(axis);
  const auto inner = [&](const auto& image) {  // elements from one step of the axes outside to the next
    index size = 1;
    for (std::size_t i = place; i < 4; ++i) size *= extents_of(image)[i];
    return size;
  };
  const index step = inner(y);
  const index steps = step == 0 ? 0 : y.size() / step;
  index begin = 0;
  for (const auto& input : inputs) {
    const index size = inner(input);
    for (index i = 0; i < steps; ++i) copy_elements(input.data + i * size, size, y.data + i * step + begin);
    begin += size;
  }
}

/// y[i] = the column of the largest element of row i, the first of equals. Fails unless there is one number per row,
/// and a column.
template <class X>
void argmax(const matrix_view<X>& x, std::span<std::int32_t> y) {
  reference::argmax<std::remove_const_t<X>>(x, y);
}

}  // namespace PARE_UNIT
}  // namespace pare
