// kernels.hpp: the kernels that the test programs run: operand formats and epilogues, each instantiated once for all
// programs, in the .cpp files of this folder.
#pragma once

#include <pare/nn/linear.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace cases {

using pare::index;

template <class Activations, class Weights, class Kept = pare::dense, index Depth = pare::default_depth>
struct format {
  using A = Activations;
  using W = Weights;
  using structure = Kept;
  using a_type = typename A::type;
  using w_type = typename W::type;
  static constexpr index depth = Depth;
  static constexpr pare::value_kind kind = pare::plan<A, W, Depth>::sum;
  /// What as_is stores.
  using sum = std::conditional_t<kind == pare::value_kind::real, float,
                                 std::conditional_t<kind == pare::value_kind::sum64, std::int64_t, std::int32_t>>;
  template <class Epilogue, class Out>
  using call = pare::gemm_call<A, W, Kept, Epilogue, Out, Depth>;
};

/// A user's own range: 12-bit samples, whose products fit int32 up to a depth of 511.
using q12 = pare::integer_range<std::int16_t, -2048, 2047>;

template <class S>
using f32_f32 = format<pare::f32, pare::f32, S>;
template <class S>
using s8_s8n = format<pare::s8, pare::s8_narrow, S>;
template <class S>
using s8_s8 = format<pare::s8, pare::s8, S>;
template <class S>
using u8_s8n = format<pare::u8, pare::s8_narrow, S>;
template <class S>
using u8_s8 = format<pare::u8, pare::s8, S>;
template <class S>
using s16_s8 = format<pare::s16, pare::s8, S>;
template <class S>
using s16_s8n_shallow = format<pare::s16, pare::s8_narrow, S, 516>;  // int32 sums
template <class S>
using s16_s16 = format<pare::s16, pare::s16, S>;
template <class S>
using s16_s16n = format<pare::s16, pare::s16_narrow, S>;
template <class S>
using q12_q12_shallow = format<q12, q12, S, 511>;                    // int32 sums
using q12_q12 = format<q12, q12>;                                    // int64 sums of many int32 ones
using s8_s8_deep = format<pare::s8, pare::s8, pare::dense, 200000>;  // bytes that need int64 sums
using u8_s8n_deep = format<pare::u8, pare::s8_narrow, pare::block16, 200000>;

template <class S>
using formats_of = std::tuple<s8_s8n<S>, s8_s8<S>, u8_s8n<S>, u8_s8<S>, s16_s8<S>, s16_s8n_shallow<S>, s16_s16<S>,
                              s16_s16n<S>, q12_q12_shallow<S>>;
using integer_formats = decltype(std::tuple_cat(formats_of<pare::dense>{}, formats_of<pare::block16>{},
                                                std::tuple<q12_q12, s8_s8_deep, u8_s8n_deep>{}));
using f32_f16 = format<pare::f32, pare::f16>;
using float_formats = std::tuple<f32_f32<pare::dense>, f32_f32<pare::block16>>;

template <class F>
using sums = typename F::template call<pare::identity_stage, typename F::sum>;

/// Activations A times affine_weights<s8> or affine_weights<u8>, which are one kernel.
template <class A>
using affine_sums =
    pare::gemm_call<A, pare::s8, pare::dense, pare::chain<pare::row_terms_stage, pare::identity_stage>, std::int32_t>;

/// Dense weights with the copy that the target multiplies fastest.
template <class F, class Epilogue, class Out>
using reordered_call = pare::gemm_call<typename F::A, typename F::W, pare::reordered, Epilogue, Out, F::depth>;
template <class F>
using reordered_sums = reordered_call<F, pare::identity_stage, typename F::sum>;

/// The format in words: "s8[-128, 127] x s8[-127, 127]".
template <pare::Element R>
std::string label() {
  if constexpr (pare::IntegerRange<R>) {
    using T = typename R::type;
    return pare::text(std::is_signed_v<T> ? "s" : "u", 8 * sizeof(T), "[", R::min, ", ", R::max, "]");
  } else {
    return std::is_same_v<R, pare::f16> ? "f16" : "f32";
  }
}
template <class Structure>
std::string structure_label() {
  return Structure::name();
}
template <>
inline std::string structure_label<pare::dense>() {
  return "dense";
}
template <class F>
std::string describe() {
  return pare::text(label<typename F::A>(), " x ", label<typename F::W>(), " ",
                    structure_label<typename F::structure>(), " depth ", F::depth);
}

