// reader.hpp: rows of an expression: containers, views of them, numbers, and functions of these.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "../kernel/read.hpp"
#include "xtensor.hpp"

namespace pare::detail {
inline namespace PARE_UNIT {

/// Containers and views of them: elements at data() + data_offset() + sum of position * strides().
template <class E>
concept StridedMemory = requires(const E& e) {
  e.data();
  e.data_offset();
  e.strides();
  requires xt::has_data_interface<E>::value && xt::has_strides<E>::value;
};

/// Containers whose elements a kernel can read or write in place.
template <class E>
concept RowMajorContainer = requires(E& e) {
  e.data();
}
&&E::static_layout == xt::layout_type::row_major&& E::contiguous_layout;

/// One index per axis, without allocation up to eight axes.
using few_indices = xt::svector<index, 8>;

/// Reads rows of a shape that its expression may be broadcast to: begin_row, then row().at<Unit>(j) for the elements j.
/// unit(): is the step from element to element 1, or no memory at all? flat(): are all rows one?
template <class E>
class reader;

template <class T>
struct memory_row {
  using element = T;
  static constexpr arithmetic operation = std::is_same_v<T, float> ? arithmetic::memory : arithmetic::other;
  const T* first;
  index step;              ///< to the next element
  index to_next = 0;       ///< to the next row, along the innermost axis but one
  fetch_ahead ahead = {};  ///< nothing but what is read if the loop goes on with this row once more
  void next() noexcept { first += to_next; }
  void skip(index elements) noexcept { first += elements * step; }
  template <bool Unit>
  T at(index j) const noexcept {
    return Unit ? first[j] : first[j * step];
  }
};
template <StridedMemory E>
class reader<E> {
 public:
  template <class Shape>
  reader(const E& e, const Shape& shape)
      : first_(e.data() + e.data_offset()), row_{first_, 0}, extra_axes_(shape.size() - e.dimension()) {
    strides_.assign(e.strides().begin(), e.strides().end());
    if (!strides_.empty()) row_.step = strides_.back();
    if (strides_.size() > 1) row_.to_next = strides_.end()[-2];
    index dense = 1;
    for (std::size_t axis = e.dimension(); axis-- > 0;) {
      const auto extent = static_cast<index>(e.shape()[axis]);
      flat_ = flat_ && extent == shape[axis + extra_axes_] && (extent == 1 || strides_[axis] == dense);
      dense *= extent;
    }
    for (std::size_t axis = 0; axis < extra_axes_; ++axis) flat_ = flat_ && shape[axis] == 1;
    if (flat_ || row_.to_next != 0) row_.ahead = fetch_ahead_here();
  }
  bool flat() const noexcept { return flat_; }
  bool unit() const noexcept { return row_.step == 1; }
  void begin_row(const index* position) noexcept {
    row_.first = first_;
    for (std::size_t axis = 0; axis + 1 < strides_.size(); ++axis)
      row_.first += position[axis + extra_axes_] * strides_[axis];
  }
  const auto& row() const noexcept { return row_; }

 private:
  const typename E::value_type* first_;
  memory_row<typename E::value_type> row_;
  few_indices strides_;
  std::size_t extra_axes_;
  bool flat_ = true;
};

template <class T>
struct constant_row {
  using element = T;
  static constexpr arithmetic operation =
      std::is_same_v<T, float> || std::is_integral_v<T> ? arithmetic::number : arithmetic::other;
  T value;
  void next() noexcept {}
  void skip(index) noexcept {}
  template <bool>
  T at(index) const noexcept {
    return value;
  }
};
template <class CT>
class reader<xt::xscalar<CT>> {
 public:
  template <class Shape>
  reader(const xt::xscalar<CT>& e, const Shape&) : row_{e()} {}
  bool flat() const noexcept { return true; }
  bool unit() const noexcept { return true; }
  void begin_row(const index*) noexcept {}
  const auto& row() const noexcept { return row_; }

 private:
  constant_row<std::remove_cvref_t<CT>> row_;
};

/// What a kernel calls a function of xtensor's.
template <class F>
inline constexpr arithmetic operation_of = arithmetic::other;
template <>
inline constexpr arithmetic operation_of<xt::detail::negate> = arithmetic::negate;
template <>
inline constexpr arithmetic operation_of<xt::detail::plus> = arithmetic::add;
template <>
inline constexpr arithmetic operation_of<xt::detail::minus> = arithmetic::subtract;
template <>
inline constexpr arithmetic operation_of<xt::detail::multiplies> = arithmetic::multiply;
template <>
inline constexpr arithmetic operation_of<xt::detail::divides> = arithmetic::divide;

template <class F, class... Rows>
struct function_row {
  using element = std::common_type_t<typename Rows::element...>;
  /// A kernel's only if all of it is computed in float.
  static constexpr arithmetic operation =
      std::is_same_v<element, float> && ((Rows::operation != arithmetic::other) && ...) ? operation_of<F>
                                                                                        : arithmetic::other;
  F function;
  std::tuple<Rows...> arguments;
  void next() noexcept {
    std::apply([](Rows&... a) { (a.next(), ...); }, arguments);
  }
  void skip(index elements) noexcept {
    std::apply([&](Rows&... a) { (a.skip(elements), ...); }, arguments);
  }
  template <bool Unit>
  auto at(index j) const {
    return std::apply([&](const Rows&... a) { return function(a.template at<Unit>(j)...); }, arguments);
  }
};
template <class F, class... CT>
class reader<xt::xfunction<F, CT...>> {
 public:
  template <class Shape>
  reader(const xt::xfunction<F, CT...>& e, const Shape& shape)
      : function_(e.functor()),
        arguments_(std::apply(
            [&](const auto&... arguments) {
              return std::tuple<reader<std::remove_cvref_t<CT>>...>(
                  reader<std::remove_cvref_t<CT>>(arguments, shape)...);
            },
            e.arguments())) {}
  bool flat() const noexcept {
    return std::apply([](const auto&... a) { return (a.flat() && ...); }, arguments_);
  }
  bool unit() const noexcept {
    return std::apply([](const auto&... a) { return (a.unit() && ...); }, arguments_);
  }
  void begin_row(const index* position) noexcept {
    std::apply([&](auto&... a) { (a.begin_row(position), ...); }, arguments_);
  }
  auto row() const {
    return std::apply(
        [&](const auto&... a) {
          return function_row<F, std::remove_cvref_t<decltype(a.row())>...>{function_, {a.row()...}};
        },
        arguments_);
  }

 private:
  F function_;
  std::tuple<reader<std::remove_cvref_t<CT>>...> arguments_;
};

template <class E>
inline constexpr bool is_readable = StridedMemory<E>;
template <class CT>
inline constexpr bool is_readable<xt::xscalar<CT>> = true;
template <class F, class... CT>
inline constexpr bool is_readable<xt::xfunction<F, CT...>> = (is_readable<std::remove_cvref_t<CT>> && ...);

}  // namespace PARE_UNIT
}  // namespace pare::detail
