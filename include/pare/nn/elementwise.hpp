// elementwise.hpp: layers that treat every element by itself: sums, products, extrema, rescaling, activations.
//
//   const auto sum = sum_of<s8>(a_map, b_map, y_map, relu_output<s8>(y_map));   // once: residual with a fused relu
//   elementwise(sum, a, b, y);                                                  // per inference
//
// The functions are types of numeric/elementwise.hpp; transform also takes epilogue stages that have no columns.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>

#include "../kernel/elementwise.hpp"
#include "../reference/elementwise.hpp"
#include "prepared.hpp"

namespace pare {

namespace detail {

/// Two operands and their output as rows: the inner axes on which both behave alike, and the outer ones, of which
/// strides say how far each operand moves (0 where it repeats).
struct repeated_rows {
  index size = 1;  ///< elements of a row
  bool a_repeats = false, b_repeats = false;
  std::array<index, 4> extents{1, 1, 1, 1}, a_strides{}, b_strides{};

  index count() const noexcept { return extents[0] * extents[1] * extents[2] * extents[3]; }
};

/// A row's number along each axis.
struct row_place {
  std::array<index, 4> at{};
  row_place(const std::array<index, 4>& extents, index row) noexcept {
    for (std::size_t axis = 4; axis-- > 0; row /= extents[axis]) at[axis] = row % extents[axis];
  }
  void advance(const std::array<index, 4>& extents) noexcept {
    for (std::size_t axis = 4; axis-- > 0 && ++at[axis] == extents[axis];) at[axis] = 0;
  }
  index offset(const std::array<index, 4>& strides) const noexcept {
    return at[0] * strides[0] + at[1] * strides[1] + at[2] * strides[2] + at[3] * strides[3];
  }
};

inline repeated_rows rows_of(const std::array<index, 4>& a, const std::array<index, 4>& b,
                             const std::array<index, 4>& out) noexcept {
  repeated_rows rows;
  index a_size = 1, b_size = 1;
  bool inner = true, any = false;
  for (std::size_t axis = 4; axis-- > 0;) {
    const bool a_full = a[axis] == out[axis], b_full = b[axis] == out[axis];
    if (out[axis] != 1 && inner) {
      inner = !any || (rows.a_repeats == !a_full && rows.b_repeats == !b_full);
      any = true;
      if (inner) {
        rows.a_repeats = !a_full;
        rows.b_repeats = !b_full;
        rows.size *= out[axis];
      }
    }
    if (out[axis] != 1 && !inner) {
      rows.extents[axis] = out[axis];
      rows.a_strides[axis] = a_full ? a_size : 0;
      rows.b_strides[axis] = b_full ? b_size : 0;
    }
    a_size *= a[axis];
    b_size *= b[axis];
  }
  return rows;
}

template <class T>
constexpr std::array<index, 4> axes_of(const image_view<T>& image) noexcept {
  return {image.batch, image.height, image.width, image.channels};
}

}  // namespace detail

inline namespace PARE_UNIT {

/// Runs `call` on target `t`. Pre: available(t), and the call's preconditions.
template <class Call>
requires requires(const Call& call) { call.function; }
void run(const Call& call, target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::run(call);
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      return;
  }
}

/// y[n, h, w, c] = function(a[n, h, w, c], b[n, h, w, c]): integers of 8 or 16 bits, or floats. An axis of extent 1 is
/// repeated to y's extent. y may be an operand that does not repeat. Allocates nothing. Fails if another extent
/// differs, or the target is not available.
///
/// prepare_elementwise checks the arguments and returns the call, whose run() is noexcept (see prepared.hpp).
template <class Function, class A, class B, class Out>
auto prepare_elementwise(const Function& function, const image_view<A>& a, const image_view<B>& b,
                         const image_view<Out>& y, target on = best_target()) PARE_THROWS_MISTAKES {
  using number = std::remove_const_t<A>;
  static_assert(std::is_same_v<number, std::remove_const_t<B>>, "pare: the operands of elementwise have one type");
  expect_available(on);
  expect_valid("y", y);
  expect_repeats("a", a, y);
  expect_repeats("b", b, y);
  detail::repeated_rows rows;
  if (y.size() != 0) rows = detail::rows_of(detail::axes_of(a), detail::axes_of(b), detail::axes_of(y));
  const index count = y.size() == 0 ? 0 : rows.count();
  const binary_call<Function, number, Out> call{function,       a.data, b.data,   rows.a_repeats,
                                                rows.b_repeats, y.data, rows.size};
  return prepared([=](index parts, index i) noexcept {
    auto mine = call;
    if (count == 1) {
      constexpr index grain = 64;
      const index first = detail::piece(rows.size, grain, parts, i);
      mine.size = detail::piece(rows.size, grain, parts, i + 1) - first;
      if (!rows.a_repeats) mine.a += first;
      if (!rows.b_repeats) mine.b += first;
      mine.out += first;
      return run(mine, on);
    }
    const index begin = detail::piece(count, 1, parts, i), end = detail::piece(count, 1, parts, i + 1);
    detail::row_place place(rows.extents, begin);
    for (index row = begin; row < end; ++row, place.advance(rows.extents)) {
      mine.a = call.a + place.offset(rows.a_strides);
      mine.b = call.b + place.offset(rows.b_strides);
      mine.out = call.out + row * rows.size;
      run(mine, on);
    }
  });
}
template <class Function, class A, class B, class Out>
void elementwise(const Function& function, const image_view<A>& a, const image_view<B>& b, const image_view<Out>& y,
                 target on = best_target()) PARE_THROWS_MISTAKES {
  prepare_elementwise(function, a, b, y, on).run();
}

/// y[i] = function(x[i]): a type of numeric/elementwise.hpp (rescale, quantized_leaky_relu, code_to_real), or a stage
/// without columns (quantize_to, map, relu, clamp). y may be x. Allocates nothing. Fails if the sizes differ or the
/// target is not available. For 8-bit codes a table is faster (nn/table.hpp).
template <class Function, class T, class Out>
auto prepare_transform(const Function& function, std::span<T> x, std::span<Out> y,
                       target on = best_target()) PARE_THROWS_MISTAKES {
  expect_available(on);
  expect_equal("y", static_cast<index>(x.size()), static_cast<index>(y.size()));
  return prepared([=](index parts, index i) noexcept {
    constexpr index grain = 64;
    const auto size = static_cast<index>(x.size()), begin = detail::piece(size, grain, parts, i);
    run(unary_call<Function, std::remove_const_t<T>, Out>{function, x.data() + begin, y.data() + begin,
                                                          detail::piece(size, grain, parts, i + 1) - begin},
        on);
  });
}
template <class Function, class T, class Out, Executor E = sequential>
void transform(const Function& function, std::span<T> x, std::span<Out> y, target on = best_target(),
               const E& executor = {}) PARE_THROWS_MISTAKES {
  prepare_transform(function, x, y, on).run(executor);
}

}  // namespace PARE_UNIT
}  // namespace pare
