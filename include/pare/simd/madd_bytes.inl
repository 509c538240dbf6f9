// madd_bytes.inl: 8- and 16-bit dots by madd, the sums of two products of int16, for registers of any width. Included
// after lanes.inl and madd, low_bytes, high_bytes (the even and the odd bytes as int16). Unsigned activations enter as
// x - 128.

PARE_ALWAYS_INLINE i32_reg madd_add(i32_reg sum, i32_reg a, i32_reg w) {
  return (i32_reg)((u32_reg)sum + (u32_reg)madd(a, w));
}

#include "dots.inl"

template <bool Signed>
struct dot_signed_bytes : plain_dot<4> {
  static constexpr std::int32_t offset = Signed ? 0 : -128;
  using acc = single_sums;
  static PARE_ALWAYS_INLINE i32_reg as_signed(i32_reg x) {
    return Signed ? x : x ^ static_cast<std::int32_t>(0x80808080);
  }
  static PARE_ALWAYS_INLINE const acc& result(const acc& sum) { return sum; }
};

/// Any weights: even and odd bytes widened to int16 and multiplied apart.
template <bool Signed>
struct dot_full_bytes : dot_signed_bytes<Signed> {
  static constexpr int scratch = 2;
  struct part {
    i32_reg even, odd;
  };
  using cell = part;
  static PARE_ALWAYS_INLINE part as_part(i32_reg x) { return {low_bytes(x), high_bytes(x)}; }
  static PARE_ALWAYS_INLINE cell as_cell(i32_reg x) { return as_part(dot_signed_bytes<Signed>::as_signed(x)); }
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    return as_part(load_register(strip + Part * register_bytes));
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return as_cell(broadcast_4(p)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(single_sums& sum, const cell& a, const part& w) {
    sum.r[Part] = madd_add(madd_add(sum.r[Part], a.even, w.even), a.odd, w.odd);
  }
};

template <class W, bool Split>
using dot_for_halves = std::conditional_t<sizeof(typename W::type) == 1, dot_widened,
                                          std::conditional_t<Split, dot_split_halves, dot_halves>>;
