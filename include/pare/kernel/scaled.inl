// scaled.inl: the policies of numeric/requantize.hpp over 16 lanes, each in two parts: what its terms say before a sum
// is known, prepared(policy, terms), and what becomes of a sum, scaled(sum, prepared). Included by epilogue.inl.

/// Division by 2^shift.
struct rounding_shift {
  i32_reg shift, mask, half;
};
/// Pre: 0 <= e <= 31.
PARE_ALWAYS_INLINE rounding_shift shift_by(i32_reg e) {
  const auto mask = (i32_reg)((((u32_reg)(e & 0) + 1u) << (u32_reg)e) - 1u);
  return {e, mask, mask >> 1};
}
/// x / 2^shift, ties away from zero (gemmlowp's RoundingDivideByPOT).
PARE_ALWAYS_INLINE i32_reg divide_by_power(i32_reg x, const rounding_shift& by) {
  return (x >> by.shift) + greater(x & by.mask, by.half - (x >> 31));
}
PARE_ALWAYS_INLINE i32x16 divide_by_power(const i32x16& x, const i32x16& e) {
  return each([&](i32_reg v, i32_reg shift) { return divide_by_power(v, shift_by(shift)); }, x, e);
}

struct tflite_factor {
  i32_reg left;
  q31_factor value;
  rounding_shift right;
};
PARE_ALWAYS_INLINE auto prepared(tflite, const i32x16 (&t)[2]) {
  return each(
      [&](i32_reg value, i32_reg shift) {
        const i32_reg left = shift > 0 ? shift : (shift & 0);
        return tflite_factor{left, q31_factor(value), shift_by(left - shift)};
      },
      t[0], t[1]);
}
PARE_ALWAYS_INLINE i32x16 scaled(const i32x16& x, const lanes<tflite_factor, i32_regs>& by) {
  return each(
      [&](i32_reg v, const tflite_factor& factor) {
        return divide_by_power(mul_q31(v << factor.left, factor.value), factor.right);
      },
      x, by);
}

/// A factor and a shift of 64 bits, which rounds ties up.
struct wide_factor {
  i64x16 value, half, shift;
};
PARE_ALWAYS_INLINE wide_factor wide_factor_of(const i32x16& value, const i32x16& right) {
  const i64x16 shift = widen(right);
  return {widen(value), fill<i64x16>(std::int64_t{1}) << (shift + fill<i64x16>(std::int64_t{-1})), shift};
}
PARE_ALWAYS_INLINE auto prepared(tflite_single, const i32x16 (&t)[2]) {
  return wide_factor_of(t[0], fill<i32x16>(31) - t[1]);
}
PARE_ALWAYS_INLINE auto prepared(tflite_int64, const i32x16 (&t)[2]) {
  return wide_factor_of(t[0], fill<i32x16>(15) - t[1]);
}
template <class X>
PARE_ALWAYS_INLINE i64x16 scaled(const X& x, const wide_factor& by) {
  return (widen(x) * by.value + by.half) >> by.shift;
}

PARE_ALWAYS_INLINE auto prepared(float_nearest_even, const i32x16 (&t)[1]) { return pare::bit_cast<f32x16>(t[0]); }
PARE_ALWAYS_INLINE f32x16 scaled(const i32x16& x, const f32x16& by) { return to_float(x) * by; }

/// A shift, and that of the bit below the result, which rounds if there is any.
struct half_up_shift {
  i32_reg shift, below, any;
};
PARE_ALWAYS_INLINE auto prepared(power_of_two, const i32x16 (&t)[1]) {
  return each(
      [&](i32_reg e) {
        const i32_reg any = greater(e, e & 0);
        return half_up_shift{e, e - any, any};
      },
      t[0]);
}
/// (x + 2^(e-1)) >> e without leaving int32.
PARE_ALWAYS_INLINE i32x16 scaled(const i32x16& x, const lanes<half_up_shift, i32_regs>& by) {
  return each([&](i32_reg v, const half_up_shift& e) { return (v >> e.shift) + ((v >> e.below) & e.any); }, x, by);
}