/// The targets that this machine can run.
inline std::vector<pare::target> available_targets() {
  std::vector<pare::target> found;
  for (pare::target t : pare::all_targets)
    if (pare::available(t)) found.push_back(t);
  return found;
}

/// (first | second) | third ...
template <class... Stages>
using chain_of = decltype((... | std::declval<Stages>()));
template <class Bias, class Policy>
using biased = chain_of<pare::bias_stage<Bias>, pare::requantize_stage<Policy>>;

struct flip_bits {
  std::int32_t operator()(std::int32_t x) const { return x ^ 0x55; }
};
struct fold_real {
  float operator()(float x) const { return x > 1 ? 1 / x : -x; }
};

// The epilogues that are tested.
using reordered_to_bytes = reordered_call<s8_s8n<pare::dense>, biased<std::int32_t, pare::tflite>, std::int8_t>;
template <class Policy>
using to_bytes = s8_s8n<pare::dense>::call<biased<std::int32_t, Policy>, std::int8_t>;
using kept_to_bytes = s8_s8n<pare::block16>::call<biased<std::int32_t, pare::tflite_int64>, std::int8_t>;
using to_unsigned_bytes = u8_s8<pare::dense>::call<pare::requantize_stage<pare::tflite>, std::uint8_t>;
using to_halves = s16_s8n_shallow<pare::dense>::call<biased<std::int32_t, pare::float_nearest_even>, std::int16_t>;
using to_words = q12_q12_shallow<pare::dense>::call<biased<std::int32_t, pare::tflite_single>, std::int32_t>;
using wide_to_halves = s16_s8<pare::dense>::call<biased<std::int64_t, pare::tflite_int64>, std::int16_t>;
using wide_to_bytes = s16_s16<pare::dense>::call<biased<std::int32_t, pare::tflite_int64>, std::int8_t>;
using sum_stages = s8_s8n<pare::dense>::call<chain_of<pare::bias_stage<std::int32_t>, pare::relu_stage,
                                                      pare::add_stage<std::int32_t>, pare::map_stage<flip_bits>>,
                                             std::int32_t>;
using wide_stages = s16_s8<pare::dense>::call<chain_of<pare::bias_stage<std::int64_t>, pare::relu_stage>, std::int64_t>;
using scaled_stages =
    s8_s8n<pare::dense>::call<chain_of<pare::dequantize_stage, pare::bias_stage<float>, pare::relu6_stage>, float>;
using residual_bytes = s8_s8n<pare::dense>::call<
    chain_of<pare::dequantize_stage, pare::add_stage<std::int8_t>, pare::relu_stage, pare::quantize_stage>,
    std::int8_t>;
using residual_halves =
    s16_s8<pare::dense>::call<chain_of<pare::dequantize_stage, pare::add_stage<std::int16_t>, pare::quantize_stage>,
                              std::int16_t>;
using float_stages = f32_f32<pare::dense>::call<
    chain_of<pare::bias_stage<float>, pare::relu_stage, pare::add_stage<float>, pare::map_stage<fold_real>>, float>;
using float_to_codes =
    f32_f32<pare::dense>::call<chain_of<pare::quantize_stage, pare::clamp_stage, pare::map_stage<flip_bits>>,
                               std::uint8_t>;

}  // namespace cases

#define CASES_OF(X, structure)                      \
  X(cases::sums<cases::s8_s8n<structure>>)          \
  X(cases::sums<cases::s8_s8<structure>>)           \
  X(cases::sums<cases::u8_s8n<structure>>)          \
  X(cases::sums<cases::u8_s8<structure>>)           \
  X(cases::sums<cases::s16_s8n_shallow<structure>>) \
  X(cases::sums<cases::q12_q12_shallow<structure>>) \
  X(cases::sums<cases::f32_f32<structure>>)
