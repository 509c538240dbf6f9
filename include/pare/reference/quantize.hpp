// quantize.hpp: the definition of quantizing and dequantizing a tensor, per tensor or along one axis.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include "../core/error.hpp"
#include "../numeric/affine.hpp"

namespace pare::reference {

/// A row-major tensor as one of its axes sees it: the product of the extents before the axis, its own, and the product
/// of those after it. {.inner = size} is a whole tensor under one map.
struct axis_extents {
  index outer = 1, channels = 1, inner = 1;
  constexpr index size() const noexcept { return outer * channels * inner; }
  /// The channel of element i, 0 <= i < size().
  constexpr index channel(index i) const noexcept { return i / inner % channels; }
};

/// A tensor of this shape seen along `axis`. Pre: 0 <= axis < rank.
constexpr axis_extents along(std::span<const index> shape, std::size_t axis) noexcept {
  axis_extents extents{.channels = shape[axis]};
  for (std::size_t i = 0; i < axis; ++i) extents.outer *= shape[i];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) extents.inner *= shape[i];
  return extents;
}

inline namespace PARE_UNIT {

/// Fails unless there is one valid map per channel and each tensor has as many elements as the extents say.
template <IntegerRange R>
void expect_valid(const axis_extents& extents, std::span<const affine_map> maps, std::size_t from, std::size_t to) {
  expect_equal("source", extents.size(), static_cast<index>(from));
  expect_equal("destination", extents.size(), static_cast<index>(to));
  expect_equal("maps", extents.channels, static_cast<index>(maps.size()));
  for (const affine_map& map : maps) pare::expect_valid<R>("maps", map);
}

/// codes[i] = quantize_value(reals[i]) under the map of i's channel; i is the position that the rounding sees.
template <IntegerRange R, Rounding Round = half_even, std::floating_point F>
void quantize(std::span<F> reals, const axis_extents& extents, std::span<const affine_map> maps,
              std::span<typename R::type> codes, const Round& rounding = {}) {
  expect_valid<R>(extents, maps, reals.size(), codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto channel = static_cast<std::size_t>(extents.channel(static_cast<index>(i)));
    codes[i] = quantize_value<R>(reals[i], maps[channel], rounding, i);
  }
}

/// reals[i] = dequantize_value(codes[i]) under the map of i's channel.
template <IntegerRange R>
void dequantize(std::span<const typename R::type> codes, const axis_extents& extents, std::span<const affine_map> maps,
                std::span<float> reals) {
  expect_valid<R>(extents, maps, codes.size(), reals.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto channel = static_cast<std::size_t>(extents.channel(static_cast<index>(i)));
    reals[i] = dequantize_value(codes[i], maps[channel]);
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
