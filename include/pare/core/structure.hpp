// structure.hpp: what is pruned as one: single weights, blocks, channels, or a share of every window. The same types
// name a pruner's structure and a kernel's format.
#pragma once

#include <concepts>

#include "../core/error.hpp"

namespace pare {

/// Weights as pruning sees them: `rows` output channels by k = taps * inputs columns. A dense layer's [n, k] has one
/// tap; OHWI has H * W of them, and its columns are its last three axes flattened.
struct weight_shape {
  index rows = 0;
  index taps = 1;
  index inputs = 0;

  constexpr index columns() const noexcept { return taps * inputs; }
  constexpr index size() const noexcept { return rows * columns(); }
  friend constexpr bool operator==(const weight_shape&, const weight_shape&) = default;
};

/// How pruning sees weights of this shape, any sequence of extents, outermost first. Fails on fewer than two axes.
template <class Shape>
constexpr weight_shape weights_of(const Shape& shape) {
  const std::size_t rank = shape.size();
  if (rank < 2) fail("weights", "at least 2 axes, [n, k]", rank);
  weight_shape result{.rows = static_cast<index>(shape[0]), .inputs = static_cast<index>(shape[rank - 1])};
  for (std::size_t axis = 1; axis + 1 < rank; ++axis) result.taps *= static_cast<index>(shape[axis]);
  return result;
}

/// Structure: divides weights into `groups(shape)` groups, each kept or pruned whole; `group(shape, row, column)` is
/// the number of a weight's group. groups() fails on a shape that the structure cannot divide. Ours also have name(),
/// the type as it is written.
template <class S>
concept Structure = requires(const weight_shape& shape, index at) {
  { S::groups(shape) } -> std::convertible_to<index>;
  { S::group(shape, at, at) } -> std::convertible_to<index>;
};

/// A structure that fixes the sparsity: of every `window` consecutive groups, `kept` stay.
template <class S>
concept WindowedStructure = Structure<S> && requires {
  { S::kept } -> std::convertible_to<index>;
  { S::window } -> std::convertible_to<index>;
};

/// Nothing is pruned: the structure of a kernel for all weights.
struct dense {
  static std::string name() { return "dense"; }
};

/// Every weight by itself.
struct unstructured {
  static std::string name() { return "unstructured"; }
  static constexpr index groups(const weight_shape& shape) noexcept { return shape.size(); }
  static constexpr index group(const weight_shape& shape, index row, index column) noexcept {
    return row * shape.columns() + column;
  }
};

/// R output channels by C weights along k; blocks at the edges are as small as the edge leaves them.
template <index R, index C>
struct block {
  static_assert(R > 0 && C > 0, "pare: block<R, C> has at least one output channel and one weight along k");
  static constexpr index rows = R;
  static constexpr index columns = C;
  static std::string name() { return text("block<", R, ", ", C, ">"); }
  static constexpr index groups(const weight_shape& shape) noexcept {
    return ceil_div(shape.rows, R) * ceil_div(shape.columns(), C);
  }
  static constexpr index group(const weight_shape& shape, index row, index column) noexcept {
    return row / R * ceil_div(shape.columns(), C) + column / C;
  }
};

/// A grid of Rows x Columns blocks over all weights, whatever their shape; the blocks' extents differ by at most 1.
/// There must be as many output channels and weights along k.
template <index Rows, index Columns>
struct grid {
  static_assert(Rows > 0 && Columns > 0, "pare: grid<Rows, Columns> has at least one row and one column of blocks");
  static constexpr index rows = Rows;
  static constexpr index columns = Columns;
  static std::string name() { return text("grid<", Rows, ", ", Columns, ">"); }
  static constexpr index groups(const weight_shape& shape) {
    if (shape.rows < Rows) fail("weights", words("at least ", Rows, " output channels for the grid"), shape.rows);
    if (shape.columns() < Columns) fail("weights", words("k of at least ", Columns, " for the grid"), shape.columns());
    return Rows * Columns;
  }
  static constexpr index group(const weight_shape& shape, index row, index column) noexcept {
    return row * Rows / shape.rows * Columns + column * Columns / shape.columns();
  }
};

/// N of every M consecutive weights along k stay; `Shared` consecutive output channels have one pattern (the last ones
/// share it with as many as there are). k must be a multiple of M.
template <index N, index M, index Shared = 1>
struct n_of_m {
  static_assert(0 < N && N < M, "pare: n_of_m<N, M> keeps N of every M weights, 0 < N < M");
  static_assert(Shared > 0, "pare: n_of_m<N, M, Shared> shares a pattern among at least one output channel");
  static constexpr index kept = N;
  static constexpr index window = M;
  static constexpr index shared = Shared;
  static std::string name() {
    return Shared == 1 ? text("n_of_m<", N, ", ", M, ">") : text("n_of_m<", N, ", ", M, ", ", Shared, ">");
  }
  static constexpr index groups(const weight_shape& shape) {
    if (shape.columns() % M != 0) {
      fail("weights", words("k a multiple of ", M, " for n_of_m<", N, ", ", M, ">"), shape.columns());
    }
    return ceil_div(shape.rows, Shared) * shape.columns();
  }
  static constexpr index group(const weight_shape& shape, index row, index column) noexcept {
    return row / Shared * shape.columns() + column;
  }
};

/// Whole channels: of the outputs (axis 0) or of the inputs (axis 1; an input channel of OHWI is pruned in all taps).
template <index Axis>
struct channel {
  static_assert(Axis == 0 || Axis == 1, "pare: channel<0> prunes output channels, channel<1> input channels");
  static constexpr index axis = Axis;
  static std::string name() { return text("channel<", Axis, ">"); }
  static constexpr index groups(const weight_shape& shape) noexcept { return Axis == 0 ? shape.rows : shape.inputs; }
  static constexpr index group(const weight_shape& shape, index row, index column) noexcept {
    return Axis == 0 ? row : column % shape.inputs;
  }
};

}  // namespace pare
