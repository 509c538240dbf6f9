// dynamic.hpp: the definition of the product of rows of codes, each row with a map of its own, and weights with scales
// per channel or per group of k: exact sums of integers, then float operations in this order.
#pragma once

#include <cstdint>
#include <span>

#include "../core/view.hpp"
#include "../numeric/affine.hpp"

namespace pare::reference {
inline namespace PARE_UNIT {

/// sum of (x[i, l] - zero_point) * w[j, l] over l in [begin, end), in int32.
template <class W>
std::int32_t sum_of(const matrix_view<const std::int8_t>& x, index i, std::int32_t zero_point,
                    const matrix_view<const W>& w, index j, index begin, index end) {
  std::int32_t sum = 0;
  for (index l = begin; l < end; ++l) sum += (x(i, l) - zero_point) * w(j, l);
  return sum;
}

/// A product that the compiler may not fuse with the sum that follows.
inline float rounded(float product) noexcept {
  volatile float stored = product;
  return stored;
}

/// y[i, j] = (float(sum of (x[i, l] - zp[i]) * w[j, l] over l) * scales[j]) * s[i], where maps[i] = {s[i], zp[i]}.
/// x [m, k], w [n, k], y [m, n]. Pre: extents agree, sums fit int32.
template <class W>
void scaled_gemm(const matrix_view<const std::int8_t>& x, std::span<const affine_map> maps,
                 const matrix_view<const W>& w, std::span<const float> scales, const matrix_view<float>& y) {
  for (index i = 0; i < y.rows; ++i) {
    const affine_map& map = maps[static_cast<std::size_t>(i)];
    for (index j = 0; j < y.columns; ++j) {
      const float channel =
          static_cast<float>(sum_of(x, i, map.zero_point, w, j, 0, x.columns)) * scales[static_cast<std::size_t>(j)];
      y(i, j) = channel * map.scale;
    }
  }
}

/// y[i, j] = (total - zp[i] * S[j]) * s[i], all in float: total adds float(sum of x[i, l] * w[j, l] over group g) *
/// scales[j, g] for each g in order, S[j] is the sum of the real weights of channel j, in double, rounded to float.
/// x [m, k], w [n, k], scales [n, ceil(k/group)], y [m, n]. Pre: extents agree, sums fit int32.
template <class W>
void grouped_gemm(const matrix_view<const std::int8_t>& x, std::span<const affine_map> maps,
                  const matrix_view<const W>& w, index group, const matrix_view<const float>& scales,
                  const matrix_view<float>& y) {
  for (index i = 0; i < y.rows; ++i) {
    const affine_map& map = maps[static_cast<std::size_t>(i)];
    for (index j = 0; j < y.columns; ++j) {
      float total = 0;
      double weights = 0;
      for (index g = 0; g < scales.columns; ++g) {
        const index begin = g * group, end = begin + group < x.columns ? begin + group : x.columns;
        const float product = rounded(static_cast<float>(sum_of(x, i, 0, w, j, begin, end)) * scales(j, g));
        total = total + product;
        std::int32_t sum = 0;
        for (index l = begin; l < end; ++l) sum += w(j, l);
        weights += double{scales(j, g)} * sum;
      }
      const float shift = rounded(static_cast<float>(-map.zero_point) * static_cast<float>(weights));
      y(i, j) = (total + shift) * map.scale;
    }
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
