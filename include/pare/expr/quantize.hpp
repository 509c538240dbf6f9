// quantize.hpp: quantize and dequantize as lazy xtensor expressions.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "../quant/quantizer.hpp"
#include "element_map.hpp"
#include "pieces.hpp"
#include "prune.hpp"

namespace pare {

/// Where the elements of an expression find their parameters; the part that quantized and dequantized share.
/// CP: what is kept of the quantization, operand_t<it>.
template <class CP>
class parametrized {
 public:
  using quantization_type = std::remove_cvref_t<CP>;
  using quantizer_type = typename quantization_type::quantizer_type;
  using range = typename quantization_type::range;
  using grid_type = parameter_grid<typename quantization_type::granularity>;

  template <class P, class Shape>
  parametrized(P&& parameters, const Shape& shape) : parameters_(std::forward<P>(parameters)), grid_(shape) {
    expect_valid("quantization", parameters_, grid_);
  }

  /// Scales and zero points.
  const quantization_type& parameters() const noexcept { return parameters_; }
  /// Which of them an element uses.
  const grid_type& grid() const noexcept { return grid_; }

 protected:
  template <class It>
  const affine_map& map(It position) const noexcept {
    return parameters_.maps[static_cast<std::size_t>(grid_.offset(position))];
  }

 private:
  CP parameters_;
  grid_type grid_;
};

namespace detail {
/// The code of x under one of a quantization's maps: every choice of its quantizer in one place.
template <class Q, std::floating_point X>
typename Q::storage code_of_value(X x, const affine_map& map, const typename Q::rounding_type& rounding,
                                  std::uint64_t position) {
  if (!is_finite(x)) x = Q::non_finite::replace(x);
  return quantize_value<typename Q::range, typename Q::rounding_type, stepping_of<typename Q::scheme>>(x, map, rounding,
                                                                                                       position);
}
}  // namespace detail

namespace detail {
/// Numbers and a quantizer that the kernels know.
template <class E, class Q>
concept KernelQuantizer = std::same_as<typename E::value_type, float> && KernelRange<typename Q::range> &&
    KernelRounding<typename Q::rounding_type> && std::same_as<typename Q::non_finite, saturate_non_finite>;
}  // namespace detail

/// The function of a quantized expression: real numbers to codes.
template <class CP>
class quantized : public parametrized<CP> {
 public:
  using parametrized<CP>::parametrized;
  using value_type = typename parametrized<CP>::range::type;

 protected:
  template <std::floating_point X, class It, class Shape>
  value_type value(X x, It position, const Shape& shape) const {
    const auto linear = static_cast<std::uint64_t>(flat_offset(position, shape));
    return detail::code_of_value<typename parametrized<CP>::quantizer_type>(x, this->map(position),
                                                                            this->parameters().rounding, linear);
  }
  template <class E>
  requires detail::KernelQuantizer<E, typename parametrized<CP>::quantizer_type>
  void convert(const E& source, value_type* to) const {
    using quantizer = typename parametrized<CP>::quantizer_type;
    using piece = quantize_piece<typename quantizer::range, typename quantizer::rounding_type,
                                 stepping_of<typename quantizer::scheme>, quantizer::scheme::maps_zero_to_zero>;
    detail::run_pieces(piece{nullptr, to, 0, {}, 0, this->parameters().rounding, false}, source, this->grid(),
                       this->parameters().maps);
  }
};

/// The function of a dequantized expression: codes to real numbers.
template <class CP>
class dequantized : public parametrized<CP> {
 public:
  using parametrized<CP>::parametrized;
  using value_type = float;

