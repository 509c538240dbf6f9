// kernel.cpp: which integer a reduction is summed in, how often it is flushed, and what an epilogue may be made of.
#include <pare/nn/linear.hpp>
#include <pare/nn/threads.hpp>
#include <utility>

namespace {

using enum pare::value_kind;
using q12 = pare::integer_range<std::int16_t, -2048, 2047>;
using nibbles = pare::integer_range<std::int8_t, -8, 7>;

// 8-bit operands fit int32 at the default depth with any zero point; (x - zp) in +-255, w in +-127 at 66,311.
static_assert(pare::plan<pare::s8, pare::s8>::sum == sum32 && pare::plan<pare::u8, pare::s8>::sum == sum32);
static_assert(pare::plan<pare::s8, pare::s8_narrow>::sum == sum32);
static_assert(pare::plan<pare::s8, pare::s8_narrow, 66311>::sum == sum32);
static_assert(pare::plan<pare::s8, pare::s8_narrow, 66312>::sum == sum64);
static_assert(pare::plan<pare::u8, pare::s8, 65793>::sum == sum32);
static_assert(pare::plan<pare::u8, pare::s8, 65794>::sum == sum64);
static_assert(pare::plan<nibbles, nibbles, 1000000>::sum == sum32);
// 16 x 8 bits fit int32 up to 516 steps, 16 x 16 bits for one; narrower samples for more.
static_assert(pare::plan<pare::s16, pare::s8_narrow>::sum == sum64);
static_assert(pare::plan<pare::s16, pare::s8_narrow, 516>::sum == sum32);
static_assert(pare::plan<pare::s16, pare::s8_narrow, 517>::sum == sum64);
static_assert(pare::plan<pare::s16, pare::s16>::sum == sum64 && pare::plan<pare::s16, pare::s16, 2>::sum == sum64);
static_assert(pare::plan<pare::s16, pare::s16, 1>::sum == sum32);
static_assert(pare::plan<q12, q12, 511>::sum == sum32 && pare::plan<q12, q12, 512>::sum == sum64);
static_assert(pare::plan<pare::f32, pare::f32>::sum == real && pare::plan<pare::f32, pare::f32, 1 << 30>::sum == real);

// Whole strips whose sums stay in int32.
static_assert(pare::exact_strips<pare::s16, pare::s8_narrow>(4, 0) == 129);
static_assert(pare::exact_strips<pare::s16, pare::s8>(4, 0) == 127);
static_assert(pare::exact_strips<pare::s16, pare::s16>(2, 0) == 0);
static_assert(pare::exact_strips<pare::s16, pare::integer_range<std::int16_t, -255, 255>>(2, 0) == 128);
static_assert(pare::exact_strips<q12, q12>(2, 0) == 255);
// A dot's offset counts: s8 as x + 128 is in [0, 255], u8 as x - 128 in [-128, 127].
static_assert(pare::exact_strips<pare::s8, pare::s8>(4, 128) == 65793 / 4);
static_assert(pare::exact_strips<pare::u8, pare::s8>(4, -128) == 131071 / 4);

static_assert(pare::multipliable<pare::s8, pare::s8> && pare::multipliable<pare::u8, pare::s8_narrow>);
static_assert(pare::multipliable<pare::s16, pare::s8> && pare::multipliable<pare::s16, pare::s16>);
static_assert(!pare::multipliable<pare::s8, pare::u8> && !pare::multipliable<pare::s8, pare::s16>);
static_assert(!pare::multipliable<pare::u16, pare::s8> && !pare::multipliable<pare::f32, pare::s8>);
static_assert(!pare::multipliable<pare::s8, pare::f32>);

// A reduction without int64 has no totals: none is generated where the ranges prove that no flush is needed.
template <class A, class W, bool Wide>
using scalar_dot = pare::scalar::choose_dot<A, W, Wide>;
static_assert(scalar_dot<pare::s8, pare::s8, false>::period == 0);
static_assert(scalar_dot<pare::s16, pare::s8_narrow, false>::period == 0);
static_assert(scalar_dot<pare::s16, pare::s8_narrow, true>::period == 128);
static_assert(scalar_dot<q12, q12, true>::period == 254);

// The kind of value after a chain.
template <pare::value_kind In, class... Stages>
constexpr pare::value_kind after = pare::after_v<In, std::remove_cvref_t<decltype((... | std::declval<Stages>()))>>;
using bias32 = pare::bias_stage<std::int32_t>;
using bias64 = pare::bias_stage<std::int64_t>;
using to_codes = pare::requantize_stage<pare::tflite>;
struct same {
  float operator()(float x) const { return x; }
};
static_assert(after<sum32, pare::identity_stage> == sum32 && after<sum64, pare::identity_stage> == sum64);
static_assert(after<sum32, bias32, pare::relu_stage> == sum32 && after<sum64, bias32, bias64> == sum64);
static_assert(after<sum32, bias32, to_codes, pare::clamp_stage> == code);
static_assert(after<sum64, pare::requantize_stage<pare::tflite_int64>> == code);
static_assert(after<sum32, pare::requantize_stage<pare::tflite_int64>> == code);
static_assert(after<sum64, pare::dequantize_stage, pare::relu6_stage, pare::map_stage<same>> == real);
static_assert(after<sum32, pare::dequantize_stage, pare::add_stage<std::int8_t>, pare::quantize_stage> == code);
static_assert(after<real, pare::bias_stage<float>, pare::add_stage<float>> == real);
static_assert(after<sum32, pare::add_stage<std::int32_t>> == sum32);
// `|` joins to the same kind however it is grouped.
static_assert(pare::after_v<sum32, pare::chain<bias32, pare::chain<to_codes, pare::clamp_stage>>> == code);

static_assert(pare::storable<code, std::int8_t> && pare::storable<code, std::uint8_t> &&
              pare::storable<code, std::int16_t> && pare::storable<code, std::int32_t>);
static_assert(!pare::storable<code, float> && !pare::storable<code, std::int64_t>);
static_assert(pare::storable<sum32, std::int32_t> && !pare::storable<sum32, std::int64_t> &&
              !pare::storable<sum32, std::int8_t> && !pare::storable<sum32, float>);
static_assert(pare::storable<sum64, std::int64_t> && !pare::storable<sum64, std::int32_t>);
static_assert(pare::storable<real, float> && !pare::storable<real, double> && !pare::storable<real, std::int8_t>);

// Stages and executors are told from what is none.
static_assert(pare::Stage<bias32> && pare::Stage<pare::chain<bias32, to_codes>> && !pare::Stage<same>);
struct no_executor {
  void bulk(pare::index, void (*)(pare::index)) const {}
};
static_assert(pare::Executor<pare::threads> && !pare::Executor<no_executor> && !pare::Executor<int>);

// Stages point into their argument: temporaries are refused.
template <class T>
concept takes_temporary_bias = requires(pare::channels<T> (*make)()) {
  pare::bias(make());
};
static_assert(!takes_temporary_bias<std::int32_t>);

}  // namespace
