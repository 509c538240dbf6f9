// numbers.cpp: the bounds that the kernels rely on, and the types of numeric/.
#include <pare/core/cell.hpp>
#include <pare/numeric/accumulator.hpp>
#include <pare/numeric/affine.hpp>
#include <pare/numeric/requantize.hpp>

namespace {

using namespace pare;

// Products that an int32 sum can hold, before bias.
static_assert(max_depth<centered<u8>, s8_narrow>() == 66'311);
static_assert(max_depth<centered<s8>, s8_narrow>() == 66'311);
static_assert(max_depth<u8, s8>() == 65'793);
static_assert(max_depth<s8, s8_narrow>() == 132'104);
static_assert(max_depth<s16, s8_narrow>() == 516);
static_assert(max_depth<s16, s16>() == 1);
// Products whose sum is exact as a float.
static_assert(max_depth<u8, s8_narrow>(1 << 24) == 518);

// Products that an int16 can hold. maddubs adds two: exact for |w| <= 64 or u <= 127 alone.
using within_64 = integer_range<std::int8_t, -64, 64>;
using within_65 = integer_range<std::int8_t, -65, 65>;
using seven_bits = integer_range<std::uint8_t, 0, 127>;
static_assert(max_depth<u8, within_64>(INT16_MAX) == 2 && max_depth<u8, within_65>(INT16_MAX) == 1);
static_assert(max_depth<seven_bits, s8>(INT16_MAX) == 2);
// Two s8 products fit an int16 iff one side has no -128: NEON's smull and smlal, maddubs of |a| and sign(w, a).
static_assert(max_depth<s8, s8_narrow>(INT16_MAX) == 2 && max_depth<s8, s8>(INT16_MAX) == 1);

static_assert(greatest_magnitude<s8> == 128 && greatest_magnitude<s8_narrow> == 127 && greatest_magnitude<u8> == 255 &&
              greatest_magnitude<s16> == 32768);
static_assert(std::is_same_v<centered<u8>, integer_range<std::int16_t, -255, 255>>);
static_assert(std::is_same_v<centered<s8_narrow>, integer_range<std::int16_t, -254, 254>>);
static_assert(std::is_same_v<centered<s16>, integer_range<std::int32_t, -65535, 65535>>);
static_assert(std::is_same_v<s8, integer_range<std::int8_t, -128, 127>>);
static_assert(std::is_same_v<s16_narrow, integer_range<std::int16_t, -32767, 32767>>);
static_assert(std::is_same_v<u16::type, std::uint16_t> && u16::max == 65535);

static_assert(IntegerRange<s8> && !IntegerRange<f32> && !IntegerRange<int>);
static_assert(Element<s8> && Element<f32> && !Element<float>);

static_assert(Rounding<half_even> && Rounding<half_away> && Rounding<toward_zero> && Rounding<stochastic>);
static_assert(!Rounding<int>);
static_assert(half_even{}(2.5f) == 2 && half_away{}(2.5f) == 3 && toward_zero{}(-2.5f) == -2);

static_assert(RequantizePolicy<tflite> && RequantizePolicy<tflite_single> && RequantizePolicy<tflite_int64>);
static_assert(RequantizePolicy<float_nearest_even> && RequantizePolicy<power_of_two>);
static_assert(!RequantizePolicy<half_even>);

static_assert(cell_depth<std::int8_t> == 4 && cell_depth<std::int16_t> == 2 && cell_depth<float> == 1);

}  // namespace
