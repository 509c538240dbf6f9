// quantization.hpp: the numbers of a quantized tensor: its scales and zero points, typed by the quantizer they serve.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

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

inline namespace PARE_UNIT {

/// Fails unless the parameters are valid and their number is the grid's.
template <class Q>
void expect_valid(const char* argument, const quantization<Q>& parameters,
                  const parameter_grid<typename Q::granularity>& grid) {
  const std::string name = text(argument, ".maps");
  const auto given = static_cast<index>(parameters.maps.size());
  if (given != grid.count()) fail(name, text(grid.count(), " for a tensor of this shape"), given);
  for (const affine_map& map : parameters.maps) {
    expect_valid<typename Q::range>(name, map);
    if (Q::scheme::maps_zero_to_zero && map.zero_point != 0)
      fail(name, "zero point 0, as the scheme promises", map.zero_point);
  }
}

}  // namespace PARE_UNIT
}  // namespace pare
