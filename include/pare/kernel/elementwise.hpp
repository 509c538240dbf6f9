// elementwise.hpp: one call of a function of one or two numbers on whole arrays, and the targets that can run it.
#pragma once

#include "../numeric/elementwise.hpp"
#include "gemm.hpp"  // the stages' bodies, once per target

namespace pare {

/// out[i] = function(a[i], b[i]) for i in [0, size); an operand that repeats is one number for all i. Function is a
/// type of numeric/elementwise.hpp. Pre: out is a or b, or overlaps neither; where an operand repeats, it is not out.
template <class Function, class T, class Out>
struct binary_call {
  Function function;
  const T* a = nullptr;
  const T* b = nullptr;
  bool a_repeats = false, b_repeats = false;
  Out* out = nullptr;
  index size = 0;
};

/// out[i] = function(x[i]). Function is a type of numeric/elementwise.hpp, or a stage that has no columns.
/// Pre: out is x or does not overlap it.
template <class Function, class T, class Out>
struct unary_call {
  Function function;
  const T* x = nullptr;
  Out* out = nullptr;
  index size = 0;
};

}  // namespace pare

#define PARE_KERNEL_FILE "../kernel/elementwise.inl"
#include "../simd/for_each_target.inc"
