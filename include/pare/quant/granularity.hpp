// granularity.hpp: which elements of a tensor share a scale and a zero point.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>

#include "../core/error.hpp"

namespace pare {

/// Granularity: `block(axis, extent)` consecutive elements along an axis share parameters; it needs `min_rank` axes.
template <class G>
concept Granularity = requires(index axis, index extent) {
  { G::block(axis, extent) } -> std::convertible_to<index>;
  { G::min_rank } -> std::convertible_to<index>;
};

/// One scale and zero point for all.
struct per_tensor {
  static constexpr index min_rank = 0;
  static constexpr index block(index, index extent) noexcept { return extent; }
};

/// One for each index along an axis: per_axis<0> is per output channel for weights [n, k] and OHWI.
template <index Axis>
struct per_axis {
  static_assert(Axis >= 0, "pare: per_axis counts axes from 0, the outermost");
  static constexpr index min_rank = Axis + 1;
  static constexpr index block(index axis, index extent) noexcept { return axis == Axis ? 1 : extent; }
};

/// One for each group of Size consecutive elements along an axis, and for each index along every other axis: the
/// blocked scales of ONNX, and the groups of weight-only quantization (per_group<1, 128> for weights [n, k]).
template <index Axis, index Size>
struct per_group {
  static_assert(Axis >= 0 && Size > 0, "pare: per_group<Axis, Size> wants an axis from 0 on and at least 1 element");
  static constexpr index min_rank = Axis + 1;
  static constexpr index block(index axis, index) noexcept { return axis == Axis ? Size : 1; }
};

/// One for each block of FirstSize x SecondSize elements in two axes, and for each index along every other axis.
template <index First, index FirstSize, index Second, index SecondSize>
struct per_block {
  static_assert(First >= 0 && First < Second && FirstSize > 0 && SecondSize > 0,
                "pare: per_block<First, Size, Second, Size> wants two axes in order and at least 1 element in each");
  static constexpr index min_rank = Second + 1;
  static constexpr index block(index axis, index) noexcept {
    return axis == First ? FirstSize : axis == Second ? SecondSize : 1;
  }
};

/// Where the parameters of a tensor's elements are: a row-major array of ceil(extent / block) parameters along each
/// axis (the shape of ONNX's blocked scales).
template <Granularity G>
class parameter_grid {
 public:
  static constexpr index max_rank = 8;

  /// shape: any sequence of extents, outermost first.
  template <class Shape>
  explicit parameter_grid(const Shape& shape) : rank_(static_cast<index>(shape.size())) {
    if (rank_ < G::min_rank) fail("rank", text("at least ", index{G::min_rank}, " axes"), rank_);
    if (rank_ > max_rank) fail("rank", text("at most ", max_rank, " axes"), rank_);
    index stride = 1;
    bool split = false;
    for (index axis = rank_ - 1; axis >= 0; --axis) {
      const auto at = static_cast<std::size_t>(axis);
      const auto extent = static_cast<index>(shape[at]);
      const index block = G::block(axis, extent);
      axes_[at] = {.extent = extent, .block = std::max<index>(block, 1), .stride = block < extent ? stride : 0};
      if (block >= extent && !split) run_ *= extent;
      if (block < extent && !split) {
        split = true;
        split_axis_ = axis;
        split_inner_ = run_;
        run_ *= extent % block == 0 ? block : 1;
      }
      stride *= block == 0 ? 1 : ceil_div(extent, block);
    }
    count_ = stride;
  }

  /// How many parameters there are.
  index count() const noexcept { return count_; }
  index rank() const noexcept { return rank_; }
  index extent(index axis) const noexcept { return axes_[static_cast<std::size_t>(axis)].extent; }
  /// How many elements, consecutive in row-major order, share a parameter at least.
  index run() const noexcept { return run_; }

  /// How many elements one row of the tensor has: those along the innermost axis with more than one block, and inside
  /// it.
  index row() const noexcept { return split_axis_ < 0 ? run_ : extent(split_axis_) * split_inner_; }
  /// True if every row has the same parameters.
  bool rows_alike() const noexcept { return split_axis_ < 0 || count_ == blocks(split_axis_); }
  /// The length of the stretches that for_each_run gives, but for the last of a row.
  index longest_run() const noexcept {
    if (split_axis_ < 0) return run_;
    return axes_[static_cast<std::size_t>(split_axis_)].block * split_inner_;
  }

  /// True if for_each_run gives stretches of one length, each with the parameter after the one before.
  bool consecutive() const noexcept {
    if (split_axis_ < 0) return true;
    for (index axis = 0; axis < split_axis_; ++axis)
      if (blocks(axis) != extent(axis)) return false;
    return extent(split_axis_) % axes_[static_cast<std::size_t>(split_axis_)].block == 0;
  }

  /// Calls f(parameter) for each row with its first parameter, in row-major order.
  template <class F>
  void for_each_row(F&& f) const {
    for (index axis = 0; axis < rank_; ++axis)
      if (extent(axis) == 0) return;
    std::array<index, static_cast<std::size_t>(max_rank)> at{};
    do f(offset(at.begin()));
    while (advance(at));
  }
  /// Calls f(parameter - the row's first, count) for the stretches of a row whose elements share a parameter.
  template <class F>
  void for_each_run_of_row(F&& f) const {
    if (split_axis_ < 0) return f(index{0}, run_);
    const auto& [extent, block, stride] = axes_[static_cast<std::size_t>(split_axis_)];
    index parameter = 0;
    for (index i = 0; i < extent; i += block, parameter += stride)
      f(parameter, std::min(block, extent - i) * split_inner_);
  }
  /// Calls f(parameter, count) for the stretches of all rows: every element of the tensor in row-major order.
  template <class F>
  void for_each_run(F&& f) const {
    for_each_row(
        [&](index first) { for_each_run_of_row([&](index relative, index count) { f(first + relative, count); }); });
  }

  /// The parameter of the element at `position`, a random-access iterator over rank() indices.
  template <class It>
  index offset(It position) const noexcept {
    index sum = 0;
    for (index axis = 0; axis < rank_; ++axis) {
      const auto& [extent, block, stride] = axes_[static_cast<std::size_t>(axis)];
      if (stride == 0) continue;
      const auto at = static_cast<index>(position[axis]);
      sum += (block == 1 ? at : at / block) * stride;
    }
    return sum;
  }

 private:
  /// To the next position outside the axis that is split; false after the last.
  template <class Position>
  bool advance(Position& at) const noexcept {
    for (index axis = split_axis_ - 1; axis >= 0; --axis) {
      if (++at[static_cast<std::size_t>(axis)] < extent(axis)) return true;
      at[static_cast<std::size_t>(axis)] = 0;
    }
    return false;
  }

  index blocks(index axis) const noexcept {
    return ceil_div(extent(axis), axes_[static_cast<std::size_t>(axis)].block);
  }

  struct axis_blocks {
    index extent, block, stride;
  };
  std::array<axis_blocks, static_cast<std::size_t>(max_rank)> axes_{};
  index rank_ = 0;
  index count_ = 1;
  index run_ = 1;
  index split_axis_ = -1;  ///< the innermost axis with more than one block; -1 if all share one parameter
  index split_inner_ = 1;  ///< elements per index along it
};

}  // namespace pare
