// pack.hpp: an expression of weights to an operand that a kernel can read, 16 output channels at a time.
#pragma once

#include "../nn/channels.hpp"
#include "../nn/packed.hpp"
#include "quantize.hpp"

namespace pare {

namespace detail {
template <class E>
struct structure_of {
  using type = dense;
};
template <PrunedExpression E>
struct structure_of<E> {
  using type = typename E::structure;
};
template <QuantizedExpression E>
requires PrunedExpression<typename E::source_type>
struct structure_of<E> {
  using type = typename E::source_type::structure;
};

/// Writes the elements of an expression in row-major order, tile after tile. Pre: the tiles are asked for in order.
template <class E>
auto tiles_of(const E& weights) {
  return [next = weights.begin()]<class T>(index, matrix_view<T> tile) mutable {
    for (index j = 0; j < tile.rows; ++j)
      for (index l = 0; l < tile.columns; ++l, ++next) tile(j, l) = static_cast<T>(*next);
  };
}
}  // namespace detail

/// Weights of integers that know their scales: real weight = scales()[channel] * code.
template <IntegerRange W, class Structure>
class packed_quantized : public packed_weights<W, Structure> {
 public:
  template <class Source>
  packed_quantized(index n, index k, Source source, channels<float> scales)
      : packed_weights<W, Structure>(n, k, std::move(source)), scales_(std::move(scales)) {}
  /// One per output channel.
  const channels<float>& scales() const noexcept { return scales_; }
  std::size_t bytes() const noexcept { return packed_weights<W, Structure>::bytes() + scales_.bytes(); }

 private:
  channels<float> scales_;
};

/// Packs an expression of real weights, [n, k] or [n, ..., inputs] seen as [n, k]: float kernels. Reads it once, now.
/// pack<f16>(weights) stores the nearest halves.
template <Element W = f32, XtensorExpression E>
requires(!QuantizedExpression<E>) auto pack(const E& weights) {
  static_assert(!IntegerRange<W>, "pare: pack stores reals as f32 or f16; quantize() weights first for codes");
  static_assert(std::is_same_v<typename E::value_type, float>,
                "pare: pack takes float weights, or codes that quantize() made (they know their scales)");
  const weight_shape shape = weights_of(weights.shape());
  return packed_weights<W, typename detail::structure_of<E>::type>(shape.rows, shape.columns(),
                                                                   detail::tiles_of(weights));
}

/// Packs an expression of codes; format, correction terms and kernel follow from its types. Weights are symmetric, with
/// one scale for all or one per output channel (per_axis<0>).
template <QuantizedExpression E>
auto pack(const E& weights) {
  using quantization = typename E::quantization_type;
  using granularity = typename quantization::granularity;
  static_assert(quantization::scheme::maps_zero_to_zero,
                "pare: this version packs symmetric weights only; use symmetric<std::int8_t> (see quant/scheme.hpp)");
  static_assert(std::is_same_v<granularity, per_tensor> || std::is_same_v<granularity, per_axis<0>>,
                "pare: weights have one scale, or one per output channel: per_tensor or per_axis<0>");
  const weight_shape shape = weights_of(weights.shape());
  channels<float> scales(shape.rows, 0.f);
  const auto& maps = weights.parameters().maps;
  for (index c = 0; c < shape.rows; ++c) scales[c] = maps[maps.size() == 1 ? 0 : static_cast<std::size_t>(c)].scale;
  return packed_quantized<typename E::range, typename detail::structure_of<E>::type>(
      shape.rows, shape.columns(), detail::tiles_of(weights), std::move(scales));
}

}  // namespace pare
