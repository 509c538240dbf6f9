// fake_quantize.hpp: quantization inside float arithmetic, its gradient mask, and codes from one quantization to
// another.
#pragma once

#include "../numeric/activation.hpp"
#include "../numeric/requantize.hpp"
#include "quantize.hpp"

namespace pare {

/// The function of a fake-quantized expression: real numbers to the numbers that their codes stand for.
template <class CP>
class fake_quantized : public parametrized<CP> {
 public:
  using parametrized<CP>::parametrized;
  using value_type = float;

 protected:
  template <std::floating_point X, class It, class Shape>
  float value(X x, It position, const Shape& shape) const {
    const affine_map& map = this->map(position);
    const auto linear = static_cast<std::uint64_t>(flat_offset(position, shape));
    return dequantize_value(
        detail::code_of_value<typename parametrized<CP>::quantizer_type>(x, map, this->parameters().rounding, linear),
        map);
  }
  template <class E>
  requires detail::KernelQuantizer<E, typename parametrized<CP>::quantizer_type>
  void convert(const E& source, float* to) const {
    using quantizer = typename parametrized<CP>::quantizer_type;
    using piece = fake_quantize_piece<typename quantizer::range, typename quantizer::rounding_type,
                                      stepping_of<typename quantizer::scheme>, quantizer::scheme::maps_zero_to_zero>;
    detail::run_pieces(piece{nullptr, to, 0, {}, 0, this->parameters().rounding, false}, source, this->grid(),
                       this->parameters().maps);
  }
};

/// The function of a straight-through mask: 1 where a number's rounded steps lie within the range, 0 where they are
/// clipped, and for what is not a number.
template <class CP>
class unclipped : public parametrized<CP> {
 public:
  using parametrized<CP>::parametrized;
  using value_type = float;

 protected:
  template <std::floating_point X, class It, class Shape>
  float value(X x, It position, const Shape& shape) const {
    using range = typename parametrized<CP>::range;
    using stepping = stepping_of<typename parametrized<CP>::quantizer_type::scheme>;
    const affine_map& map = this->map(position);
    const auto linear = static_cast<std::uint64_t>(flat_offset(position, shape));
    const double steps = static_cast<double>(this->parameters().rounding(stepping::steps(x, map.scale), linear));
    return steps >= static_cast<double>(range::min - map.zero_point) &&
                   steps <= static_cast<double>(range::max - map.zero_point)
               ? 1.f
               : 0.f;
  }
};

/// dequantize(quantize(source, parameters)) in one pass, without codes in between: what training with quantization in
/// mind computes in the forward direction (Jacob et al. 2018, section 3).
template <class E, class P>
requires is_quantization<std::remove_cvref_t<P>>
auto fake_quantize(E&& source, P&& parameters) {
  static_assert(XtensorExpression<E> && std::floating_point<typename std::remove_cvref_t<E>::value_type>,
                "pare: fake_quantize takes an xtensor expression of real numbers");
  fake_quantized<operand_t<P>> function(std::forward<P>(parameters), source.shape());
  return element_map<fake_quantized<operand_t<P>>, operand_t<E>>(std::move(function), std::forward<E>(source));
}

/// The gradient of fake_quantize by the straight-through estimator (Bengio et al. 2013): 1 where the source is not
/// clipped, else 0. Multiply the gradient of the output by it.
template <class E, class P>
requires is_quantization<std::remove_cvref_t<P>>
auto straight_through_mask(E&& source, P&& parameters) {
  static_assert(XtensorExpression<E> && std::floating_point<typename std::remove_cvref_t<E>::value_type>,
                "pare: straight_through_mask takes an xtensor expression of real numbers");
  unclipped<operand_t<P>> function(std::forward<P>(parameters), source.shape());
  return element_map<unclipped<operand_t<P>>, operand_t<E>>(std::move(function), std::forward<E>(source));
}

/// The function of a requantized expression: codes of one quantization to codes of another by an integer policy.
template <RequantizePolicy Policy, class From, class CP>
class requantized : public parametrized<CP> {
  using from_grid = parameter_grid<typename From::granularity>;
  using to = parametrized<CP>;

 public:
  using value_type = typename to::range::type;

  /// Fails unless both have the parameters that the shape asks for, and Policy can express every ratio of their scales.
  template <class P, class Shape>
  requantized(const From& from, P&& parameters, const Shape& shape)
      : to(std::forward<P>(parameters), shape), from_(shape), source_(from.maps) {
    expect_valid("from", from, from_);
    for (const affine_map& before : from.maps)
      for (const affine_map& after : this->parameters().maps)
        terms_.push_back(checked_terms<Policy>("scales", double{before.scale} / double{after.scale}));
  }

 protected:
  template <class X, class It, class Shape>
  value_type value(X code, It position, const Shape&) const {
    const auto before = static_cast<std::size_t>(from_.offset(position));
    const auto after = static_cast<std::size_t>(this->grid().offset(position));
    const auto steps = static_cast<typename Policy::accumulator>(code) - source_[before].zero_point;
    return static_cast<value_type>(Policy::apply(steps, terms_[before * this->parameters().maps.size() + after],
                                                 output_of<typename to::range>(this->parameters().maps[after])));
  }

 private:
  from_grid from_;
  std::vector<affine_map> source_;
  std::vector<requantize_terms<Policy>> terms_;  ///< [from, to]
};

/// Codes under `from` to codes under `to` by integers alone: Policy's M * (code - zero point), M = scale / scale, as
/// TFLite's Quantize operator computes it from int8 to int8. Lazy. dequantize then quantize rounds in float instead.
template <class Policy = tflite, class E, class From, class To>
requires(is_quantization<From>&& is_quantization<std::remove_cvref_t<To>>) auto requantize(E&& codes, const From& from,
                                                                                           To&& to) {
  static_assert(
      XtensorExpression<E> && std::same_as<typename std::remove_cvref_t<E>::value_type, typename From::storage>,
      "pare: requantize takes an xtensor expression of codes in the storage type of the first quantization");
  requantized<Policy, From, operand_t<To>> function(from, std::forward<To>(to), codes.shape());
  return element_map<decltype(function), operand_t<E>>(std::move(function), std::forward<E>(codes));
}

}  // namespace pare
