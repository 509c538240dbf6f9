// gemm_call.hpp: one call of the matrix product over raw memory.
#pragma once

#include "../simd/targets.hpp"
#include "epilogue.hpp"
#include "grouped.hpp"
#include "pack_pairs.hpp"
#include "pack_windows.hpp"
#include "plan.hpp"
#include "row_stages.hpp"

namespace pare {

/// Rows [row_begin, row_end) and columns [column_begin, column_end) of the output.
struct rectangle {
  index row_begin = 0, row_end = 0, column_begin = 0, column_end = 0;
};

/// A: range of the activations (f32 or an integer_range), W: range of the weights, MaxDepth: largest k, Structure:
/// dense, block<16, C> or n_of_m. a is [m, k] in place with any row stride; panels as pack.hpp lays them out.
/// Pre: 0 <= k <= MaxDepth; out does not overlap any operand, but an add stage may read the element that is replaced;
/// weights.sums is set if zero_point != 0 or the activations have 8 bits; zero_point is in A's range, 0 for 16 bits.
template <class A, class W, class Structure, class Epilogue, class Out, index MaxDepth = default_depth>
struct gemm_call {
  using activations = A;
  using weights_range = W;
  using structure = Structure;
  using plan_type = plan<A, W, MaxDepth>;
  static constexpr value_kind sum = is_grouped<Structure> ? value_kind::real : plan_type::sum;
  static constexpr value_kind result = after_v<sum, Epilogue>;
  static_assert(group_of<Structure> == strip_lanes,
                "pare: weights in blocks of fewer than 16 output channels run in channel cells; include "
                "nn/linear_cells.hpp (see kernel/cells.hpp)");
  static_assert(storable<result, Out>,
                "pare: the epilogue's last value cannot be stored in this output type; integer sums need requantize "
                "for 8- or 16-bit codes, dequantize for float; reals need quantize for codes");

  const typename A::type* a = nullptr;
  index a_stride = 0;
  panel_view<Structure> weights;
  index k = 0;
  std::int32_t zero_point = 0;
  Epilogue epilogue;
  Out* out = nullptr;
  index out_stride = 0;
  rectangle part;
  bool copied = false;                      ///< set by a kernel that has copied the rows of `a` as its dot wants them
  std::byte* copies = nullptr;              ///< set by a kernel whose tiles copy their rows to it
  const std::int32_t* row_terms = nullptr;  ///< set by one that has rewritten rows: what the sums of each lack
};

/// A call whose n and k the compiler knows. Pre: part begins at a multiple of 64 columns and ends at one or at N; the k
/// that it inherits is not read.
template <class Call, index N, index K>
struct fixed_call : Call {
  static constexpr index n = N;
  static constexpr index k = K;
};

/// True if `multiple` divides the columns of every rectangle that a call may ask for.
template <class Call, index Multiple>
inline constexpr bool whole_columns = false;
template <class Call, index N, index K, index Multiple>
inline constexpr bool whole_columns<fixed_call<Call, N, K>, Multiple> = N % Multiple == 0 && 64 % Multiple == 0;

/// The same call with other weights.
template <class Structure, class A, class W, class S, class Epilogue, class Out, index MaxDepth>
gemm_call<A, W, Structure, Epilogue, Out, MaxDepth> with_weights(
    const gemm_call<A, W, S, Epilogue, Out, MaxDepth>& call, const panel_view<Structure>& weights) noexcept {
  return {call.a, call.a_stride, weights, call.k, call.zero_point, call.epilogue, call.out, call.out_stride, call.part};
}
template <class Structure, class Call, index N, index K>
auto with_weights(const fixed_call<Call, N, K>& call, const panel_view<Structure>& weights) noexcept {
  const auto general = with_weights<Structure>(static_cast<const Call&>(call), weights);
  return fixed_call<std::remove_const_t<decltype(general)>, N, K>{general};
}

/// Bytes of activations that the weights of one window are chosen from; 0 where there are no windows.
template <class Call>
inline constexpr index bytes_of_window =
    window_depth<typename Call::structure>* index{sizeof(typename Call::activations::type)};

/// A call whose windows of activations are picked from out of 64 bytes that are loaded once.
template <class Call>
struct line_call : Call {};

/// A call for a core that runs instructions in their order.
template <class Call>
struct in_order_call : Call {};

/// A call whose weights come from far.
template <class Call>
struct far_call : Call {};

/// A call over rows that were rewritten for its dot.
template <class Call>
struct rewritten_call : Call {};
/// What functions for a call take it as: so that those for rewritten rows fit the same table.
template <class Call>
struct base_call {
  using type = Call;
};
template <class Call>
struct base_call<rewritten_call<Call>> {
  using type = Call;
};

/// Calls that have such an order: signed bytes, dense.
template <class Call>
inline constexpr bool has_order = false;
template <class Call>
requires(IntegerRange<typename Call::activations>&&
             std::is_same_v<typename Call::structure, dense>) inline constexpr bool has_order<Call> =
    std::is_same_v<typename Call::activations::type, std::int8_t> && bits_of<typename Call::weights_range> == 8;

/// Whether target T picks out of 64 bytes at once: halves with AVX-512, bytes with VBMI.
template <target T, class Call>
inline constexpr bool picks_of_lines = bytes_of_window<Call> != 0 &&
                                       (T == target::avx512_vbmi ||
                                        (sizeof(typename Call::activations::type) == 2 &&
                                         (T == target::avx512 || T == target::avx512_vnni)));

/// The call as target T picks its windows.
template <target T, class Call>
PARE_ALWAYS_INLINE decltype(auto) windows_on(const Call& call) noexcept {
  if constexpr (picks_of_lines<T, Call>) {
    return line_call<Call>{call};
  } else {
    return (call);
  }
}
/// The call of a product as target T runs it.
template <target T, class Call>
PARE_ALWAYS_INLINE decltype(auto) call_on(const Call& call) noexcept {
  if constexpr (T == target::neon_a55 && has_order<Call>) {
    return in_order_call<Call>{call};
  } else {
    return windows_on<T>(call);
  }
}

}  // namespace pare
