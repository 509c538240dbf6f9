// inputs.hpp: operands for the kernels: reproducible numbers, in memory laid out to catch whatever leaves its place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <pare/reference/gemm.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels.hpp"

namespace cases {

using pare::index;

/// splitmix64 (Steele, Lea and Flood 2014): the same numbers with every compiler and library.
struct generator {
  std::uint64_t state = 0;

  std::uint64_t next() {
    std::uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  /// One of [low, high]; a slight bias does no harm here.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    const auto count = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
    return low + static_cast<std::int64_t>(count == 0 ? next() : next() % count);
  }
};

/// How an operand is filled: any value of its range, its least, its greatest, or one of these two.
enum class filling { any, least, greatest, ends };

/// A value of R. Floats have 13 significant bits and sizes from 2^-8 to 2^8.
template <pare::Element R>
typename R::type draw(generator& random, filling how) {
  if constexpr (pare::IntegerRange<R>) {
    const bool low = how == filling::least || (how == filling::ends && random.next() % 2 == 0);
    return static_cast<typename R::type>(how == filling::any ? random.between(R::min, R::max) : low ? R::min : R::max);
  } else {
    const auto size = static_cast<float>(std::int64_t{1} << random.between(0, 16)) / 256;
    return static_cast<typename R::type>(size * static_cast<float>(random.between(-4095, 4095)) / 4096);
  }
}

/// A matrix that starts one element after an aligned address, with `gap` elements after every row; whatever lies
/// outside its elements has a fixed pattern, which comparison looks at too. Views of empty matrices are null.
template <class T>
class loose_matrix {
 public:
  loose_matrix(index rows, index columns, index gap)
      : rows_(rows),
        columns_(columns),
        stride_(columns + gap),
        memory_(static_cast<std::size_t>(rows * stride_ + 2), static_cast<T>(0x5b)) {}

  pare::matrix_view<T> view() { return {empty() ? nullptr : memory_.data() + 1, rows_, columns_, stride_}; }
  pare::matrix_view<const T> view() const { return const_cast<loose_matrix&>(*this).view(); }
  T& operator()(index i, index j) { return view()(i, j); }
  const T& operator()(index i, index j) const { return view()(i, j); }
  /// A matrix of the same layout that nothing was written to.
  loose_matrix blank() const { return {rows_, columns_, stride_ - columns_}; }
  /// Where the bits of a result and of what was expected differ first, in words; empty if nowhere.
  friend std::string difference(const loose_matrix& result, const loose_matrix& expected) {
    for (std::size_t i = 0; i < expected.memory_.size(); ++i) {
      const T &got = result.memory_[i], &right = expected.memory_[i];
      if (std::memcmp(&got, &right, sizeof got) != 0)
        return pare::text(expected.place(static_cast<index>(i)), ": ", +got, " instead of ", +right);
    }
    return {};
  }

 private:
  std::string place(index i) const {
    const index row = stride_ == 0 ? 0 : (i - 1) / stride_, column = stride_ == 0 ? 0 : (i - 1) % stride_;
    const bool inside = i > 0 && row < rows_ && column < columns_;
    return inside ? pare::text("[", row, ", ", column, "]") : pare::text("outside, at element ", i);
  }
  bool empty() const { return rows_ == 0 || columns_ == 0; }
  index rows_, columns_, stride_;
  std::vector<T> memory_;
};

template <pare::Element R>
loose_matrix<typename R::type> filled(generator& random, index rows, index columns, filling how = filling::any) {
  loose_matrix<typename R::type> matrix(rows, columns, static_cast<index>(random.between(0, 3)));
  for (index i = 0; i < rows; ++i)
    for (index j = 0; j < columns; ++j) matrix(i, j) = draw<R>(random, how);
  return matrix;
}

/// Zeroes about half of the strips that block16 can drop, the partial ones at the edges among them.
template <class T>
void drop_strips(generator& random, loose_matrix<T>& weights) {
  const auto view = weights.view();
  for (index panel = 0; panel < view.rows; panel += pare::strip_lanes) {
    for (index l = 0; l < view.columns; l += pare::cell_depth<T>) {
      if (random.next() % 2 == 0) continue;
      for (index j = panel; j < std::min(view.rows, panel + pare::strip_lanes); ++j)
        for (index c = l; c < std::min(view.columns, l + pare::cell_depth<T>); ++c) view(j, c) = T{0};
    }
  }
}

/// Zeroes all but `kept` of every `window` weights, or of as many as the last one has, the same ones in `shared`
/// channels.
template <class Structure, class T>
void thin(generator& random, loose_matrix<T>& weights) {
  const auto view = weights.view();
  for (index first = 0; first < view.rows; first += Structure::shared) {
    index left = 0;
    for (index l = 0; l < view.columns; ++l) {
      if (l % Structure::window == 0) left = Structure::kept;
      if (random.between(0, Structure::window - l % Structure::window - 1) < left) {
        --left;
      } else {
        for (index j = first; j < std::min(view.rows, first + Structure::shared); ++j) view(j, l) = T{0};
      }
    }
  }
}

/// Activations [m, k], their zero point and weights [n, k] of format F.
template <class F>
struct operands {
  loose_matrix<typename F::a_type> x;
  loose_matrix<typename F::w_type> w;
  std::int32_t zero_point;
  pare::packed_weights<typename F::W, typename F::structure> packed;
};

struct extents {
  index m, n, k;
};

template <class F>
operands<F> draw_operands(generator& random, const extents& size, filling x_filling = filling::any,
                          filling w_filling = filling::any) {
  auto x = filled<typename F::A>(random, size.m, size.k, x_filling);
  auto w = filled<typename F::W>(random, size.n, size.k, w_filling);
  if constexpr (std::is_same_v<typename F::structure, pare::block16>) drop_strips(random, w);
  if constexpr (pare::WindowedStructure<typename F::structure>) thin<typename F::structure>(random, w);
  std::int32_t zero_point = 0;
  if constexpr (sizeof(typename F::a_type) == 1) {
    // The ends of the range come up often.
    zero_point = draw<typename F::A>(random, random.next() % 2 == 0 ? filling::any : filling::ends);
  }
  pare::packed_weights<typename F::W, typename F::structure> packed(std::as_const(w).view());
  return {std::move(x), std::move(w), zero_point, std::move(packed)};
}

/// The sums by their definition, in int64, or in double for floats.
template <class F>
auto reference_sums(const operands<F>& o) {
  using sum = std::conditional_t<F::kind == pare::value_kind::real, double, std::int64_t>;
  loose_matrix<sum> sums(o.x.view().rows, o.w.view().rows, 0);
  pare::reference::gemm<sum>(o.x.view(), o.zero_point, o.w.view(), 0, sums.view());
  return sums;
}

/// The call for the whole product of `o`, for tests that ask the kernels for parts of it or change its pointers.
template <class F, class Epilogue, class Out>
typename F::template call<Epilogue, Out> whole_call(const operands<F>& o, const Epilogue& epilogue,
                                                    const pare::matrix_view<Out>& y) {
  typename F::template call<Epilogue, Out> call;
  call.a = o.x.view().data;
  call.a_stride = o.x.view().stride;
  call.weights = o.packed.view();
  call.k = o.packed.k();
  call.zero_point = o.zero_point;
  call.epilogue = epilogue;
  call.out = y.data;
  call.out_stride = y.stride;
  call.part = {0, y.rows, 0, y.columns};
  return call;
}

}  // namespace cases
