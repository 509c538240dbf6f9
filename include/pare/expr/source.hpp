// source.hpp: reading an expression of floats in row-major order, many elements at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>

#include "reader.hpp"

namespace pare::detail {
inline namespace PARE_UNIT {

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
  using row_type = std::remove_cvref_t<decltype(std::declval<const reader<E>&>().row())>;
  static constexpr bool arithmetic_ = row_type::operation != arithmetic::other;

  explicit piece_source(const E& e)
      : shape_(e.shape().begin(), e.shape().end()), position_(shape_.size(), 0), reader_(e, shape_) {
    index size = 1;
    for (const index extent : shape_) size *= extent;
    if constexpr (arithmetic_) compute_ = arithmetic_kernel_for<row_type>(best_target());
    flat_ = reader_.flat();
    row_ = flat_ || shape_.empty() ? size : shape_.back();
    unit_ = flat_ || reader_.unit();
    reader_.begin_row(position_.data());
  }

  /// Rows of the next elements, at most `count`, as many as a kernel computes in whole strips: `taken` of them, none
  /// where operator() has to go on.
  auto strips(index count, index& taken) requires(arithmetic_) {
    arithmetic_rows<row_type> rows{reader_.row(), row_};
    taken = 0;
    if (flat_ || (unit_ && row_ % 16 == 0 && column_ % 16 == 0)) {
      rows.row.skip(column_);
      const index whole = whole_rows(count);
      taken = whole > 0 ? whole * row_ : std::min(count, row_ - column_) / 16 * 16;
      if (whole > 0) position_.end()[-2] += whole - 1;
      if (whole > 0 || (column_ += taken) == row_) next_row();
    }
    return rows;
  }

  std::span<const value_type> operator()(index count) {
    const index taken = std::min(count, piece);
    for (index done = 0; done < taken;) {
      if constexpr (arithmetic_) {
        if (const index rows = whole_rows(taken - done); rows > 0) {
          compute_(reader_.row(), 0, buffer_.data() + done, row_, rows);
          done += rows * row_;
          position_.end()[-2] += rows - 1;
          next_row();
          continue;
        }
      }
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
  /// How many rows may be computed at once, of at most `count` elements.
  index whole_rows(index count) const noexcept {
    if (flat_ || !unit_ || column_ != 0 || row_ < 16 || shape_.size() < 2) return 0;
    return std::min(count / row_, shape_.end()[-2] - position_.end()[-2]);
  }
  /// By a kernel if it knows the functions; else in groups of a constant size, which compilers make vectors of at any
  /// level of optimization.
  template <bool Unit>
  void read(value_type* to, index count) const {
    constexpr index group = 16;
    const row_type row = reader_.row();
    if constexpr (arithmetic_ && Unit)
      if (count >= group) return compute_(row, column_, to, count, 1);
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

  few_indices shape_, position_;
  reader<E> reader_;
  index row_ = 0, column_ = 0;
  bool flat_ = false, unit_ = false;
  [[no_unique_address]] std::conditional_t<arithmetic_, arithmetic_kernel<row_type>, std::monostate> compute_{};
  alignas(64) std::array<value_type, static_cast<std::size_t>(piece)> buffer_;
};

}  // namespace PARE_UNIT
}  // namespace pare::detail
