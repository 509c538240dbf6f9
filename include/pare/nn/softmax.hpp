// softmax.hpp: the softmax of every row of a matrix: floats or codes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../core/standard.hpp"
#include "../reference/softmax.hpp"
#include "prepared.hpp"

namespace pare {

/// The exponentials of all differences of 8-bit codes: what softmax_terms say, computed once.
class softmax_table {
 public:
  softmax_table() = default;
  explicit softmax_table(const softmax_terms& terms) {
    for (std::int32_t i = 0; i < 256 && -i >= terms.least; ++i) {
      exps_[static_cast<std::size_t>(i)] = terms.exp(-i);
      used_ = i + 1;
    }
  }
  /// Differences from 0 down that do not give 0.
  std::int32_t used() const noexcept { return used_; }
  std::int32_t operator[](std::int32_t below) const noexcept { return exps_[static_cast<std::size_t>(below)]; }
  static constexpr std::size_t bytes() noexcept { return 256 * sizeof(std::int32_t); }

 private:
  std::array<std::int32_t, 256> exps_{};
  std::int32_t used_ = 0;
};

namespace detail {
inline namespace PARE_UNIT {

/// The probabilities of one row.
template <class T, class Out>
void softmax_row(const softmax_table& table, const T* from, Out* to, index columns) noexcept {
  const std::int32_t largest = largest_of(from, columns);
  std::int32_t sum = 0;
  for (index j = 0; j < columns; ++j) {
    const std::int32_t below = largest - from[j];
    if (below < table.used()) sum += divide_by_power(table[below], 12);
  }
  const softmax_norm norm = softmax_norm::of(sum);
  for (index j = 0; j < columns; ++j) {
    const std::int32_t below = largest - from[j];
    to[j] = below < table.used() ? norm.code<Out>(table[below]) : std::numeric_limits<Out>::min();
  }
}

/// The checked call of rows(from, to), whose parts are some rows each.
template <class T, class Out, class Rows>
auto prepare_softmax_rows(const matrix_view<const T>& x, const matrix_view<Out>& y, const Rows& rows) {
  reference::expect_softmax_extents(x, y);
  return prepared([=](index parts, index i) noexcept {
    const index begin = piece(x.rows, 1, parts, i), count = piece(x.rows, 1, parts, i + 1) - begin;
    rows(matrix_view(x.row(begin), count, x.columns, x.stride), matrix_view(y.row(begin), count, y.columns, y.stride));
  });
}

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// The table of softmax(beta * x) for 8-bit codes of this scale. Fails as softmax_of does.
inline softmax_table softmax_table_of(float scale, float beta = 1) { return softmax_table(softmax_of(scale, beta)); }

/// Probabilities of 8-bit codes as s8 (scale 1 / 256, zero point -128) or s16 (scale 1 / 32768, zero point 0).
/// x [m, n], y [m, n], n <= 32768; y may be x. Fails if the extents do not agree. Allocates nothing.
///
/// prepare_softmax checks the arguments and returns the call, whose run() is noexcept (see prepared.hpp).
template <class X, class Out>
requires(sizeof(X) == 1)  //
    auto prepare_softmax(const softmax_table& table, const matrix_view<X>& x,
                         const matrix_view<Out>& y) PARE_THROWS_MISTAKES {
  using T = std::remove_const_t<X>;
  return detail::prepare_softmax_rows<T>(x, y, [&table](const matrix_view<const T>& from, const matrix_view<Out>& to) {
    for (index i = 0; i < from.rows && !from.empty(); ++i)
      detail::softmax_row(table, from.row(i), to.row(i), from.columns);
  });
}

/// Probabilities of 16-bit codes with zero point 0, as codes of scale 1 / 32768.
template <class X>
requires(sizeof(X) == 2)  //
    auto prepare_softmax(const softmax_curves& curves, const matrix_view<X>& x,
                         const matrix_view<std::int16_t>& y) PARE_THROWS_MISTAKES {
  return detail::prepare_softmax_rows<std::int16_t>(
      x, y, [&curves](const auto& from, const auto& to) { reference::softmax(curves, from, to); });
}

/// Probabilities of floats.
template <class X>
requires std::is_same_v < std::remove_const_t<X>,
float > auto prepare_softmax(const matrix_view<X>& x, const matrix_view<float>& y) PARE_THROWS_MISTAKES {
  return detail::prepare_softmax_rows<float>(x, y,
                                             [](const auto& from, const auto& to) { reference::softmax(from, to); });
}

/// Each of these at once.
template <class... Arguments>
void softmax(const Arguments&... arguments) PARE_THROWS_MISTAKES {
  prepare_softmax(arguments...).run();
}

}  // namespace PARE_UNIT
}  // namespace pare
