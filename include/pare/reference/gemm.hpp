// gemm.hpp: the definition of the matrix product: sums of products of integers less their zero points, or of floats.
#pragma once

#include <cstdint>

#include "../core/view.hpp"

namespace pare::reference {
inline namespace PARE_UNIT {

/// out[i, j] = sum of (activations[i, l] - a_zero_point) * (weights[j, l] - w_zero_point) over l, computed in Acc.
/// activations [m, k], weights [n, k], out [m, n]; out must not overlap them. Fails if the extents do not agree.
/// Pre: every partial sum fits Acc (see max_depth in numeric/accumulator.hpp); zero points are 0 for floats.
template <class Acc, class A, class W>
void gemm(const matrix_view<A>& activations, std::int32_t a_zero_point, const matrix_view<W>& weights,
          std::int32_t w_zero_point, const matrix_view<Acc>& out) {
  expect_valid("activations", activations);
  expect_valid("weights", weights);
  expect_valid("out", out);
  expect_equal("weights.columns", activations.columns, weights.columns);
  expect_equal("out.rows", activations.rows, out.rows);
  expect_equal("out.columns", weights.rows, out.columns);
  for (index i = 0; i < out.rows; ++i) {
    for (index j = 0; j < out.columns; ++j) {
      Acc sum = 0;
      for (index l = 0; l < activations.columns; ++l) {
        sum += (static_cast<Acc>(activations(i, l)) - static_cast<Acc>(a_zero_point)) *
               (static_cast<Acc>(weights(j, l)) - static_cast<Acc>(w_zero_point));
      }
      out(i, j) = sum;
    }
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
