// rows.hpp: what is done to activations before they are multiplied, row by row: sums of rows, on every target.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "../core/view.hpp"
#include "../simd/targets.hpp"

#define PARE_KERNEL_FILE "../kernel/rows.inl"
#include "../simd/for_each_target.inc"

namespace pare::inline PARE_UNIT {

/// sums[i] = sum of x[i, :], modulo 2^32. T has 8 bits. Pre: available(t).
template <class T>
void sum_rows(const matrix_view<const T>& x, std::int32_t* sums, target t) noexcept {
  static_assert(std::is_integral_v<T> && sizeof(T) == 1);
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::sum_rows(x, sums);
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
  }
}

}  // namespace pare::inline PARE_UNIT
