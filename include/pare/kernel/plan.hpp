// plan.hpp: in which integer a reduction is summed, proven from the ranges of its operands.
#pragma once

#include "../core/cell.hpp"
#include "../numeric/accumulator.hpp"
#include "epilogue.hpp"

namespace pare {

/// The reductions that every 8-bit pair can sum in int32 whatever the zero point: the depth assumed when none is
/// stated.
inline constexpr index default_depth = 65536;

/// Element formats that a kernel can multiply: floats, or activations of 8 or 16 bits with signed weights of 8, or of
/// 16 for 16-bit activations, or of 4 for signed 8-bit ones.
template <class A, class W>
inline constexpr bool multipliable = false;
template <>
inline constexpr bool multipliable<f32, f32> = true;
template <>
inline constexpr bool multipliable<f32, f16> = true;
template <IntegerRange A, IntegerRange W>
inline constexpr bool multipliable<A, W> = (sizeof(typename A::type) == 1 && sizeof(typename W::type) == 1 &&
                                            W::min < 0 && (bits_of<W> == 8 || A::min < 0)) ||
                                           (sizeof(typename A::type) == 2 && A::min < 0 && W::min < 0 &&
                                            sizeof(typename W::type) <= 2 && bits_of<W> >= 8);

/// A reduction of activations A with weights W over at most MaxDepth products.
template <class A, class W, index MaxDepth = default_depth>
struct plan {
  static_assert(multipliable<A, W>,
                "pare: no kernel multiplies these formats; activations are 8 or 16 bits (16 signed), weights signed, 8 "
                "bits or no wider than the activations, or float, weights also f16 (see kernel/plan.hpp)");
};

/// Sums of floats are floats at any depth.
template <index MaxDepth>
struct plan<f32, f32, MaxDepth> {
  static constexpr value_kind sum = value_kind::real;
};
template <index MaxDepth>
struct plan<f32, f16, MaxDepth> : plan<f32, f32, MaxDepth> {};

template <IntegerRange A, IntegerRange W, index MaxDepth>
requires multipliable<A, W>
struct plan<A, W, MaxDepth> {
  /// 8-bit activations may have any zero point, 16-bit ones have none.
  using activations = std::conditional_t<sizeof(typename A::type) == 1, centered<A>, A>;
  static constexpr bool wide = max_depth<activations, W>() < MaxDepth;
  static constexpr value_kind sum = wide ? value_kind::sum64 : value_kind::sum32;
};

/// How many strips of `depth` products may be summed in int32 before they must be added to int64, if every activation
/// has `offset` added.
template <IntegerRange A, IntegerRange W>
constexpr index exact_strips(index depth, std::int64_t offset) noexcept {
  const std::int64_t low = A::min + offset, high = A::max + offset;
  const std::int64_t largest = (low < 0 ? -low : low) > high ? (low < 0 ? -low : low) : high;
  return static_cast<index>(INT32_MAX / (largest * greatest_magnitude<W>) / depth);
}

}  // namespace pare
