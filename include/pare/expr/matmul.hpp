// matmul.hpp: products of stacks of matrices over xtensor expressions, both operands known only when it runs.
#pragma once

#include <algorithm>
#include <type_traits>

#include "../nn/affine_weights.hpp"
#include "layer.hpp"

namespace pare {

namespace detail {

/// A stack of matrices [..., rows, columns] in row-major memory: the expression's own, or a copy.
template <class E>
class matrix_stack {
  using number = typename format_of<E>::type::type;

 public:
  explicit matrix_stack(const E& source) : shape_(source.shape().begin(), source.shape().end()), elements_(source) {}
  index rank() const noexcept { return static_cast<index>(shape_.size()); }
  /// Extent `axis` of the broadcast shape of `of` axes: 1 where this stack has none.
  index extent(index axis, index of) const noexcept {
    const index own = axis - (of - rank());
    return own < 0 ? 1 : static_cast<index>(shape_[static_cast<std::size_t>(own)]);
  }
  index rows() const noexcept { return extent(rank() - 2, rank()); }
  index columns() const noexcept { return extent(rank() - 1, rank()); }
  const number* matrix(index i) const noexcept { return elements_.data() + i * rows() * columns(); }

 private:
  std::vector<std::size_t> shape_;
  elements_of<E> elements_;
};

/// The right operand [k, n] of a product, packed: floats, or 8-bit codes with a zero point.
template <Element R>
auto packed_right(const typename R::type* b, index k, index n, [[maybe_unused]] std::int32_t zero_point) {
  const auto source = [=](index first, const auto& tile) {
    for (index j = 0; j < tile.rows; ++j)
      for (index l = 0; l < tile.columns; ++l) tile(j, l) = b[l * n + first + j];
  };
  if constexpr (IntegerRange<R>) {
    return affine_weights<R>(n, k, zero_point, source);
  } else {
    return packed_weights<R>(n, k, source);
  }
}

}  // namespace detail

/// y[..., m, n] = epilogue(a[..., m, k] times b[..., k, n]): an expression that knows how to assign itself.
template <class CA, class CB, Stage Epilogue>
class matmul_expression : public xt::xexpression<matmul_expression<CA, CB, Epilogue>> {
  using left = std::remove_cvref_t<CA>;
  using right = std::remove_cvref_t<CB>;
  using left_format = typename detail::format_of<left>::type;
  using right_format = typename detail::format_of<right>::type;
  static constexpr bool codes = IntegerRange<left_format>;
  static_assert(codes == IntegerRange<right_format>,
                "pare: matmul multiplies floats with floats and codes with codes; quantize both sides, or neither");
  static_assert(!codes || (sizeof(typename left_format::type) == 1 && sizeof(typename right_format::type) == 1),
                "pare: matmul multiplies codes of 8 bits; wider codes need packed weights: linear");
  static constexpr value_kind sum = codes ? value_kind::sum32 : value_kind::real;
  static constexpr bool leaves_sums = after_v<sum, Epilogue> == value_kind::sum32;
  using whole_epilogue = std::conditional_t<leaves_sums, chain<Epilogue, to_real_stage>, Epilogue>;
  using code = typename detail::code_of<Epilogue>::type;

 public:
  using expression_tag = xt::xtensor_expression_tag;
  using value_type = std::conditional_t<std::is_void_v<code>, float, code>;
  using shape_type = xt::dynamic_shape<std::size_t>;
  using size_type = std::size_t;
  static constexpr xt::layout_type static_layout = xt::layout_type::row_major;

  /// Fails unless a's last extent is b's last but one and the extents before them are equal or 1.
  template <class A, class B>
  matmul_expression(A&& a, B&& b, const Epilogue& epilogue, target on)
      : a_(std::forward<A>(a)), b_(std::forward<B>(b)), epilogue_(epilogue), on_(on) {
    const std::size_t a_rank = a_.shape().size(), b_rank = b_.shape().size(), rank = std::max(a_rank, b_rank);
    if (a_rank < 2) fail("a", "at least 2 axes, [..., m, k]", a_rank);
    if (b_rank < 2) fail("b", "at least 2 axes, [..., k, n]", b_rank);
    expect_equal("b's last axis but one", static_cast<index>(a_.shape()[a_rank - 1]),
                 static_cast<index>(b_.shape()[b_rank - 2]));
    shape_.resize(rank);
    for (std::size_t axis = 0; axis + 2 < rank; ++axis) {
      const auto extent_of = [&](const auto& shape) {
        const std::size_t missing = rank - shape.size();
        return axis < missing ? std::size_t{1} : static_cast<std::size_t>(shape[axis - missing]);
      };
      const std::size_t extent_a = extent_of(a_.shape()), extent_b = extent_of(b_.shape());
      if (extent_a != extent_b && extent_a != 1 && extent_b != 1)
        fail(text("b.shape, axis ", axis, " of the result"), text(extent_a, " or 1"), extent_b);
      shape_[axis] = extent_a == 1 ? extent_b : extent_a;
    }
    shape_[rank - 2] = static_cast<std::size_t>(a_.shape()[a_rank - 2]);
    shape_[rank - 1] = static_cast<std::size_t>(b_.shape()[b_rank - 1]);
  }

