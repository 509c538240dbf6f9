// x86_bytes.inl: 8-bit dots without vpdpbusd, for registers of any width. Included after what madd_bytes.inl wants and
// maddubs, absolute, with_sign, load_some(p, bytes, others), sum_of_lanes. Unsigned activations enter as x - 128.

#include "madd_bytes.inl"

typedef signed char i8_reg __attribute__((vector_size(register_bytes)));

/// Words First, ... of two registers in turns.
template <int First, int... I>
PARE_ALWAYS_INLINE i32_reg in_turns(i32_reg a, i32_reg b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, (First + I / 2 + I % 2 * static_cast<int>(sizeof...(I)))...);
}

/// Any weights, over cells that a row was rewritten as: |a|, and all bits set where a is negative. There w ^ -1 is
/// -w - 1, and |a| times it is |a| short of a * w: in all columns, so that a row has a term that makes up for it. Two
/// products fit int16: at most 128 * 127, at least 128 * -128.
template <bool Signed>
struct dot_rewritten_bytes : dot_signed_bytes<Signed> {
  static constexpr int scratch = 2;
  static constexpr index cell_step = 2 * cell_bytes;
  struct cell {
    i32_reg absolute, negative;
  };
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return {broadcast_4(p), broadcast_4(p + cell_bytes)}; }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(single_sums& sum, const cell& a, i32_reg w) {
    sum.r[Part] = madd_add(sum.r[Part], maddubs(a.absolute, w ^ a.negative), i32_reg{} + 0x00010001);
  }
  /// Bytes of a rewritten row: whole registers, and a line, so that not all rows begin in the same set of a cache.
  static constexpr index row_bytes(index k) { return 2 * round_up(k, register_bytes) + strip_bytes; }
  /// Rewrites a row of k activations. Returns the row's term.
  static PARE_ALWAYS_INLINE std::int32_t rewrite(std::byte* to, const std::byte* row, index k) {
    i32_reg terms{};
    for (; k >= register_bytes; k -= register_bytes, row += register_bytes, to += 2 * register_bytes)
      terms = rewrite(to, load_register(row), terms);
    if (k > 0) terms = rewrite(to, load_some(row, k, Signed ? 0 : static_cast<std::int32_t>(0x80808080)), terms);
    return sum_of_lanes(terms);
  }

 private:
  static PARE_ALWAYS_INLINE i32_reg rewrite(std::byte* to, i32_reg x, i32_reg terms) {
    constexpr std::make_integer_sequence<int, register_bytes / 4> words{};
    const i32_reg a = dot_signed_bytes<Signed>::as_signed(x), magnitude = absolute(a);
    const auto negative = (i32_reg)((i8_reg)a < 0);
    // One after the other: gcc 12 copies both of them by way of the stack.
    const i32_reg first = in_turns<0>(magnitude, negative, words);
    const i32_reg second = in_turns<register_bytes / 8>(magnitude, negative, words);
    std::memcpy(to, &first, sizeof first);
    std::memcpy(to + register_bytes, &second, sizeof second);
    return madd_add(terms, maddubs(magnitude & negative, i32_reg{} + 0x01010101), i32_reg{} + 0x00010001);
  }
};

/// Weights >= -127: |a| * (w with a's sign), two products of at most 128 * 127 fit int16.
template <bool Signed>
struct dot_narrow_bytes : dot_signed_bytes<Signed> {
  using rewritten = dot_rewritten_bytes<Signed>;
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

/// Any weights.
template <bool Signed>
struct dot_any_bytes : dot_full_bytes<Signed> {
  using rewritten = dot_rewritten_bytes<Signed>;
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
    std::conditional_t<(W::min >= -127), dot_narrow_bytes<(A::min < 0)>, dot_any_bytes<(A::min < 0)>>>;
