// vnni_bytes.inl: 8- and 4-bit dots by vpdpbusd, four products per lane and instruction, for registers of any width.
// Included after dots.inl and dpbusd(sum, unsigned, signed), broadcast_flipped(p, flips) (broadcast_4, xor flips),
// copy_flipped(to, from, bytes) (a register, flipped so; reads no more than `bytes`, whole cells).

struct dot_copied_bytes;
struct dot_either_bytes;

/// Both sides 8 bits. Signed activations enter as x + 128: vpdpbusd wants unsigned ones.
template <bool Signed>
struct dot_bytes : plain_dot<4> {
  using copied = std::conditional_t<Signed, dot_copied_bytes, void>;
  using either = dot_either_bytes;
  static constexpr int chain = 1;  ///< products of a step that go into the same sums, one after the other
  static constexpr std::int32_t offset = Signed ? 128 : 0;
  using acc = single_sums;
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) {
    return Signed ? broadcast_flipped(p, i32_reg{} - 0x7f7f7f80) : broadcast_4(p);
  }
  static PARE_ALWAYS_INLINE cell as_cell(i32_reg x) { return Signed ? x ^ (i32_reg{} - 0x7f7f7f80) : x; }
  /// The same for loops inside loops: around an asm that reads memory gcc 12 moves no sum into a register.
  static PARE_ALWAYS_INLINE cell broadcast_nested(const std::byte* p) {
#if defined(__clang__)
    return broadcast(p);
#else
    return as_cell(broadcast_4(p));
#endif
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    sum.r[Part] = dpbusd(sum.r[Part], a, w);
  }
  static PARE_ALWAYS_INLINE const acc& result(const acc& sum) { return sum; }
};
/// Signed activations that were copied as x + 128 before: 16 cells at a time, instead of each for every tile. Where one
/// unit changes bytes and multiplies them, a tile of 6 x 4 otherwise multiplies in four cycles of five.
struct dot_copied_bytes : dot_bytes<false> {
  static constexpr std::int32_t offset = dot_bytes<true>::offset;
  static PARE_ALWAYS_INLINE void copy(std::byte* to, const std::byte* from, index bytes) {
    copy_flipped(to, from, bytes);
  }
};

/// What flips the top bits of cells, unless they were copied.
PARE_ALWAYS_INLINE i32_reg flips_for(bool copied) { return copied ? i32_reg{} : i32_reg{} - 0x7f7f7f80; }
/// Signed activations, copied or not.
struct dot_either_bytes : dot_bytes<true> {
  struct flipper {
    i32_reg flips;
    PARE_ALWAYS_INLINE i32_reg broadcast(const std::byte* p) const { return broadcast_flipped(p, flips); }
  };
};

struct dot_nibbles_apart;

/// Signed bytes x 4 bits: the weights are vpdpbusd's unsigned side.
struct dot_nibbles : nibble_strip {
  using lone = dot_nibbles_apart;
  static constexpr index lone_depth = 65536;
  static constexpr int chain = 2;
  struct cell {
    i32_reg first, second;
  };
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return {broadcast_4(p), broadcast_4(p + cell_bytes)}; }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    sum.r[Part] = dpbusd(dpbusd(sum.r[Part], w.low, a.first), w.high, a.second);
  }
};

/// The same with an operation less per strip and more sums: high halves are multiplied where they lie, 16 times too
/// large. 65536 products of at most 240 x 128 are below 2^31.
struct dot_nibbles_apart : dot_nibbles {
  struct acc {
    single_sums low, high;
    friend PARE_ALWAYS_INLINE acc operator+(const acc& a, const acc& b) { return {a.low + b.low, a.high + b.high}; }
  };
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    const i32_reg both = load_register(strip + Part * register_bytes);
    return {both & 0x0f0f0f0f, both & (i32_reg{} - 0x0f0f0f10)};
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    sum.low.r[Part] = dpbusd(sum.low.r[Part], w.low, a.first);
    sum.high.r[Part] = dpbusd(sum.high.r[Part], w.high, a.second);
  }
  static PARE_ALWAYS_INLINE i32x16 result(const acc& sum) {
    i32x16 y;
    PARE_UNROLL for (int i = 0; i < i32_regs; ++i) y.r[i] = sum.low.r[i] + (sum.high.r[i] >> 4);
    return y;
  }
};

template <class A, class W>
using dot_for_bytes = dot_bytes<(A::min < 0)>;
template <class A, class W>
using dot_by_vector = dot_for_bytes<A, W>;
using dot_for_floats = dot_floats;
template <class W, bool Split>
using dot_for_halves = std::conditional_t<sizeof(typename W::type) == 1, dot_widened,
                                          std::conditional_t<Split, dot_split_halves, dot_halves>>;
