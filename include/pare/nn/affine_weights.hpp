// affine_weights.hpp: 8-bit weights with one zero point for the whole tensor, as ONNX and the older TFLite have them.
#pragma once

#include "../core/standard.hpp"
#include "../numeric/accumulator.hpp"
#include "packed.hpp"

namespace pare {

/// Weights [n, k] of the 8-bit range W: real = scale * (code - zero_point). Kernels multiply by signed weights, so
/// unsigned codes and their zero point are kept less 128. A call sums each row of its activations once:
/// sum of (x - zx)(w - zw) = sum of (x - zx) w - zw (sum of x - k zx)   (gemmlowp, doc/quantization.md).
template <IntegerRange W>
class affine_weights {
  using element = typename W::type;
  static_assert(sizeof(element) == 1, "pare: affine_weights have 8 bits; wider weights are symmetric: packed_weights");
  static constexpr std::int32_t shift = std::is_unsigned_v<element> ? 128 : 0;

 public:
  using codes = W;
  using range = integer_range<std::int8_t, W::min - shift, W::max - shift>;
  using structure = dense;
  /// The range of code - zero_point.
  using centered_range = centered<W>;

  affine_weights() = default;
  /// Fails if a weight or the zero point is outside W.
  affine_weights(const matrix_view<const element>& weights, std::int32_t zero_point)
      : affine_weights((expect_valid("weights", weights), weights.rows), weights.columns, zero_point,
                       [&](index first, const matrix_view<element>& tile) {
                         for (index j = 0; j < tile.rows; ++j)
                           copy_elements(weights.row(first + j), tile.columns, tile.row(j));
                       }) {}
  /// source(first, tile) writes codes as that of packed_weights does.
  template <TileSource<element> Source>
  affine_weights(index n, index k, std::int32_t zero_point, Source source)
      : weights_(n, k, tiles(source)), zero_point_(zero_point - shift) {
    if (zero_point < W::min || zero_point > W::max)
      fail("weights zero_point", words("a value in [", W::min, ", ", W::max, "]"), zero_point);
  }

  index n() const noexcept { return weights_.n(); }
  index k() const noexcept { return weights_.k(); }
  panel_view<dense> view() const noexcept { return weights_.view(); }
  std::size_t bytes() const noexcept { return weights_.bytes(); }
  /// Of the weights as they are kept.
  std::int32_t zero_point() const noexcept { return zero_point_; }

 private:
  template <class Source>
  static auto tiles(Source& source) {
    return [&source](index first, const matrix_view<std::int8_t>& tile) {
      const matrix_view<element> codes(reinterpret_cast<element*>(tile.data), tile.rows, tile.columns, tile.stride);
      source(first, codes);
      if constexpr (shift != 0) {
        for (index j = 0; j < tile.rows; ++j)
          for (index l = 0; l < tile.columns; ++l) tile(j, l) = static_cast<std::int8_t>(codes(j, l) - shift);
      }
    };
  }

  packed_weights<range> weights_;
  std::int32_t zero_point_ = 0;
};

/// Operands whose weights have a zero point.
template <class P>
concept AffineOperand = PackedOperand<P> && IntegerRange<typename P::centered_range> && requires(const P& p) {
  { p.zero_point() } -> std::convertible_to<std::int32_t>;
};

}  // namespace pare
