// linear.hpp: the fully connected layer over xtensor expressions, lazy: it runs when it is assigned.
#pragma once

#include <algorithm>

#include "../nn/linear_cells.hpp"
#include "epilogue.hpp"
#include "pack.hpp"
#include "source.hpp"

namespace pare {

namespace detail {
/// The storage type of the codes that an epilogue gives; void if it gives none.
template <class S>
struct code_of {
  using type = void;
};
template <class Policy, class CP>
struct code_of<codes_stage<Policy, CP>> {
  using type = typename std::remove_cvref_t<CP>::storage;
};
template <class First, class Second>
struct code_of<chain<First, Second>> {
  using second = typename code_of<Second>::type;
  using type = std::conditional_t<std::is_void_v<second>, typename code_of<First>::type, second>;
};

/// The format of an input expression.
template <class X>
struct format_of {
  using type = f32;
  static_assert(std::is_same_v<typename X::value_type, float>,
                "pare: linear takes floats, or codes that quantize() made (they know their scale)");
};
template <QuantizedExpression X>
struct format_of<X> {
  using type = typename X::range;
  static_assert(std::is_same_v<typename X::quantization_type::granularity, per_tensor>,
                "pare: activations are quantized per tensor: quantizer<Scheme, per_tensor>");
};
}  // namespace detail

/// y[..., n] = epilogue(x[..., k] times the weights): an expression that knows how to assign itself.
template <class CX, class CW, Stage Epilogue>
class linear_expression : public xt::xexpression<linear_expression<CX, CW, Epilogue>> {
  using input = std::remove_cvref_t<CX>;
  using activations = typename detail::format_of<input>::type;
  using weights_range = typename std::remove_cvref_t<CW>::range;
  static_assert(multipliable<activations, weights_range>,
                "pare: linear multiplies floats with floats and codes with codes; quantize both sides, or neither");
  static constexpr value_kind sum = plan<activations, weights_range>::sum;
  static constexpr bool leaves_sums =
      after_v<sum, Epilogue> == value_kind::sum32 || after_v<sum, Epilogue> == value_kind::sum64;
  using whole_epilogue = std::conditional_t<leaves_sums, chain<Epilogue, to_real_stage>, Epilogue>;
  using code = typename detail::code_of<Epilogue>::type;

 public:
  using expression_tag = xt::xtensor_expression_tag;
  using value_type = std::conditional_t<std::is_void_v<code>, float, code>;
  using shape_type = typename input::shape_type;
  using size_type = std::size_t;
  static constexpr xt::layout_type static_layout = xt::layout_type::row_major;

  /// Fails unless x's last axis is k.
  template <class X, class W>
  linear_expression(X&& x, W&& weights, const Epilogue& epilogue, target on)
      : x_(std::forward<X>(x)), weights_(std::forward<W>(weights)), epilogue_(epilogue), on_(on) {
    const auto& extents = x_.shape();
    if (extents.size() == 0) fail("x", "at least 1 axis, [..., k]", "a scalar");
    expect_equal("x's last axis", weights_.k(), static_cast<index>(extents[extents.size() - 1]));
  }

  shape_type shape() const {
    auto extents = x_.shape();
    extents[extents.size() - 1] = static_cast<typename shape_type::value_type>(weights_.n());
    return extents;
  }
  std::size_t dimension() const { return x_.shape().size(); }

  /// The result in a container of its own: what larger expressions, and xt::noalias(view) = ..., are made from.
  auto eval() const {
    container_for_t<shape_type, value_type> values;
    assign_to(values);
    return values;
  }

  /// Resizes y and computes it. y must not share memory with x.
  template <class Y>
  void assign_to(xt::xexpression<Y>& result) const {
    Y& y = result.derived_cast();
    if constexpr (detail::RowMajorContainer<Y> && std::is_same_v<typename Y::value_type, value_type>) {
      y.resize(shape());
      run(y.data());
    } else {
      xt::noalias(y) = eval();
    }
  }

 private:
  void run(value_type* y) const {
    const index k = weights_.k(), n = weights_.n();
    index rows = 1;
    for (std::size_t axis = 0; axis + 1 < x_.shape().size(); ++axis) rows *= static_cast<index>(x_.shape()[axis]);
    using number = typename activations::type;
    aligned_storage<number> copy;
    const number* x = nullptr;
    if constexpr (detail::RowMajorContainer<const input>) {
      x = x_.data();
    } else {
      copy = aligned_storage<number>(rows * k);
      if constexpr (requires { x_.copy_to(copy.data()); }) {
        x_.copy_to(copy.data());
      } else {
        std::copy(x_.begin(), x_.end(), copy.begin());
      }
      x = copy.data();
    }
    const detail::bound<sum, whole_epilogue> stages(all_stages(), sums());
    linear<activations>(matrix_view<const number>(x, rows, k), zero_point(), weights_, stages.stage(),
                        matrix_view<value_type>(y, rows, n), on_);
  }

  whole_epilogue all_stages() const {
    if constexpr (leaves_sums) {
      return epilogue_ | to_real_stage{};
    } else {
      return epilogue_;
    }
  }
  std::int32_t zero_point() const {
    if constexpr (QuantizedExpression<input>) {
      return x_.parameters().maps[0].zero_point;
    } else {
      return 0;
    }
  }
  detail::sum_scales sums() const {
    detail::sum_scales result{weights_.n(), {}};
    if constexpr (QuantizedExpression<input>) {
      for (index c = 0; c < weights_.n(); ++c)
        result.of_sum.push_back(double{x_.parameters().maps[0].scale} * double{weights_.scales()[c]});
    }
    return result;
  }

  CX x_;
  CW weights_;
  Epilogue epilogue_;
  target on_;
};

inline namespace PARE_UNIT {

/// x[..., k] times packed weights [n, k], through an epilogue in real units: bias(c) | relu | requantize(out). x is an
/// expression of floats with float weights, or quantize(...) with quantized weights. Without requantize the result is
/// float. Lazy: xt::noalias(y) = linear(...) runs it; temporaries are moved in, lvalues kept by reference.
template <XtensorExpression X, class W, Stage Epilogue = identity_stage>
auto linear(X&& x, W&& weights, const Epilogue& epilogue = {}, target on = best_target()) {
  return linear_expression<operand_t<X>, operand_t<W>, Epilogue>(std::forward<X>(x), std::forward<W>(weights), epilogue,
                                                                 on);
}

}  // namespace PARE_UNIT
}  // namespace pare
