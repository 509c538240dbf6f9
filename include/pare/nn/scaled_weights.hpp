// scaled_weights.hpp: packed weights that know their scales: one per output channel, or one per group of k in it.
#pragma once

#include "../core/standard.hpp"
#include "../kernel/grouped.hpp"
#include "channels.hpp"
#include "packed.hpp"

namespace pare {

/// Operands with one scale per output channel: real weight = scales()[channel] * code.
template <class P>
concept ScaledOperand = PackedOperand<P> && IntegerRange<typename P::range> && requires(const P& p) {
  { p.scales() } -> std::same_as<const channels<float>&>;
};

/// Weights [n, k] of W with a scale per channel.
template <IntegerRange W, class Structure = dense>
class scaled_weights : public packed_weights<W, Structure> {
  using base = packed_weights<W, Structure>;

 public:
  scaled_weights() = default;
  /// Fails if there is not one scale per row of the weights, or a weight is outside W.
  scaled_weights(const matrix_view<const typename W::type>& weights, std::span<const float> scales)
      : base(weights), scales_(scales) {
    expect_equal("scales.size", base::n(), scales_.size());
  }
  const channels<float>& scales() const noexcept { return scales_; }
  std::size_t bytes() const noexcept { return base::bytes() + scales_.bytes(); }

 private:
  channels<float> scales_;
};

/// 4-bit weights [n, k] with a scale for every G elements of k in each channel, stored as Scale: float or bfloat16.
template <index G, class Scale = float, IntegerRange W = s4>
class grouped_weights {
  static_assert(bits_of<W> == 4, "pare: grouped_weights have 4 bits; 8-bit weights have a scale per channel");

 public:
  using range = W;
  using structure = grouped<G, Scale>;

  grouped_weights() = default;
  /// scales [n, ceil(k/G)], rounded to Scale. Fails if their extents are others, or a weight is outside W.
  grouped_weights(const matrix_view<const std::int8_t>& weights, const matrix_view<const float>& scales);

  index n() const noexcept { return weights_.n(); }
  index k() const noexcept { return weights_.k(); }
  index groups() const noexcept { return ceil_div(k(), G); }
  std::size_t bytes() const noexcept { return weights_.bytes() + scales_.bytes() + sums_.bytes(); }
  panel_view<structure> view() const noexcept {
    const panel_view<dense> w = weights_.view();
    return {w.strips, scales_.data(), w.panel_bytes, groups()};
  }
  /// The sum of each channel's real weights.
  const channels<float>& sums() const noexcept { return sums_; }

 private:
  packed_weights<W> weights_;
  aligned_storage<Scale> scales_;  // [panels, groups, 16]
  channels<float> sums_;
};

template <index G, class Scale, IntegerRange W>
grouped_weights<G, Scale, W>::grouped_weights(const matrix_view<const std::int8_t>& weights,
                                              const matrix_view<const float>& scales)
    : weights_(weights), scales_(panel_count(weights.rows) * strip_lanes * groups()), sums_(weights.rows, 0.f) {
  expect_valid("scales", scales);
  expect_equal("scales.rows", n(), scales.rows);
  expect_equal("scales.columns", groups(), scales.columns);
  for (index j = 0; j < n(); ++j) {
    double all = 0;
    for (index g = 0; g < groups(); ++g) {
      const Scale scale(scales(j, g));
      scales_[(j / strip_lanes * groups() + g) * strip_lanes + j % strip_lanes] = scale;
      std::int32_t sum = 0;
      for (index l = g * G; l < smaller(k(), (g + 1) * G); ++l) sum += weights(j, l);
      all += double{static_cast<float>(scale)} * sum;
    }
    sums_[j] = static_cast<float>(all);
  }
}

}  // namespace pare
