// requantize.hpp: the definition of what follows the sums: bias added, then codes of the output by a named policy.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

#include "../core/view.hpp"
#include "../numeric/requantize.hpp"

namespace pare::reference {
inline namespace PARE_UNIT {

/// sums[i, j] += bias[j]. sums [m, n], bias n values. Fails if there are not as many. Pre: the results fit Acc.
template <class Acc, class Bias>
void add_bias(std::span<Bias> bias, const matrix_view<Acc>& sums) {
  expect_valid("sums", sums);
  expect_equal("bias", sums.columns, static_cast<index>(bias.size()));
  for (index i = 0; i < sums.rows; ++i) {
    for (index j = 0; j < sums.columns; ++j) sums(i, j) += static_cast<Acc>(bias[static_cast<std::size_t>(j)]);
  }
}

/// codes[i, j] = P::apply(sums[i, j], terms[j], map). sums and codes [m, n], terms one per column.
/// Fails if the extents do not agree or [map.min, map.max] is no part of Code. Pre: as the policy's.
template <RequantizePolicy P, class Sum, std::integral Code>
void requantize(const matrix_view<Sum>& sums, std::span<const requantize_terms<P>> terms, const output_map& map,
                const matrix_view<Code>& codes) {
  expect_valid("sums", sums);
  expect_valid("codes", codes);
  expect_equal("codes.rows", sums.rows, codes.rows);
  expect_equal("codes.columns", sums.columns, codes.columns);
  expect_equal("terms", sums.columns, static_cast<index>(terms.size()));
  if (map.min > map.max) fail("output.max", text("at least output.min ", map.min), map.max);
  if (!std::in_range<Code>(map.min)) fail("output.min", "a value of the output's type", map.min);
  if (!std::in_range<Code>(map.max)) fail("output.max", "a value of the output's type", map.max);
  for (index i = 0; i < sums.rows; ++i) {
    for (index j = 0; j < sums.columns; ++j) {
      codes(i, j) = static_cast<Code>(P::apply(sums(i, j), terms[static_cast<std::size_t>(j)], map));
    }
  }
}

}  // namespace PARE_UNIT
}  // namespace pare::reference
