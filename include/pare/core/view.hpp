// view.hpp: matrices and images that lie in somebody else's memory: a pointer, extents and strides.
#pragma once

#include <cstdint>
#include <type_traits>

#include "error.hpp"

namespace pare {

/// `rows` x `columns` elements; row i starts at data + i * stride, its elements are consecutive.
/// data may be null if the view is empty.
template <class T>
struct matrix_view {
  T* data = nullptr;
  index rows = 0;
  index columns = 0;
  index stride = 0;  ///< elements from one row to the next, >= columns (any value if rows <= 1)

  constexpr matrix_view() noexcept = default;
  constexpr matrix_view(T* data_, index rows_, index columns_, index stride_) noexcept
      : data(data_), rows(rows_), columns(columns_), stride(stride_) {}
  /// Rows without gaps.
  constexpr matrix_view(T* data_, index rows_, index columns_) noexcept
      : matrix_view(data_, rows_, columns_, columns_) {}

  /// Null if data is, which it may be where nothing is read.
  constexpr T* row(index i) const noexcept { return data == nullptr ? data : data + i * stride; }
  constexpr T& operator()(index i, index j) const noexcept { return data[i * stride + j]; }
  constexpr bool empty() const noexcept { return rows == 0 || columns == 0; }
  constexpr operator matrix_view<const T>() const noexcept requires(!std::is_const_v<T>) {
    return {data, rows, columns, stride};
  }
};

/// A batch of images, NHWC: element (n, y, x, c) at data[((n * height + y) * width + x) * channels + c].
template <class T>
struct image_view {
  T* data = nullptr;
  index batch = 0;
  index height = 0;
  index width = 0;
  index channels = 0;

  constexpr T& operator()(index n, index y, index x, index c) const noexcept {
    return data[((n * height + y) * width + x) * channels + c];
  }
  constexpr index size() const noexcept { return batch * height * width * channels; }
  /// The pixels of all images as rows, the channels as columns.
  constexpr matrix_view<T> pixels() const noexcept { return {data, batch * height * width, channels}; }
  constexpr operator image_view<const T>() const noexcept requires(!std::is_const_v<T>) {
    return {data, batch, height, width, channels};
  }
};

namespace detail {
/// A view of elements of any type: what is the same for all of them is compiled once.
struct any_view {
  const void* data;
  index rows, columns, stride, element;  ///< element: its bytes

  template <class T>
  constexpr any_view(const matrix_view<T>& view) noexcept
      : data(view.data), rows(view.rows), columns(view.columns), stride(view.stride), element(sizeof(T)) {}
  constexpr bool empty() const noexcept { return rows == 0 || columns == 0; }
};
}  // namespace detail

/// True if two valid views have a byte in common. Views whose rows lie side by side in rows of the same length do not;
/// where rows of different lengths interlace it is not found out.
inline bool overlap(const detail::any_view& one, const detail::any_view& other) noexcept {
  if (one.empty() || other.empty()) return false;
  const bool ordered = reinterpret_cast<std::uintptr_t>(one.data) <= reinterpret_cast<std::uintptr_t>(other.data);
  const detail::any_view &a = ordered ? one : other, &b = ordered ? other : one;
  const auto distance =
      static_cast<index>(reinterpret_cast<std::uintptr_t>(b.data) - reinterpret_cast<std::uintptr_t>(a.data));
  const index width = a.columns * a.element, pitch = a.stride * a.element;
  if (distance >= (a.rows - 1) * pitch + width) return false;
  if (a.rows == 1 || pitch == width) return true;
  if (b.rows != 1 && b.stride * b.element != pitch) return false;
  return distance % pitch < width || distance % pitch + b.columns * b.element > pitch;
}

namespace detail {
PARE_COLD void refuse_overlap(const char* argument) {
  fail(words(argument, ".data"), "memory of its own", "memory that the call also reads");
}

/// What expect_valid looks at first.
inline bool is_valid(const any_view& view) noexcept {
  index bytes = 0;
  return view.rows >= 0 && view.columns >= 0 &&
         (view.empty() || (view.data != nullptr && (view.rows == 1 || view.stride >= view.columns) &&
                           !__builtin_mul_overflow(view.rows > 1 ? view.stride : view.columns, view.element, &bytes) &&
                           !__builtin_mul_overflow(bytes, view.rows, &bytes)));
}

PARE_COLD void refuse_view(const char* argument, const any_view& view) {
  if (view.rows < 0) fail(words(argument, ".rows"), "at least 0", view.rows);
  if (view.columns < 0) fail(words(argument, ".columns"), "at least 0", view.columns);
  if (view.data == nullptr) fail(words(argument, ".data"), "memory for a view that is not empty", "a null pointer");
  if (view.rows > 1 && view.stride < view.columns)
    fail(words(argument, ".stride"), words("at least the ", view.columns, " columns"), view.stride);
  fail(words(argument, ".rows"), "rows that fit the address space", view.rows);
}
}  // namespace detail

/// Fails if `out` shares memory with `in`.
inline void expect_apart(const char* argument, const detail::any_view& out, const detail::any_view& in) {
  if (overlap(out, in)) detail::refuse_overlap(argument);
}

/// Fails if a view's extents are negative, its rows overlap, it spans more bytes than an index counts, or it has
/// elements and no memory.
inline void expect_valid(const char* argument, const detail::any_view& view) {
  if (!detail::is_valid(view)) detail::refuse_view(argument, view);
}

/// Fails if an image's extents are negative or it has elements and no memory.
template <class T>
void expect_valid(const char* argument, const image_view<T>& image) {
  if (image.batch < 0) fail(words(argument, ".batch"), "at least 0", image.batch);
  if (image.height < 0) fail(words(argument, ".height"), "at least 0", image.height);
  if (image.width < 0) fail(words(argument, ".width"), "at least 0", image.width);
  if (image.channels < 0) fail(words(argument, ".channels"), "at least 0", image.channels);
  if (image.size() != 0 && image.data == nullptr)
    fail(words(argument, ".data"), "memory for a view that is not empty", "a null pointer");
}

}  // namespace pare
