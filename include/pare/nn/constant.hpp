// constant.hpp: dense weights that are packed at compile time, for `constexpr` storage.
#pragma once

#include <array>
#include <cstddef>

#include "../core/bits.hpp"
#include "packed.hpp"

namespace pare {

/// Weights [N, K] of the range W, packed by the compiler: `constexpr pare::constant_weights<pare::s8_narrow, 2, 3>
/// w({{1, 2, 3}, {4, 5, 6}});` lies in read-only memory. A weight outside W does not compile.
template <Element W, index N, index K>
class constant_weights {
  static_assert(N > 0 && K > 0, "pare: constant_weights<W, N, K> has at least one weight");
  static_assert(bits_of<W> >= 8 && !std::is_same_v<W, f16>,
                "pare: constant_weights have at least 8 bits and are no halves; pack those at run time");
  using element = typename W::type;

 public:
  using range = W;
  using structure = dense;

  consteval explicit constant_weights(const element (&weights)[N][K]) {
    for (index j = 0; j < N; ++j) {
      for (index l = 0; l < K; ++l) {
        if constexpr (IntegerRange<W>) {
          if (weights[j][l] < W::min || weights[j][l] > W::max) fail("weights", "values in their range", weights[j][l]);
        }
        place(j, l, weights[j][l]);
        if constexpr (has_sums) sums_[static_cast<std::size_t>(j)] += weights[j][l];
      }
    }
  }
  static constexpr index n() noexcept { return N; }
  static constexpr index k() noexcept { return K; }
  constexpr panel_view<dense> view() const noexcept {
    return {strips_.data(), has_sums ? sums_.data() : nullptr, panel_bytes};
  }

 private:
  static constexpr bool has_sums = sizeof(element) == 1;
  static constexpr index panel_bytes = strips_per_panel<element>(K) * strip_bytes;

  constexpr void place(index j, index l, element weight) {
    const auto bytes = pare::bit_cast<std::array<std::byte, sizeof(element)>>(weight);
    constexpr index depth = cell_depth<element>;
    const index at = j / strip_lanes * panel_bytes + l / depth * strip_bytes + j % strip_lanes * cell_bytes +
                     l % depth * index{sizeof(element)};
    for (std::size_t b = 0; b < bytes.size(); ++b) strips_[static_cast<std::size_t>(at) + b] = bytes[b];
  }

  alignas(strip_bytes) std::array<std::byte, static_cast<std::size_t>(panel_count(N) * panel_bytes)> strips_{};
  alignas(strip_bytes) std::array<std::int32_t, static_cast<std::size_t>(panel_count(N) * strip_lanes)> sums_{};
};

}  // namespace pare
