// arrange.hpp: the definition of the layers that move elements and change none: pad, concat; and of argmax.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/view.hpp"

namespace pare {

/// Elements put before and after each axis of an image, in the order batch, height, width, channels.
struct padding {
  std::array<index, 4> before{}, after{};
};

/// The axes of an image.
enum class image_axis { batch, height, width, channels };

template <class T>
constexpr std::array<index, 4> extents_of(const image_view<T>& image) noexcept {
  return {image.batch, image.height, image.width, image.channels};
}

inline namespace PARE_UNIT {

/// Fails unless out is input with the padding around it.
template <class T>
void expect_pad_extents(const image_view<const T>& input, const padding& amount, const image_view<T>& out) {
  expect_valid("input", input);
  expect_valid("out", out);
  constexpr const char* names[] = {"out.batch", "out.height", "out.width", "out.channels"};
  for (std::size_t axis = 0; axis < 4; ++axis) {
    if (amount.before[axis] < 0) fail("padding.before", "at least 0", amount.before[axis]);
    if (amount.after[axis] < 0) fail("padding.after", "at least 0", amount.after[axis]);
    expect_equal(names[axis], extents_of(input)[axis] + amount.before[axis] + amount.after[axis],
                 extents_of(out)[axis]);
  }
}

/// Fails unless the inputs agree with out on all axes but one, and add up to it there.
template <class T>
void expect_concat_extents(std::span<const image_view<const T>> inputs, image_axis axis, const image_view<T>& out) {
  expect_valid("out", out);
  constexpr const char* names[] = {"inputs.batch", "inputs.height", "inputs.width", "inputs.channels"};
  index total = 0;
  for (const auto& input : inputs) {
    expect_valid("inputs", input);
    for (std::size_t i = 0; i < 4; ++i) {
      if (i != static_cast<std::size_t>(axis)) expect_equal(names[i], extents_of(out)[i], extents_of(input)[i]);
    }
    total += extents_of(input)[static_cast<std::size_t>(axis)];
  }
  expect_equal("the sum of the inputs' extents", extents_of(out)[static_cast<std::size_t>(axis)], total);
}

}  // namespace PARE_UNIT
}  // namespace pare

namespace pare::reference {
inline namespace PARE_UNIT {

/// The input with `value` (the zero point, for codes) around it. Fails if the extents do not agree.
template <class T>
void pad(const image_view<const T>& input, const padding& amount, T value, const image_view<T>& out) {
  expect_pad_extents(input, amount, out);
  const auto [n0, y0, x0, c0] = amount.before;
  for (index n = 0; n < out.batch; ++n) {
    for (index y = 0; y < out.height; ++y) {
      for (index x = 0; x < out.width; ++x) {
        for (index c = 0; c < out.channels; ++c) {
          const bool inside = n >= n0 && n < n0 + input.batch && y >= y0 && y < y0 + input.height && x >= x0 &&
                              x < x0 + input.width && c >= c0 && c < c0 + input.channels;
          out(n, y, x, c) = inside ? input(n - n0, y - y0, x - x0, c - c0) : value;
        }
      }
    }
  }
}

/// The inputs one after the other along an axis. Fails if the extents do not agree.
template <class T>
void concat(std::span<const image_view<const T>> inputs, image_axis axis, const image_view<T>& out) {
  expect_concat_extents(inputs, axis, out);
  std::array<index, 4> begin{};
  for (const auto& input : inputs) {
    for (index n = 0; n < input.batch; ++n) {
      for (index y = 0; y < input.height; ++y) {
        for (index x = 0; x < input.width; ++x) {
          for (index c = 0; c < input.channels; ++c) {
            out(begin[0] + n, begin[1] + y, begin[2] + x, begin[3] + c) = input(n, y, x, c);
          }
        }
      }
    }
    begin[static_cast<std::size_t>(axis)] += extents_of(input)[static_cast<std::size_t>(axis)];
  }
}

/// out[i] = the column of the largest element of row i, the first of equals. Fails unless there is one number per row,
/// and a column.
template <class T>
void argmax(const matrix_view<const T>& x, std::span<std::int32_t> out) {
  expect_valid("x", x);
  expect_equal("out", x.rows, static_cast<index>(out.size()));
  if (x.rows != 0 && x.columns == 0) fail("x.columns", "at least 1", x.columns);
  for (index i = 0; i < x.rows; ++i) {
    index best = 0;
    for (index j = 1; j < x.columns; ++j) {
      if (x(i, j) > x(i, best)) best = j;
    }
    out[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(best);
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
