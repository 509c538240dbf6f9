// problem.hpp: the real-valued matrix product or convolution that every format of a shape approximates, and its exact
// result.
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "buffer.hpp"
#include "pare/reference/geometry.hpp"

namespace pare::bench {

struct shape {
  index m, n, k;
  friend auto operator<=>(const shape&, const shape&) = default;
};
/// "MxNxK".
std::string name(const shape& s);

/// Which weights of a problem are zero: this share of the blocks of `rows` output channels by `columns` elements of k,
/// exactly that many, chosen at random among all, or among each `window` consecutive blocks along k.
struct pattern {
  double sparsity = 0;
  index rows = 16, columns = 4, window = 0;
  const std::vector<bool>* kept = nullptr;  ///< instead of all that: which of the n * k weights are not zero
  constexpr pattern(double sparsity_ = 0, index rows_ = 16, index columns_ = 4, index window_ = 0) noexcept
      : sparsity(sparsity_), rows(rows_), columns(columns_), window(window_) {}
  friend auto operator<=>(const pattern&, const pattern&) = default;
};
/// N of every M weights along k stay, in `shared` output channels the same ones.
constexpr pattern windows(index n, index m, index shared = 1) noexcept {
  return {1 - static_cast<double>(n) / static_cast<double>(m), shared, 1, m};
}

/// A square window over an image, padded so that every stride of the image has an output, as TFLite's SAME does.
struct conv_shape {
  index height, width, inputs, outputs, kernel, stride;
  bool depthwise = false;  ///< outputs == inputs

  conv_geometry geometry() const noexcept;
  image_extents extents() const { return output_extents(geometry(), {height, width}, {kernel, kernel}); }
  /// Products per output.
  index depth() const noexcept { return kernel * kernel * (depthwise ? 1 : inputs); }
};
/// "HxWxCxOkKsS", or "HxWxCkKsS" if depthwise.
std::string name(const conv_shape& s);

/// exact = x * w^T + bias in double precision, for normally distributed x, w and bias; seeded, so the same in every
/// run.
///
/// Of a convolution m are the output pixels, k the taps and channels of a window: w is OHWI, and x the image NHWC,
/// whose codes have zero point 0, since not every library can pad with another value.
struct problem {
  bench::shape shape;
  buffer<float> x;       // [m, k], mean 0.5, deviation 1
  buffer<float> w;       // [n, k], deviations from 0.5 to 2 over the channels, divided by sqrt(k)
  buffer<float> bias;    // [n]
  buffer<double> exact;  // [m, n]
  std::optional<conv_shape> conv{};
};

/// Problems are kept: the next call with the same arguments is free.
const problem& problem_of(const shape& s, const pattern& zeros);
/// Convolutions are not kept.
problem make_problem(const conv_shape& s, const pattern& zeros = {});

/// Frobenius norm of a - b, relative to that of b.
double relative_distance(std::span<const float> a, std::span<const double> b);

}  // namespace pare::bench
