// cholesky.hpp: the factorisation of symmetric positive definite matrices that least squares needs, in double.
//
// Our own, and small, so that who prunes needs no LAPACK: all inner loops are sums of four scaled rows, which every
// compiler vectorises without licence to reorder sums.
#pragma once

#include <algorithm>
#include <cmath>

#include "../core/view.hpp"

namespace pare {

namespace detail {
/// to[j] += sum over i < count of scales[i] * rows.row(i)[j], j in [begin, end).
inline void add_rows(double* to, const double* scales, const matrix_view<const double>& rows, index begin, index end) {
  index i = 0;
  for (; i + 4 <= rows.rows; i += 4) {
    const double s0 = scales[i], s1 = scales[i + 1], s2 = scales[i + 2], s3 = scales[i + 3];
    if (s0 == 0 && s1 == 0 && s2 == 0 && s3 == 0) continue;
    const double *const r0 = rows.row(i), *const r1 = rows.row(i + 1), *const r2 = rows.row(i + 2),
                        *const r3 = rows.row(i + 3);
    for (index j = begin; j < end; ++j) to[j] += s0 * r0[j] + s1 * r1[j] + s2 * r2[j] + s3 * r3[j];
  }
  for (; i < rows.rows; ++i)
    if (scales[i] != 0)
      for (index j = begin; j < end; ++j) to[j] += scales[i] * rows(i, j);
}
}  // namespace detail

/// a [n, n], of which the upper triangle counts -> its upper triangle holds u, u^T u = a. False if a is not positive
/// definite as far as double can tell; the contents are then of no use.
inline bool cholesky(const matrix_view<double>& a) {
  constexpr index pivots = 4;
  double scales[pivots];
  for (index first = 0; first < a.rows; first += pivots) {
    const index last = std::min(first + pivots, a.rows);
    for (index i = first; i < last; ++i) {
      const index above = i - first;
      for (index p = 0; p < above; ++p) scales[p] = -a(first + p, i);
      detail::add_rows(a.row(i), scales, {a.row(first), above, a.columns, a.stride}, i, a.columns);
      if (!(a(i, i) > 0) || !std::isfinite(a(i, i))) return false;
      const double root = std::sqrt(a(i, i));
      for (index j = i; j < a.columns; ++j) a(i, j) /= root;
    }
    for (index i = last; i < a.rows; ++i) {
      for (index p = 0; p < last - first; ++p) scales[p] = -a(first + p, i);
      detail::add_rows(a.row(i), scales, {a.row(first), last - first, a.columns, a.stride}, i, a.columns);
    }
  }
  return true;
}

/// Solves u^T u x = b in place. u: what cholesky left. x: [n], b on entry.
inline void cholesky_solve(const matrix_view<const double>& u, double* x) {
  for (index i = 0; i < u.rows; ++i) {
    x[i] /= u(i, i);
    for (index j = i + 1; j < u.rows; ++j) x[j] -= x[i] * u(i, j);
  }
  for (index i = u.rows - 1; i >= 0; --i) {
    double sum = x[i];
    for (index j = i + 1; j < u.rows; ++j) sum -= u(i, j) * x[j];
    x[i] = sum / u(i, i);
  }
}

/// The inverse v of the upper triangle u; the inverse of u^T u is v v^T. v [n, n] may not be u; below its diagonal are
/// zeros.
inline void invert_triangle(const matrix_view<const double>& u, const matrix_view<double>& v) {
  for (index i = u.rows - 1; i >= 0; --i) {
    std::fill(v.row(i), v.row(i) + v.columns, 0.0);
    detail::add_rows(v.row(i), u.row(i) + i + 1, {v.row(i) + v.stride, u.rows - i - 1, v.columns, v.stride}, i + 1,
                     v.columns);
    for (index j = i + 1; j < v.columns; ++j) v(i, j) /= -u(i, i);
    v(i, i) = 1 / u(i, i);
  }
}

}  // namespace pare