  const shape_type& shape() const noexcept { return shape_; }
  std::size_t dimension() const noexcept { return shape_.size(); }

  /// The result in a container of its own.
  auto eval() const {
    xt::xarray<value_type> values;
    assign_to(values);
    return values;
  }

  /// Resizes y and computes it. y must not share memory with an operand.
  template <class Y>
  void assign_to(xt::xexpression<Y>& result) const {
    Y& y = result.derived_cast();
    if constexpr (detail::RowMajorContainer<Y> && std::is_same_v<typename Y::value_type, value_type>) {
      y.resize(shape_);
      run(y.data());
    } else {
      xt::noalias(y) = eval();
    }
  }

 private:
  void run(value_type* y) const {
    const detail::matrix_stack<left> a(a_);
    const detail::matrix_stack<right> b(b_);
    const index rank = static_cast<index>(shape_.size()), m = a.rows(), n = b.columns(), k = a.columns();
    index count = 1;
    for (index axis = 0; axis + 2 < rank; ++axis) count *= static_cast<index>(shape_[static_cast<std::size_t>(axis)]);
    const detail::bound<sum, whole_epilogue> stages(all_stages(), sums(n));
    decltype(detail::packed_right<right_format>(nullptr, 0, 0, 0)) packed;
    for (index i = 0, last = -1; i < count; ++i, y += m * n) {
      const index at = place(b, i);
      if (at != last) packed = detail::packed_right<right_format>(b.matrix(at), k, n, zero_point(b_));
      last = at;
      linear<left_format>(matrix_view<const typename left_format::type>(a.matrix(place(a, i)), m, k), zero_point(a_),
                          packed, stages.stage(), matrix_view<value_type>(y, m, n), on_);
    }
  }

  /// The matrix of an operand that matrix i of the result is made from.
  template <class E>
  index place(const detail::matrix_stack<E>& operand, index i) const {
    index at = 0, step = 1;
    const index rank = static_cast<index>(shape_.size());
    for (index axis = rank - 3; axis >= 0; --axis) {
      const auto extent = static_cast<index>(shape_[static_cast<std::size_t>(axis)]);
      const index own = operand.extent(axis, rank);
      if (own != 1) at += i % extent * step;
      step *= own;
      i /= extent;
    }
    return at;
  }
  whole_epilogue all_stages() const {
    if constexpr (leaves_sums) {
      return epilogue_ | to_real_stage{};
    } else {
      return epilogue_;
    }
  }
  template <class E>
  static std::int32_t zero_point(const E& operand) {
    if constexpr (codes) {
      return operand.parameters().maps[0].zero_point;
    } else {
      return 0;
    }
  }
  detail::sum_scales sums(index n) const {
    detail::sum_scales result{n, {}};
    if constexpr (codes)
      result.of_sum.assign(static_cast<std::size_t>(n),
                           double{a_.parameters().maps[0].scale} * double{b_.parameters().maps[0].scale});
    return result;
  }

  CA a_;
  CB b_;
  Epilogue epilogue_;
  target on_;
  shape_type shape_;
};

inline namespace PARE_UNIT {

/// a[..., m, k] times b[..., k, n], through an epilogue in real units as that of linear. Extents before the last two
/// are broadcast as NumPy does. Operands are expressions of floats, or both quantize(...) of 8 bits with one map each;
/// zero points may be anything. Every matrix of b is packed when it runs: weights are better packed once, for linear.
template <XtensorExpression A, XtensorExpression B, Stage Epilogue = identity_stage>
auto matmul(A&& a, B&& b, const Epilogue& epilogue = {}, target on = best_target()) {
  return matmul_expression<operand_t<A>, operand_t<B>, Epilogue>(std::forward<A>(a), std::forward<B>(b), epilogue, on);
}

}  // namespace PARE_UNIT
}  // namespace pare
