// gemm.hpp: the matrix product over raw memory, and the targets that can run it. Start reading here.
//
//   out[i, j] = epilogue(sum over l of (a[i, l] - zero_point) * w[j, l])
//
// for a rectangle of the output. Nothing is allocated, nothing throws, no thread is started: callers split the
// rectangle as they like. What a call is: gemm_call.hpp; how it is cut into tiles, once for all targets: product.hpp
// and tiles.hpp; the loop: gemm.inl.
#pragma once

#include <cassert>

#include "product.hpp"

#define PARE_KERNEL_FILE "../kernel/gemm.inl"
#include "../simd/for_each_target.inc"
#define PARE_KERNEL_FILE "../kernel/pairs.inl"
#include "../simd/for_pair_targets.inc"

namespace pare::inline PARE_UNIT {

/// Runs `call` on target `t`. Pre: available(t), and the preconditions of gemm_call. Weights that are reordered run in
/// pairs if the target multiplies pairs and the copy is there, and from their panels elsewhere.
template <class Call>
void run(const Call& call, target t) noexcept;

template <class Call>
requires std::is_same_v<typename Call::structure, reordered>
void run(const Call& call, [[maybe_unused]] target t) noexcept {
#define PARE_CASE(name)                                            \
  if constexpr (Call::sum == value_kind::sum32)                    \
    if (t == target::name && call.weights.pairs.strips != nullptr) \
      return name##_pairs::run(with_weights(call, call.weights.pairs));
  PARE_FOR_EACH_PAIR_TARGET(PARE_CASE)
#undef PARE_CASE
  run(with_weights<dense>(call, call.weights), t);
}

template <class Call>
void run(const Call& call, target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::run(call_on<target::name>(call));
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
  }
}

}  // namespace pare::inline PARE_UNIT
