// quantization.hpp: the numbers of a quantized tensor: its scales and zero points, typed by the quantizer they serve.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/bits.hpp"
#include "../numeric/rounding.hpp"
#include "granularity.hpp"
#include "scheme.hpp"

namespace pare {

/// real = maps[p].scale * (code - maps[p].zero_point), where p is the element's place in the parameter_grid of the
/// quantizer's granularity: maps[0] per tensor, maps[channel] per axis. An aggregate: fill it from a file, or let
/// quantizer::calibrate choose.
template <class Quantizer>
struct quantization {
  using quantizer_type = Quantizer;
  using scheme = typename Quantizer::scheme;
  using granularity = typename Quantizer::granularity;
  using range = typename Quantizer::range;
  using storage = typename range::type;

  std::vector<affine_map> maps;
  [[no_unique_address]] typename Quantizer::rounding_type rounding{};
};

template <class P>
inline constexpr bool is_quantization = false;
template <class Q>
inline constexpr bool is_quantization<quantization<Q>> = true;

namespace detail {
/// Are all scales in [least, most] and all zero points in [low, high]? Pre: 0 < least. Without a branch, and of
/// integers, which are in the order of the floats above 0: compilers make vectors of it.
inline bool are_within(const std::vector<affine_map>& maps, float least, float most, std::int64_t low,
                       std::int64_t high) noexcept {
  const auto from = pare::bit_cast<std::uint32_t>(least), span = pare::bit_cast<std::uint32_t>(most) - from;
  low = std::max<std::int64_t>(low, INT32_MIN);  // so that the differences fit
  high = std::min<std::int64_t>(high, INT32_MAX);
  const auto first = static_cast<std::uint32_t>(low), codes = static_cast<std::uint32_t>(high - low);
  std::uint32_t beyond = 0;
  for (const affine_map& map : maps) {
    beyond |= pare::bit_cast<std::uint32_t>(map.scale) - from > span;
    beyond |= static_cast<std::uint32_t>(map.zero_point) - first > codes;
  }
  return beyond == 0;
}
}  // namespace detail

inline namespace PARE_UNIT {

/// Fails for the first map that is not valid.
template <class Q>
PARE_COLD void fail_invalid(const std::string& argument, const std::vector<affine_map>& maps) {
  for (const affine_map& map : maps) {
    expect_valid<typename Q::range>(argument, map);
    if (Q::scheme::maps_zero_to_zero && map.zero_point != 0)
      fail(argument, "zero point 0, as the scheme promises", map.zero_point);
  }
}

/// Fails unless the parameters are valid and their number is the grid's.
template <class Q>
void expect_valid(const char* argument, const quantization<Q>& parameters,
                  const parameter_grid<typename Q::granularity>& grid) {
  using range = typename Q::range;
  const auto given = static_cast<index>(parameters.maps.size());
  if (given != grid.count()) fail(text(argument, ".maps"), text(grid.count(), " for a tensor of this shape"), given);
  constexpr bool centered = Q::scheme::maps_zero_to_zero;
  using limits = std::numeric_limits<float>;
  const bool valid = detail::are_within(parameters.maps, limits::denorm_min(), limits::max(), centered ? 0 : range::min,
                                        centered ? 0 : range::max);
  if (!valid) fail_invalid<Q>(text(argument, ".maps"), parameters.maps);
}

}  // namespace PARE_UNIT
}  // namespace pare
