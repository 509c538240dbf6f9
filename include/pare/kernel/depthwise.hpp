// depthwise.hpp: one call of the depthwise convolution over raw memory: channels in lanes, no sum over channels.
//
//   out[pixel, o] = epilogue(sum over the taps t of (image[pixel under t, o / multiplier] - zero_point) * w[t, o])
//
// The cell of a channel holds four vertically adjacent taps, so that one multiply-add does them all; a float is a cell
// by itself. Rows of cells are made from the image, with their padding, in a buffer that stays in the first-level
// cache, for two output rows at once: the second uses weights that are shifted by one tap. The loop over taps is in
// depthwise.inl; windows of three columns keep their weights in registers where there are enough (depthwise_held.inl).
// There, four panels make the cells of windows of three columns in registers instead (depthwise_streamed.inl), and
// 3 x 3 windows of floats are read in place (depthwise_in_place.inl).
#pragma once

#include "conv.hpp"

namespace pare {

/// Taps of a window's column in one cell: 4 for integers, 1 for floats.
template <Element W>
inline constexpr index depthwise_taps = IntegerRange<W> ? 4 : 1;
/// Every how many rows of the padded image rows of cells begin, and so how many shifts of the weights there are.
template <Element W>
inline constexpr index depthwise_shifts = IntegerRange<W> ? 2 : 1;

/// How the taps of a window's columns fall into cells if the first cell begins `shift` taps above the window.
template <Element W>
constexpr index depthwise_cells(index window_height, index shift) noexcept {
  return ceil_div(window_height + shift, depthwise_taps<W>);
}
/// Bytes of the strips of 16 channels: one part per shift, each [cells][window width].
template <Element W>
constexpr index depthwise_panel_bytes(image_extents window) noexcept {
  index cells = 0;
  for (index shift = 0; shift < depthwise_shifts<W>; ++shift) cells += depthwise_cells<W>(window.height, shift);
  return cells * window.width * strip_bytes;
}

/// weights: panels of 16 outputs, depthwise_panel_bytes each, and their sums. Rows of `part` are output rows, counted
/// over all images; rows of `out` are output pixels.
/// Pre: as gemm_call; every weight is in W; the taps of a window fit MaxDepth.
template <class A, class W, class Epilogue, class Out, index MaxDepth = default_depth>
struct depthwise_call : gemm_call<A, W, dense, Epilogue, Out, MaxDepth> {
  static_assert(!IntegerRange<W> || sizeof(typename W::type) == 1, "pare: depthwise weights have 8 bits or are float");
  image_view<const typename A::type> image;
  image_extents window, extents;  ///< of the output
  conv_geometry geometry;
  index multiplier = 1;
};

}  // namespace pare

#define PARE_KERNEL_FILE "../kernel/depthwise.inl"
#include "../simd/for_each_target.inc"

namespace pare::inline PARE_UNIT {

/// Runs `call` on target `t`. Pre: available(t), and the preconditions of depthwise_call.
template <class A, class W, class Epilogue, class Out, index MaxDepth>
void run(const depthwise_call<A, W, Epilogue, Out, MaxDepth>& call, target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::run_depthwise(call);
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
  }
}

}  // namespace pare::inline PARE_UNIT
