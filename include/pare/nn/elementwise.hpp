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
#include "executor.hpp"

namespace pare {

namespace detail {

/// Two operands and their output as rows: the inner axes on which both behave alike, and the outer ones, of which
/// strides say how far each operand moves (0 where it repeats).
struct repeated_rows {
  index size = 1;  ///< elements of a row
  bool a_repeats = false, b_repeats = false;
  std::array<index, 4> extents{1, 1, 1, 1}, a_strides{}, b_strides{};
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
template <class Function, class T, class Out>
void run(const binary_call<Function, T, Out>& call, target t) noexcept {
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
template <class Function, class A, class B, class Out>
void elementwise(const Function& function, const image_view<A>& a, const image_view<B>& b, const image_view<Out>& y,
                 target on = best_target()) {
  using number = std::remove_const_t<A>;
  static_assert(std::is_same_v<number, std::remove_const_t<B>>, "pare: the operands of elementwise have one type");
  expect_available(on);
  expect_valid("y", y);
  expect_repeats("a", a, y);
  expect_repeats("b", b, y);
  if (y.size() == 0) return;
  const detail::repeated_rows rows = detail::rows_of(detail::axes_of(a), detail::axes_of(b), detail::axes_of(y));
  binary_call<Function, number, Out> call{function,       nullptr, nullptr,  rows.a_repeats,
                                          rows.b_repeats, y.data,  rows.size};
  const auto& [batch, height, width, channels] = rows.extents;
  const auto offset = [](const std::array<index, 4>& strides, index n, index h, index w, index c) {
    return n * strides[0] + h * strides[1] + w * strides[2] + c * strides[3];
  };
  for (index n = 0; n < batch; ++n) {
    for (index h = 0; h < height; ++h) {
      for (index w = 0; w < width; ++w) {
        for (index c = 0; c < channels; ++c, call.out += rows.size) {
          call.a = a.data + offset(rows.a_strides, n, h, w, c);
          call.b = b.data + offset(rows.b_strides, n, h, w, c);
          run(call, on);
        }
      }
    }
  }
}

/// y[i] = function(x[i]): a type of numeric/elementwise.hpp (rescale, quantized_leaky_relu, code_to_real), or a stage
/// without columns (quantize_to, map, relu, clamp). y may be x. Allocates nothing. Fails if the sizes differ or the
/// target is not available. For 8-bit codes a table is faster (nn/table.hpp).
template <class Function, class T, class Out, Executor E = sequential>
void transform(const Function& function, std::span<T> x, std::span<Out> y, target on = best_target(),
               const E& executor = {}) {
  using call_type = unary_call<Function, std::remove_const_t<T>, Out>;
  expect_available(on);
  expect_equal("y", static_cast<index>(x.size()), static_cast<index>(y.size()));
  const index parts = executor.concurrency(), grain = 64, grains = ceil_div(static_cast<index>(x.size()), grain);
  executor.bulk(parts, [&](index i) {
    const index begin = grains * i / parts * grain;
    const index end = std::min(static_cast<index>(x.size()), grains * (i + 1) / parts * grain);
    const call_type call{function, x.data() + begin, y.data() + begin, end - begin};
    switch (on) {
#define PARE_CASE(name) \
  case target::name:    \
    return name::run(call);
      PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
      default:
        return;
    }
  });
}

}  // namespace PARE_UNIT
}  // namespace pare
