// conv.hpp: one call of the convolution over raw memory: the matrix product whose rows are output pixels and whose
// reduction visits the taps of a window. The image is read in place.
#pragma once

#include "../core/standard.hpp"
#include "gemm.hpp"
#include "taps.hpp"

namespace pare {

/// A gemm_call in which `walk` says where the cells of a row lie instead of `a`, `a_stride` and `k`.
/// weights: panels of the runs one after the other, each completed to whole cells with zeros. Rows of `out` and of
/// `part` are output pixels, counted over all images.
/// Pre: as gemm_call; walk.cell_bytes is traits' cell (see conv_cell_bytes); walk.zero_point is that of `zero_point`.
template <class A, class W, class Structure, class Epilogue, class Out, index MaxDepth = default_depth>
struct conv_call : gemm_call<A, W, Structure, Epilogue, Out, MaxDepth> {
  tap_walk walk;
};

/// Bytes of the image that meet one cell of the weights, or one window of them.
template <Element A, Element W, class Structure = dense>
inline constexpr index conv_cell_bytes = larger(step_depth<W>, window_depth<Structure>) * index{
                                                                                              sizeof(typename A::type)};

}  // namespace pare

#define PARE_KERNEL_FILE "../kernel/conv.inl"
#include "../simd/for_each_target.inc"

namespace pare::inline PARE_UNIT {

/// Runs `call` on target `t`. Pre: available(t), and the preconditions of conv_call.
template <class A, class W, class Structure, class Epilogue, class Out, index MaxDepth>
void run(const conv_call<A, W, Structure, Epilogue, Out, MaxDepth>& call, target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::run_conv(windows_on<target::name>(call));
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
  }
}

}  // namespace pare::inline PARE_UNIT