#define CASES_HALF(X) X(cases::sums<cases::f32_f16>)
#define CASES_WIDE(X, structure)            \
  X(cases::sums<cases::s16_s8<structure>>)  \
  X(cases::sums<cases::s16_s16<structure>>) \
  X(cases::sums<cases::s16_s16n<structure>>)
#define CASES_WINDOWS(X)                                          \
  X(cases::sums<cases::s8_s8<pare::n_of_m<2, 4>>>)                \
  X(cases::sums<cases::s8_s8n<pare::n_of_m<2, 4>>>)               \
  X(cases::sums<cases::u8_s8<pare::n_of_m<4, 32>>>)               \
  X(cases::sums<cases::s8_s8n<pare::n_of_m<2, 4, 16>>>)           \
  X(cases::sums<cases::u8_s8<pare::n_of_m<4, 16, 16>>>)           \
  X(cases::sums<cases::s16_s8<pare::n_of_m<2, 4>>>)               \
  X(cases::sums<cases::s16_s8<pare::n_of_m<4, 16>>>)              \
  X(cases::sums<cases::s16_s8n_shallow<pare::n_of_m<4, 16, 16>>>) \
  X(cases::sums<cases::s16_s16<pare::n_of_m<4, 16>>>)             \
  X(cases::sums<cases::q12_q12_shallow<pare::n_of_m<4, 32, 16>>>)
#define CASES_AFFINE(X)           \
  X(cases::affine_sums<pare::s8>) \
  X(cases::affine_sums<pare::u8>)
#define CASES_DEEP(X)               \
  X(cases::sums<cases::q12_q12>)    \
  X(cases::sums<cases::s8_s8_deep>) \
  X(cases::sums<cases::u8_s8n_deep>)
#define CASES_POLICIES(X)                      \
  X(cases::to_bytes<pare::tflite>)             \
  X(cases::to_bytes<pare::float_nearest_even>) \
  X(cases::to_bytes<pare::power_of_two>)
#define CASES_CODES(X)        \
  X(cases::kept_to_bytes)     \
  X(cases::to_unsigned_bytes) \
  X(cases::to_halves)         \
  X(cases::to_words)
#define CASES_WIDE_CODES(X) \
  X(cases::wide_to_halves)  \
  X(cases::wide_to_bytes)   \
  X(cases::wide_stages)     \
  X(cases::residual_halves)
#define CASES_STAGES(X)    \
  X(cases::sum_stages)     \
  X(cases::scaled_stages)  \
  X(cases::residual_bytes) \
  X(cases::float_stages)   \
  X(cases::float_to_codes)

#define CASES_REORDERED(X)                             \
  X(cases::reordered_sums<cases::s8_s8n<pare::dense>>) \
  X(cases::reordered_sums<cases::s8_s8<pare::dense>>)  \
  X(cases::reordered_sums<cases::u8_s8n<pare::dense>>) \
  X(cases::reordered_sums<cases::u8_s8<pare::dense>>)  \
  X(cases::reordered_to_bytes)

#define CASES_DEFINED_HERE(...) template void pare::run(const __VA_ARGS__&, pare::target) noexcept;
#define CASES_DEFINED_ELSEWHERE(...) extern CASES_DEFINED_HERE(__VA_ARGS__)
CASES_OF(CASES_DEFINED_ELSEWHERE, pare::dense)
CASES_OF(CASES_DEFINED_ELSEWHERE, pare::block16)
CASES_HALF(CASES_DEFINED_ELSEWHERE)
CASES_WIDE(CASES_DEFINED_ELSEWHERE, pare::dense)
CASES_WIDE(CASES_DEFINED_ELSEWHERE, pare::block16)
CASES_WINDOWS(CASES_DEFINED_ELSEWHERE)
CASES_AFFINE(CASES_DEFINED_ELSEWHERE)
CASES_DEEP(CASES_DEFINED_ELSEWHERE)
CASES_POLICIES(CASES_DEFINED_ELSEWHERE)
CASES_CODES(CASES_DEFINED_ELSEWHERE)
CASES_WIDE_CODES(CASES_DEFINED_ELSEWHERE)
CASES_STAGES(CASES_DEFINED_ELSEWHERE)
CASES_REORDERED(CASES_DEFINED_ELSEWHERE)
