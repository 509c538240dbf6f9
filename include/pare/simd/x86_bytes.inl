// x86_bytes.inl: 8-bit dots without vpdpbusd, for registers of any width. Included after what madd_bytes.inl wants and
// maddubs, absolute, with_sign. Unsigned activations enter as x - 128.

#include "madd_bytes.inl"

/// Weights >= -127: |a| * (w with a's sign), two products of at most 128 * 127 fit int16.
template <bool Signed>
struct dot_narrow_bytes : dot_signed_bytes<Signed> {
  static constexpr int scratch = 3;
  struct cell {
    i32_reg a, absolute;
  };
  static PARE_ALWAYS_INLINE cell as_cell(i32_reg x) {
    const i32_reg a = dot_signed_bytes<Signed>::as_signed(x);
    return {a, absolute(a)};
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return as_cell(broadcast_4(p)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(single_sums& sum, const cell& a, i32_reg w) {
    const i32_reg ones = i32_reg{} + 0x00010001;
    sum.r[Part] = madd_add(sum.r[Part], maddubs(a.absolute, with_sign(w, a.a)), ones);
  }
};

/// Signed bytes x 4 bits: four products of at most 128 * 15 fit int16.
struct dot_nibbles : nibble_strip {
  static constexpr int scratch = 3;  // the mask, the ones and a product
  struct cell {
    i32_reg first, second;
  };
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return {broadcast_4(p), broadcast_4(p + cell_bytes)}; }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    const auto pairs = (i16_reg)maddubs(w.low, a.first) + (i16_reg)maddubs(w.high, a.second);
    sum.r[Part] = madd_add(sum.r[Part], (i32_reg)pairs, i32_reg{} + 0x00010001);
  }
};

/// Ranges whose pairs of products fit int16 with the activations unsigned (7-bit weights, or 7-bit activations that
/// are): no sign to move. Signed activations enter as x + 128.
template <bool Signed>
struct dot_short_bytes : plain_dot<4> {
  static constexpr std::int32_t offset = Signed ? 128 : 0;
  static constexpr int scratch = 2;
  using acc = single_sums;
  static PARE_ALWAYS_INLINE cell as_cell(i32_reg x) { return Signed ? x ^ static_cast<std::int32_t>(0x80808080) : x; }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return as_cell(broadcast_4(p)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    sum.r[Part] = madd_add(sum.r[Part], maddubs(a, w), i32_reg{} + 0x00010001);
  }
  static PARE_ALWAYS_INLINE const acc& result(const acc& sum) { return sum; }
};

template <class A, class W>
inline constexpr bool short_products =
    2 * (A::max + dot_short_bytes<(A::min < 0)>::offset) * greatest_magnitude<W> <= INT16_MAX;

template <class A, class W>
using dot_for_bytes = std::conditional_t<
    short_products<A, W>, dot_short_bytes<(A::min < 0)>,
    std::conditional_t<(W::min >= -127), dot_narrow_bytes<(A::min < 0)>, dot_full_bytes<(A::min < 0)>>>;
