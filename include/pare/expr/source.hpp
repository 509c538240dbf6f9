// source.hpp: reading an expression of floats in row-major order, many elements at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "../core/index.hpp"
#include "xtensor.hpp"

namespace pare::detail {

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

/// Reads rows of a shape that its expression may be broadcast to: begin_row, then row().at<Unit>(j) for the elements j.
/// unit(): is the step from element to element 1, or no memory at all? flat(): are all rows one?
template <class E>
class reader;

template <class T>
struct memory_row {
  const T* first;
  index step;
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
    index dense = 1;
    for (std::size_t axis = e.dimension(); axis-- > 0;) {
      const auto extent = static_cast<index>(e.shape()[axis]);
      flat_ = flat_ && extent == shape[axis + extra_axes_] && (extent == 1 || strides_[axis] == dense);
      dense *= extent;
    }
    for (std::size_t axis = 0; axis < extra_axes_; ++axis) flat_ = flat_ && shape[axis] == 1;
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
  std::vector<index> strides_;
  std::size_t extra_axes_;
  bool flat_ = true;
};

template <class T>
struct constant_row {
  T value;
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

template <class F, class... Rows>
struct function_row {
  F function;
  std::tuple<Rows...> arguments;
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

/// The elements of an expression in row-major order, a piece at a time: in place if they lie so in memory, else copied
/// or computed into a buffer that stays in the nearest cache. Reads arithmetic on containers and views many elements at
/// a time, and everything else through the expression's iterator.
template <class E>
class piece_source {
 public:
  using value_type = typename E::value_type;
  static constexpr index piece = 1024;  ///< elements; 4 KiB of floats

  explicit piece_source(const E& e) : next_(e.begin()) {}

  /// The next elements, at least 1 and at most `count`. Pre: that many are left.
  std::span<const value_type> operator()(index count) {
    const index taken = std::min(count, piece);
    for (index i = 0; i < taken; ++i, ++next_) buffer_[static_cast<std::size_t>(i)] = *next_;
    return {buffer_.data(), static_cast<std::size_t>(taken)};
  }

 private:
  decltype(std::declval<const E&>().begin()) next_;
  std::array<value_type, static_cast<std::size_t>(piece)> buffer_;
};

template <class E>
requires RowMajorContainer<const E>
class piece_source<E> {
 public:
  using value_type = typename E::value_type;
  explicit piece_source(const E& e) : at_(e.data()) {}
  std::span<const value_type> operator()(index count) {
    return {std::exchange(at_, at_ + count), static_cast<std::size_t>(count)};
  }

 private:
  const value_type* at_;
};

template <class E>
requires(is_readable<E> && !RowMajorContainer<const E>) class piece_source<E> {
 public:
  using value_type = typename E::value_type;
  static constexpr index piece = 1024;

  explicit piece_source(const E& e)
      : shape_(e.shape().begin(), e.shape().end()), position_(shape_.size(), 0), reader_(e, shape_) {
    index size = 1;
    for (const index extent : shape_) size *= extent;
    flat_ = reader_.flat();
    row_ = flat_ || shape_.empty() ? size : shape_.back();
    unit_ = flat_ || reader_.unit();
    reader_.begin_row(position_.data());
  }

  std::span<const value_type> operator()(index count) {
    const index taken = std::min(count, piece);
    for (index done = 0; done < taken;) {
      const index part = std::min(taken - done, row_ - column_);
      if (unit_) {
        read<true>(buffer_.data() + done, part);
      } else {
        read<false>(buffer_.data() + done, part);
      }
      done += part;
      if ((column_ += part) == row_) next_row();
    }
    return {buffer_.data(), static_cast<std::size_t>(taken)};
  }

 private:
  /// In groups of a constant size, which compilers make vectors of at any level of optimization.
  template <bool Unit>
  void read(value_type* to, index count) const {
    constexpr index group = 16;
    const auto row = reader_.row();
    index j = 0;
    for (; j + group <= count; j += group)
      for (index l = 0; l < group; ++l) to[j + l] = static_cast<value_type>(row.template at<Unit>(column_ + j + l));
    for (; j < count; ++j) to[j] = static_cast<value_type>(row.template at<Unit>(column_ + j));
  }
  void next_row() {
    column_ = 0;
    if (flat_) return;
    for (std::size_t axis = shape_.size() - 1; axis-- > 0;) {
      if (++position_[axis] < shape_[axis]) break;
      position_[axis] = 0;
    }
    reader_.begin_row(position_.data());
  }

  std::vector<index> shape_, position_;
  reader<E> reader_;
  index row_ = 0, column_ = 0;
  bool flat_ = false, unit_ = false;
  alignas(64) std::array<value_type, static_cast<std::size_t>(piece)> buffer_;
};

}  // namespace pare::detail
