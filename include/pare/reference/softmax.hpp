// softmax.hpp: the definition of the softmax of every row of a matrix: floats, or codes in integer arithmetic.
#pragma once

#include <concepts>
#include <cstdint>

#include "../core/standard.hpp"
#include "../core/view.hpp"
#include "../numeric/softmax.hpp"

namespace pare::reference {
inline namespace PARE_UNIT {

template <class T, class Out>
void expect_softmax_extents(const matrix_view<const T>& x, const matrix_view<Out>& out) {
  expect_valid("x", x);
  expect_valid("out", out);
  expect_equal("out.rows", x.rows, out.rows);
  expect_equal("out.columns", x.columns, out.columns);
  // A row's sum of exponentials must fit int32.
  if (std::integral<T> && x.columns > 32768) fail("x.columns", "at most 32768", x.columns);
}

/// out[i, j] = exp(x[i, j] - max of row i) / the row's sum of them.
inline void softmax(const matrix_view<const float>& x, const matrix_view<float>& out) {
  expect_softmax_extents(x, out);
  if (x.empty()) return;
  for (index i = 0; i < x.rows; ++i) {
    const float largest = largest_of(x.row(i), x.columns);
    float sum = 0;
    for (index j = 0; j < x.columns; ++j) sum += out(i, j) = real::exp(x(i, j) - largest);
    for (index j = 0; j < x.columns; ++j) out(i, j) /= sum;
  }
}

/// 8-bit codes to s8 (scale 1 / 256, zero point -128) or s16 (scale 1 / 32768, zero point 0): see numeric/softmax.hpp.
template <class T, class Out>
requires(sizeof(T) == 1)  //
    void softmax(const softmax_terms& terms, const matrix_view<const T>& x, const matrix_view<Out>& out) {
  expect_softmax_extents(x, out);
  if (x.empty()) return;
  for (index i = 0; i < x.rows; ++i) {
    const std::int32_t largest = largest_of(x.row(i), x.columns);
    std::int32_t sum = 0;
    for (index j = 0; j < x.columns; ++j) {
      if (x(i, j) - largest >= terms.least) sum += divide_by_power(terms.exp(x(i, j) - largest), 12);
    }
    const softmax_norm norm = softmax_norm::of(sum);
    for (index j = 0; j < x.columns; ++j) {
      const std::int32_t difference = x(i, j) - largest;
      out(i, j) = difference >= terms.least ? norm.code<Out>(terms.exp(difference)) : std::numeric_limits<Out>::min();
    }
  }
}

/// 16-bit codes with zero point 0 to codes of scale 1 / 32768.
inline void softmax(const softmax_curves& curves, const matrix_view<const std::int16_t>& x,
                    const matrix_view<std::int16_t>& out) {
  expect_softmax_extents(x, out);
  if (x.empty()) return;
  for (index i = 0; i < x.rows; ++i) {
    const std::int32_t largest = largest_of(x.row(i), x.columns);
    std::int32_t sum = 0;
    for (index j = 0; j < x.columns; ++j) sum += curves.exp(x(i, j) - largest);
    for (index j = 0; j < x.columns; ++j) out(i, j) = curves.code(curves.exp(x(i, j) - largest), sum);
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
