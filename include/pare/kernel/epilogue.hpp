// epilogue.hpp: what happens to an accumulator before it is stored, as stages joined with `|`.
//
// A value starts as a sum (int32, int64 or float) and passes through the stages from left to right. Each stage says
// which kind of value it takes and gives: sums (integers in units of scale_x * scale_w), reals (floats) or codes
// (integers of the output format, inside its range). An order that makes no sense does not compile.
// The bodies that run on 16 lanes are in epilogue.inl. Per-channel arrays are read in whole strips: they must be
// readable up to a multiple of 16 entries.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "../core/view.hpp"
#include "../numeric/requantize.hpp"

namespace pare {

/// The kinds of value between stages.
enum class value_kind { sum32, sum64, real, code };

/// Every stage derives from it: that is what makes `|` join.
struct stage {};
template <class S>
concept Stage = std::is_base_of_v<stage, S>;

/// First, then second.
template <Stage First, Stage Second>
struct chain : stage {
  First first;
  Second second;
};
template <Stage First, Stage Second>
constexpr chain<First, Second> operator|(const First& first, const Second& second) noexcept {
  return {{}, first, second};
}

/// The value as it is.
struct identity_stage : stage {};

/// sum + values[column]; T is the type of the sum: int32, int64 or float.
template <class T>
struct bias_stage : stage {
  const T* values;
  index size;  ///< columns that `values` is for
};

/// A sum to codes by a policy of semantics: policy(sum, terms of the column), zero point added, clamped.
template <class Policy>
struct requantize_stage : stage {
  const std::int32_t* terms[Policy::terms];  ///< [t][column]; a std::array would keep gcc from copying by members
  output_map output;
  index size;
  bool below_one = false;  ///< all multipliers, rounded to float, are: no product of an int32 leaves int32
};

/// to = from, member by member where that is long: a copy in blocks would wait until what was just stored has left the
/// store buffer, 20 ns.
template <class S>
constexpr void assign_stages(S& to, const S& from) noexcept {
  to = from;
}
template <class Policy>
constexpr void assign_stages(requantize_stage<Policy>& to, const requantize_stage<Policy>& from) noexcept {
  for (std::size_t t = 0; t < Policy::terms; ++t) to.terms[t] = from.terms[t];
  to.output = {from.output.zero_point, from.output.min, from.output.max};
  to.size = from.size;
  to.below_one = from.below_one;
}
template <class First, class Second>
constexpr void assign_stages(chain<First, Second>& to, const chain<First, Second>& from) noexcept {
  assign_stages(to.first, from.first);
  assign_stages(to.second, from.second);
}

/// An integer sum to a real: float(sum) * scales[column].
struct dequantize_stage : stage {
  const float* scales;
  index size;
};

/// A real to codes: rint(real / scale) + zero point, clamped; half to even; not-a-number gives the zero point.
struct quantize_stage : stage {
  float scale;
  output_map output;
};

/// max(x, 0) of a sum or a real.
struct relu_stage : stage {};
/// min(max(x, 0), 6) of a real.
struct relu6_stage : stage {};
/// min(max(code, low), high).
struct clamp_stage : stage {
  std::int32_t low, high;
};

/// The residual of a skip connection: real + scale * (other[row, column] - zero_point), zero_point only for integers;
/// int32 sum + other if both are int32.
template <class T>
struct add_stage : stage {
  matrix_view<const T> other;
  float scale;
  std::int32_t zero_point;
};

/// The caller's function of one number: float -> float on a real, int32 -> int32 on a sum or a code.
/// It is called for every lane, also for lanes beyond the last column, so it must not have side effects.
template <class F>
struct map_stage : stage {
  F function;
};

/// Whether a stage reads a matrix of the output's shape: it must not be run for columns that are not there.
template <class S>
inline constexpr bool reads_operands = false;
template <class T>
inline constexpr bool reads_operands<add_stage<T>> = true;
template <class First, class Second>
inline constexpr bool reads_operands<chain<First, Second>> = reads_operands<First> || reads_operands<Second>;

/// The kind of value after stage S, given the kind before it; does not compile where S cannot follow.
template <value_kind In, class S>
struct after;
template <value_kind In, class S>
inline constexpr value_kind after_v = after<In, S>::value;

template <value_kind Kind>
struct gives {
  static constexpr value_kind value = Kind;
};
template <value_kind In>
struct after<In, identity_stage> : gives<In> {};
template <value_kind In, class First, class Second>
struct after<In, chain<First, Second>> : gives<after_v<after_v<In, First>, Second>> {};
template <value_kind In, class T>
struct after<In, bias_stage<T>> : gives<In> {
  static_assert(In != value_kind::code, "pare: bias is added to sums and reals; put it before requantize or quantize");
  static_assert(In != value_kind::sum32 || std::is_same_v<T, std::int32_t>, "pare: an int32 sum takes an int32 bias");
  static_assert(In != value_kind::sum64 || std::is_integral_v<T>, "pare: an int64 sum takes an int64 or int32 bias");
  static_assert(In != value_kind::real || std::is_same_v<T, float>, "pare: a real takes a float bias");
};
template <value_kind In, class Policy>
struct after<In, requantize_stage<Policy>> : gives<value_kind::code> {
  static_assert(In == value_kind::sum32 || In == value_kind::sum64,
                "pare: requantize takes integer sums; use quantize for reals");
  static_assert(In != value_kind::sum64 || sizeof(typename Policy::accumulator) == 8,
                "pare: this requantization policy reads int32 sums, but the operands' ranges need int64 sums at this "
                "depth; use tflite_int64, or state a smaller depth (see kernel/plan.hpp)");
};
template <value_kind In>
struct after<In, dequantize_stage> : gives<value_kind::real> {
  static_assert(In == value_kind::sum32 || In == value_kind::sum64, "pare: dequantize takes integer sums");
};
template <value_kind In>
struct after<In, quantize_stage> : gives<value_kind::code> {
  static_assert(In == value_kind::real, "pare: quantize takes reals; use requantize for integer sums");
};
template <value_kind In>
struct after<In, relu_stage> : gives<In> {
  static_assert(In != value_kind::code, "pare: relu of codes depends on their zero point; put relu before requantize");
};
template <value_kind In>
struct after<In, relu6_stage> : gives<In> {
  static_assert(In == value_kind::real,
                "pare: relu6 takes reals; for integer sums requantize to relu6_output<range>(map) (see "
                "numeric/activation.hpp)");
};
template <value_kind In>
struct after<In, clamp_stage> : gives<In> {
  static_assert(In == value_kind::code, "pare: clamp takes codes; put it after requantize or quantize");
};
template <value_kind In, class T>
struct after<In, add_stage<T>> : gives<In> {
  static_assert(In == value_kind::real || (In == value_kind::sum32 && std::is_same_v<T, std::int32_t>),
                "pare: add takes reals, or int32 sums with an int32 operand");
};
template <value_kind In, class F>
struct after<In, map_stage<F>> : gives<In> {
  static_assert(In != value_kind::sum64, "pare: map takes reals, int32 sums or codes, not int64 sums");
};

/// True if a value of this kind may be stored as Out without losing anything.
template <value_kind Kind, class Out>
inline constexpr bool storable =
    Kind == value_kind::code
        ? std::is_integral_v<Out> && sizeof(Out) <= 4
        : std::is_same_v<Out,
                         std::conditional_t<Kind == value_kind::real, float,
                                            std::conditional_t<Kind == value_kind::sum64, std::int64_t, std::int32_t>>>;

}  // namespace pare
