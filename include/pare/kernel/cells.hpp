// cells.hpp: one call of the product of block-sparse weights with activations in channel cells, over raw memory.
//
//   out(i, j) = epilogue(sum over l of (a(i, l) - zero_point) * w[j, l])
//
// for pixels i and channels j of a rectangle. It is the loop of gemm.hpp with its sides exchanged: strips are 16 pixels
// by one cell of channels, cells are weights, and a block that is not kept costs nothing. Channels come out in cells
// again, so that layers follow each other without a transpose.
#pragma once

#include "../core/cells.hpp"
#include "gemm.hpp"

namespace pare {

/// Structure: block<R, C>, R = 1, 2, 4 or 8. a and out are planes of cells as core/cells.hpp says.
/// Pre: that of gemm_call; part's rows (pixels) and columns (channels) begin at multiples of 16; rows end at a multiple
/// of 16 or at the last pixel, columns at a multiple of 16 or at the last channel.
template <class A, class W, class Structure, class Epilogue, class Out, index MaxDepth = default_depth>
struct cells_call {
  using activations = A;
  using weights_range = W;
  using structure = Structure;
  using epilogue_type = Epilogue;
  using plan_type = plan<A, W, MaxDepth>;
  static constexpr value_kind sum = plan_type::sum;
  static constexpr value_kind result = after_v<sum, Epilogue>;
  static_assert(storable<result, Out>,
                "pare: the epilogue's last value cannot be stored in this output type; integer sums need requantize "
                "for 8- or 16-bit codes, dequantize for float; reals need quantize for codes");
  static_assert(sizeof(typename A::type) == sizeof(typename W::type),
                "pare: in channel cells activations and weights have the same width; store the weights of 16-bit "
                "activations as int16 (see kernel/cells.hpp)");

  const typename A::type* a = nullptr;
  index a_plane = 0;  ///< elements from one plane of cells to the next
  panel_view<Structure> weights;
  index k = 0;  ///< decides how many pixels are computed for a channel before the next one
  std::int32_t zero_point = 0;
  Epilogue epilogue;
  Out* out = nullptr;
  index out_plane = 0;
  index first_pixel = 0;  ///< the row of an add stage's operand that pixel 0 belongs to
  rectangle part;
};

/// The same with activations and output as rows: a [m, k] and out [m, n], `tile_rows` rows at a time through `scratch`.
/// Of `cells`, the members a, a_plane, out, out_plane and first_pixel are not read. Pre: scratch has scratch_bytes(k,
/// columns of part) bytes, aligned to 64.
template <class Cells, class Out>
struct cells_rows_call {
  using cells_type = Cells;
  using out_type = Out;
  static constexpr index tile_rows = 4 * strip_lanes;
  static constexpr index scratch_bytes(index k, index columns) noexcept {
    using a_type = typename Cells::activations::type;
    return cells_view<a_type>(nullptr, tile_rows, k).size() * index{sizeof(a_type)} +
           cells_view<Out>(nullptr, tile_rows, columns).size() * index{sizeof(Out)};
  }

  Cells cells;
  const typename Cells::activations::type* a = nullptr;
  index a_stride = 0;
  Out* out = nullptr;
  index out_stride = 0;
  std::byte* scratch = nullptr;
};

/// The same for the taps of a window: cell i of the weights' k lies places[i] bytes behind pixel 0 of `a`, for every
/// pixel (kernel/grid.hpp), and a_plane is not read.
/// Pre: strips of 16 pixels may be read at every place; no element of `a` beyond them is.
template <class A, class W, class Structure, class Epilogue, class Out, index MaxDepth = default_depth>
struct cells_conv_call : cells_call<A, W, Structure, Epilogue, Out, MaxDepth> {
  using product_type = cells_call<A, W, Structure, Epilogue, Out, MaxDepth>;  ///< windows of one pixel
  const std::uint32_t* places = nullptr;
};

}  // namespace pare

#define PARE_KERNEL_FILE "../kernel/cells.inl"
#include "../simd/for_each_target.inc"

namespace pare::inline PARE_UNIT {

/// Runs `call`, a cells_call or a cells_conv_call, on target `t`. Pre: available(t), and the preconditions of the call.
template <class Call>
requires requires(const Call& call) { call.a_plane; }
void run(const Call& call, target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::run_cells(call);
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
  }
}

template <class Cells, class Out>
void run(const cells_rows_call<Cells, Out>& call, target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::run_rows(call);
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
  }
}

/// Rows to channel cells, and back. Pre: available(t); extents agree; copy_to_cells writes nothing beyond the last
/// pixel and zeros beyond the last channel.
template <class T>
void copy_to_cells(const matrix_view<const T>& from, const cells_view<T>& to, target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::cells_from_rows(from, to);
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
  }
}
template <class T>
void copy_to_rows(const cells_view<const T>& from, const matrix_view<T>& to, target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::rows_from_cells(from, to);
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
  }
}

}  // namespace pare::inline PARE_UNIT
