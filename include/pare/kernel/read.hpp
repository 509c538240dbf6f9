// read.hpp: looking at consecutive floats: their bounds, and arithmetic on rows of them, on any target.
//
// A call does a piece of a tensor; nothing is allocated, nothing throws. Results are the same bits on every target. The
// loops are in read.inl.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>

#include "../core/index.hpp"
#include "../simd/targets.hpp"

namespace pare {

/// The least and the greatest of some floats; meaningless unless all are finite.
struct float_bounds {
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();
  bool finite = true;
};

/// What an element of a row is: a float in memory (row.first[j]; row.ahead says what to fetch), a number (row.value),
/// or the float that an operation makes of the elements of one or two rows (std::get<I>(row.arguments)). Rows of
/// anything else are `other`.
enum class arithmetic { memory, number, negate, add, subtract, multiply, divide, other };

/// Rows of arithmetic, one after the other: `columns` elements of `row`, then row.next() and as many again.
/// Pre: Row::operation is not `other`; columns is a multiple of 16 if there is more than one row.
template <class Row>
struct arithmetic_rows {
  Row row;
  index columns;
};

}  // namespace pare

#define PARE_KERNEL_FILE "../kernel/read.inl"
#include "../simd/for_each_target.inc"

namespace pare::inline PARE_UNIT {

/// (x, count): the bounds of count floats. Pre: available(t).
inline auto bounds_kernel_for(target t) noexcept -> float_bounds (*)(const float*, index) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return &name::run_bounds;
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
      return nullptr;
  }
}

/// (rows, count): the bounds of the first count elements of rows, whole strips. Pre: available(t).
template <class Row>
auto bounds_kernel_for(target t) noexcept -> float_bounds (*)(const arithmetic_rows<Row>&, index) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return &name::run_bounds<Row>;
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
      return nullptr;
  }
}

/// (x, count, factor, to): to[i] = trunc(x[i] * factor), less 1 if x[i] < 0: whole parts counted from 0 up and from -1
/// down. Pre: count is a multiple of 16; |x[i] * factor| < 2^23; available(t).
inline auto whole_parts_kernel_for(target t) noexcept -> void (*)(const float*, index, float, std::int32_t*) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return &name::run_whole_parts;
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
      return nullptr;
  }
}

template <class Row>
using arithmetic_kernel = void (*)(const Row&, index first, float* to, index count, index rows) noexcept;

/// to[r, i] = element first + i of row r, for `rows` rows of `count` elements; row.next() goes from one to the next.
/// Pre: Row::operation is not `other`, count >= 16, available(t), and `to` is no part of the rows.
template <class Row>
arithmetic_kernel<Row> arithmetic_kernel_for(target t) noexcept {
  switch (t) {
#define PARE_CASE(name) \
  case target::name:    \
    return &name::run_arithmetic;
    PARE_FOR_EACH_TARGET(PARE_CASE)
#undef PARE_CASE
    default:
      assert(false && "pare: this target is not compiled in");
      return nullptr;
  }
}

}  // namespace pare::inline PARE_UNIT
