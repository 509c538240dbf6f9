// fixed.hpp: packed weights whose extents the compiler knows: kernels for them have no code for tails.
#pragma once

#include <type_traits>
#include <utility>

#include "packed.hpp"

namespace pare {

/// An extent that the compiler knows, as an argument: pare::extent<256>.
template <index E>
inline constexpr std::integral_constant<index, E> extent{};

/// Operands that know their extents at compile time. Models: constant_weights (constant.hpp), fixed_weights.
template <class P>
concept FixedOperand = PackedOperand<P> && requires {
  std::integral_constant<index, P::n()>{};
  std::integral_constant<index, P::k()>{};
};

/// Weights [N, K] that somebody else owns.
template <PackedOperand P, index N, index K>
class fixed_weights {
  static_assert(N >= 0 && K >= 0, "pare: extents are at least 0");

 public:
  using range = typename P::range;
  using structure = typename P::structure;
  explicit fixed_weights(const P& weights) : weights_(&weights) {
    expect_equal("weights.rows", N, weights.n());
    expect_equal("weights.columns", K, weights.k());
  }
  static constexpr index n() noexcept { return N; }
  static constexpr index k() noexcept { return K; }
  panel_view<structure> view() const noexcept { return weights_->view(); }

 private:
  const P* weights_;
};

/// `weights` with extents that the compiler knows: linear(x, zero_point, with_extents(w, extent<64>, extent<256>),
/// ...). Fails if they are not the weights'; these must outlive the result.
template <PackedOperand P, index N, index K>
fixed_weights<P, N, K> with_extents(const P& weights, std::integral_constant<index, N>,
                                    std::integral_constant<index, K>) {
  return fixed_weights<P, N, K>(weights);
}
template <PackedOperand P, index N, index K>
void with_extents(const P&& weights, std::integral_constant<index, N>, std::integral_constant<index, K>) = delete;

}  // namespace pare