 protected:
  template <class X, class It, class Shape>
  float value(X code, It position, const Shape&) const {
    return dequantize_value(code, this->map(position));
  }
  template <class E>
  requires(std::same_as<typename E::value_type, typename parametrized<CP>::range::type>&&
               KernelRange<typename parametrized<CP>::range>)  //
      void convert(const E& source, float* to) const {
    using scheme = typename parametrized<CP>::quantizer_type::scheme;
    using piece = dequantize_piece<typename parametrized<CP>::range, scheme::maps_zero_to_zero>;
    detail::run_pieces(piece{nullptr, to, 0, {}, 0, false}, source, this->grid(), this->parameters().maps);
  }
};

/// An expression of codes that knows its quantization: parameters(), quantizer_type, and the source() of real numbers.
template <class E>
concept QuantizedExpression = XtensorExpression<E> && requires(const std::remove_cvref_t<E>& e) {
  requires Quantizer<typename std::remove_cvref_t<E>::quantizer_type>;
  e.source();
  requires std::integral<typename std::remove_cvref_t<E>::value_type>;
};

/// The codes of an expression of real numbers under parameters that are known. Lazy: lvalues are kept by reference,
/// temporaries are moved in. Same shape; value_type is the scheme's storage type. Fails if the number of parameters
/// does not suit the shape.
template <class E, class P>
requires is_quantization<std::remove_cvref_t<P>>
auto quantize(E&& source, P&& parameters) {
  using scheme = typename std::remove_cvref_t<P>::scheme;
  static_assert(XtensorExpression<E>, "pare: quantize takes an xtensor expression; wrap other memory in xt::adapt");
  static_assert(!PrunedExpression<E> || scheme::maps_zero_to_zero,
                "pare: an asymmetric weight scheme would move pruned zeros away from 0; use symmetric<...> "
                "(see quant/scheme.hpp)");
  static_assert(std::floating_point<typename std::remove_cvref_t<E>::value_type>,
                "pare: quantize takes real numbers; cast integers with xt::cast<float>, and do not quantize twice");
  quantized<operand_t<P>> function(std::forward<P>(parameters), source.shape());
  return element_map<quantized<operand_t<P>>, operand_t<E>>(std::move(function), std::forward<E>(source));
}

namespace detail {
inline namespace PARE_UNIT {
/// The bounds that a kernel found. Fails if a value is infinite or NaN.
inline value_range expect_finite(const float_bounds& found) {
  if (!found.finite) fail("calibration data", "finite values", "NaN or infinity");
  return {found.min, found.max};
}

/// range_of and a histogram's whole parts, by kernels.
struct kernel_range_of {
  float_bounds (*bounds)(const float*, index) noexcept = bounds_kernel_for(best_target());
  void (*parts)(const float*, index, float, std::int32_t*) noexcept = whole_parts_kernel_for(best_target());

  value_range operator()(std::span<const float> values) const {
    return expect_finite(bounds(values.data(), static_cast<index>(values.size())));
  }
  void whole_parts(const float* x, std::size_t count, float factor, std::int32_t* to) const noexcept {
    parts(x, static_cast<index>(count), factor, to);
  }
};

/// Shows calibrations an expression, run after run of its elements, by kernels.
template <class E>
class kernel_observer {
 public:
  explicit kernel_observer(const E& batch) : source_(batch) {}

  template <Calibration C>
  void operator()(C& calibration, index count) {
    for (index done; count > 0; count -= done) {
      done = 0;
      if constexpr (requires {
                      calibration.observe(value_range{});
                      source_.strips(index{}, done);
                    }) {
        const auto rows = source_.strips(count, done);
        using row_type = std::remove_cvref_t<decltype(rows.row)>;
        if (done > 0) calibration.observe(expect_finite(bounds_kernel_for<row_type>(best_target())(rows, done)));
      }
      if (done > 0) continue;
      const std::span<const float> values = source_(count);
      done = static_cast<index>(values.size());
      show(calibration, values);
    }
  }

 private:
  template <Calibration C>
  void show(C& calibration, std::span<const float> values) const {
    const kernel_range_of range_in;
    if constexpr (requires { calibration.observe(value_range{}); }) {
      calibration.observe(range_in(values));
    } else if constexpr (requires { calibration.observe(values, range_in); }) {
      calibration.observe(values, range_in);
    } else {
      calibration.observe(values);
    }
  }

  piece_source<E> source_;
};
}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// Shows a calibrator one more batch, an expression: seen.observe(batch), but by kernels, and pieces of arithmetic on
/// containers are computed many elements at a time.
template <class Q, class E>
calibrator<Q>& observe(calibrator<Q>& seen, const E& batch) {
  if constexpr (std::same_as<typename E::value_type, float>) {
    return seen.observe_runs(batch.shape(), detail::kernel_observer<E>(batch));
  } else {
    return seen.observe(batch);
  }
}

/// The parameters that `quantizer` chooses for an expression: quantizer.calibrate(source), read as `observe` reads it.
template <class Q, class E>
quantization<Q> calibrate(const Q& quantizer, const E& source) {
  calibrator<Q> seen(quantizer);
  return observe(seen, source).finish();
}

}  // namespace PARE_UNIT

/// The same with parameters that `quantizer` chooses: it reads the whole expression once, now; the codes stay lazy.
template <class Q, class E>
requires(!is_quantization<Q>) auto quantize(E&& source, const Q& quantizer) {
  static_assert(Quantizer<Q>,
                "pare: quantize<Q> wants a quantizer<Scheme, Granularity, ...>, not one of its parts "
                "(see quant/quantizer.hpp)");
  return quantize(std::forward<E>(source), calibrate(quantizer, source));
}
template <class Q, class E>
auto quantize(E&& source) {
  return quantize<Q>(std::forward<E>(source), Q{});
}

/// scale * (code - zero point) of an expression of codes, as float. Lazy, and keeps its operands as quantize does.
template <class E, class P>
requires is_quantization<std::remove_cvref_t<P>>
auto dequantize(E&& codes, P&& parameters) {
  static_assert(XtensorExpression<E>, "pare: dequantize takes an xtensor expression; wrap other memory in xt::adapt");
  static_assert(std::same_as<typename std::remove_cvref_t<E>::value_type, typename std::remove_cvref_t<P>::storage>,
                "pare: dequantize takes codes in the storage type of the quantization's scheme");
  dequantized<operand_t<P>> function(std::forward<P>(parameters), codes.shape());
  return element_map<dequantized<operand_t<P>>, operand_t<E>>(std::move(function), std::forward<E>(codes));
}

/// What quantization makes of real numbers: dequantize(quantize(x)).
template <QuantizedExpression E>
auto dequantize(E&& quantized) {
  auto parameters = quantized.parameters();
  return dequantize(std::forward<E>(quantized), std::move(parameters));
}

}  // namespace pare
