// layer.hpp: a layer over an xtensor expression and packed weights, lazy: what linear and the convolutions share.
#pragma once

#include <algorithm>

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
                "pare: a layer takes floats, or codes that quantize() made (they know their scale)");
};
template <QuantizedExpression X>
struct format_of<X> {
  using type = typename X::range;
  static_assert(std::is_same_v<typename X::quantization_type::granularity, per_tensor>,
                "pare: activations are quantized per tensor: quantizer<Scheme, per_tensor>");
};

/// The elements of an expression in row-major memory: its own, or a copy.
template <class E>
class elements_of {
 public:
  using value_type = typename E::value_type;
  explicit elements_of(const E& source) {
    if constexpr (RowMajorContainer<const E>) {
      data_ = source.data();
    } else {
      index size = 1;
      for (const auto extent : source.shape()) size *= static_cast<index>(extent);
      copy_ = aligned_storage<value_type>(size);
      if constexpr (requires { source.copy_to(copy_.data()); }) {
        source.copy_to(copy_.data());
      } else {
        std::copy(source.begin(), source.end(), copy_.begin());
      }
      data_ = copy_.data();
    }
  }
  const value_type* data() const noexcept { return data_; }

 private:
  aligned_storage<value_type> copy_;
  const value_type* data_ = nullptr;
};
}  // namespace detail

/// y = epilogue(x times the weights): an expression that knows how to assign itself. Operation: which layer it is.
/// expect(x's shape, weights) fails unless they fit, shape(x's shape, weights) is the result's, outputs(weights) how
/// many channels the epilogue has, and run<A>(x, x's shape, zero point, weights, kernel's epilogue, y, y's shape,
/// target) does it in memory.
template <class Operation, class CX, class CW, Stage Epilogue>
class layer_expression : public xt::xexpression<layer_expression<Operation, CX, CW, Epilogue>> {
  using input = std::remove_cvref_t<CX>;
  using activations = typename detail::format_of<input>::type;
  using weights_range = typename std::remove_cvref_t<CW>::range;
  static_assert(multipliable<activations, weights_range>,
                "pare: a layer multiplies floats with floats and codes with codes; quantize both sides, or neither");
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

  /// Fails unless x's shape fits the weights.
  template <class X, class W>
  layer_expression(const Operation& operation, X&& x, W&& weights, const Epilogue& epilogue, target on)
      : operation_(operation),
        x_(std::forward<X>(x)),
        weights_(std::forward<W>(weights)),
        epilogue_(epilogue),
        on_(on) {
    operation_.expect(x_.shape(), weights_);
  }

  shape_type shape() const { return operation_.shape(x_.shape(), weights_); }
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
    const detail::elements_of<input> x(x_);
    const detail::bound<sum, whole_epilogue> stages(all_stages(), sums());
    operation_.template run<activations>(x.data(), x_.shape(), zero_point(), weights_, stages.stage(), y, shape(), on_);
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
    detail::sum_scales result{operation_.outputs(weights_), {}};
    if constexpr (QuantizedExpression<input>) {
      for (index c = 0; c < result.n; ++c)
        result.of_sum.push_back(double{x_.parameters().maps[0].scale} * double{weights_.scales()[c]});
    }
    return result;
  }

  [[no_unique_address]] Operation operation_;
  CX x_;
  CW weights_;
  Epilogue epilogue_;
  target on_;
};

}  // namespace pare
