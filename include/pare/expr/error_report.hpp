// error_report.hpp: the error report of an expression under a quantization.
#pragma once

#include "../quant/error_report.hpp"
#include "fake_quantize.hpp"

namespace pare {

/// How far the codes of `source` under `parameters` are from it. A channel is what shares a parameter. Reads the source
/// once. Fails if the number of parameters does not suit the shape.
template <class E, class Q>
error_report report_error(const E& source, const quantization<Q>& parameters) {
  static_assert(XtensorExpression<E> && std::floating_point<typename E::value_type>,
                "pare: report_error takes an xtensor expression of real numbers and its quantization");
  const parameter_grid<typename Q::granularity> grid(source.shape());
  expect_valid("quantization", parameters, grid);
  error_report report{.whole = {}, .channels = std::vector<error_sums>(parameters.maps.size())};
  auto x = source.begin();
  std::uint64_t position = 0;
  grid.for_each_run([&](index parameter, index count) {
    const affine_map& map = parameters.maps[static_cast<std::size_t>(parameter)];
    error_sums& sums = report.channels[static_cast<std::size_t>(parameter)];
    const double low = double{map.scale} * static_cast<double>(Q::range::min - map.zero_point);
    const double high = double{map.scale} * static_cast<double>(Q::range::max - map.zero_point);
    const double half_step = double{map.scale} / 2;
    for (index i = 0; i < count; ++i, ++x, ++position) {
      const auto value = static_cast<double>(*x);
      const auto back =
          static_cast<double>(dequantize_value(detail::code_of_value<Q>(*x, map, parameters.rounding, position), map));
      sums.add(value, back, value < low - half_step || value > high + half_step);
    }
  });
  for (const error_sums& sums : report.channels) report.whole.add(sums);
  return report;
}

/// The same for codes that know their source and their quantization: report_error(quantize<Q>(weights)).
template <QuantizedExpression E>
error_report report_error(const E& quantized) {
  return report_error(quantized.source(), quantized.parameters());
}

}  // namespace pare
