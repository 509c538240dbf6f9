// q31_by_words.inl: rounding high products of int32 by products of every second word, for registers of any width.
// Included after registers.inl and mul_even (the signed products of the low words of int64 lanes), join_words (the even
// words of one register, the odd ones of another).

/// A factor, and its odd words where the even ones lie.
struct q31_factor {
  i32_reg even, odd;
  q31_factor() = default;
  PARE_ALWAYS_INLINE explicit q31_factor(i32_reg b) : even(b), odd((i32_reg)((u64_reg)b >> 32)) {}
};
PARE_ALWAYS_INLINE i32_reg mul_q31(i32_reg a, const q31_factor& b) {
  constexpr std::int64_t half = std::int64_t{1} << 30;
  const i64_reg even = mul_even(a, b.even) + half, odd = mul_even((i32_reg)((u64_reg)a >> 32), b.odd) + half;
  return join_words((i32_reg)((u64_reg)even >> 31), (i32_reg)(odd << 1));
}
PARE_ALWAYS_INLINE i32_reg mul_q31(i32_reg a, i32_reg b) { return mul_q31(a, q31_factor(b)); }
