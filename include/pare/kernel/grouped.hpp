// grouped.hpp: 4-bit weights with a scale for every G elements of k: how they lie in memory and how they are called.
//
// The sum of an output is a real, added up group by group, in this order and in float, without fused operations:
//   total = 0;  for each group g: total = total + float(integer sum of group g) * scale[channel, g]
// so that every target gives the same bits.
#pragma once

#include "../numeric/bfloat16.hpp"
#include "pack.hpp"

namespace pare {

/// The structure of dense weights with scales of type Scale (float or bfloat16) per output channel and G elements of k.
template <index G, class Scale = float>
struct grouped {
  static_assert(G > 0 && G % 8 == 0, "pare: groups are multiples of 8 elements, a strip of 4-bit weights");
  static_assert(std::is_same_v<Scale, float> || std::is_same_v<Scale, bfloat16>,
                "pare: scales of groups are stored as float or bfloat16");
  static constexpr index group = G;
  using scale = Scale;
};
template <class Structure>
inline constexpr bool is_grouped = false;
template <index G, class Scale>
inline constexpr bool is_grouped<grouped<G, Scale>> = true;

/// Panels as those of dense weights; scales [ceil(n/16), groups, 16].
template <index G, class Scale>
struct panel_view<grouped<G, Scale>> {
  const std::byte* strips = nullptr;
  const Scale* scales = nullptr;
  index panel_bytes = 0;
  index groups = 0;  ///< ceil(k/G)
};

/// A call on grouped weights. terms[row, g] = -8 * sum of the row's activations in group g, which takes out that 4-bit
/// weights are stored plus 8 (see simd/dots.inl).
template <class Call>
struct grouped_call : Call {
  const std::int32_t* terms = nullptr;
};

}  // namespace pare
