// dots.inl: the multiply-accumulate of a cell and a strip for the formats whose loop is the same on every vector
// target. Included in a target's namespace after lanes.inl and load_register, load_widened, broadcast_4, broadcast_8,
// madd_add, high_bytes, fma_add, pairwise_sum.
//
// A dot is a type with: depth (elements along k per strip), strips (how many a step consumes), parts (in how many
// pieces, of type part, it loads them), scratch (registers it needs beside accumulators, parts and cells), offset (what
// it adds to every activation), acc, cell, and the functions load<Part>(strips), broadcast(cells),
// mul_add<Part>(acc, cell, part) and result(acc) -> i32x16, i64x16 or f32x16. Dots of one strip whose sides have the
// same width also have as_cell(register) and as_part(register), which make a cell or a part of 4-byte cells as they lie
// in memory: they can exchange their sides.

/// Sums of 16 lanes, or of twice as many that are added up in pairs at the end.
using single_sums = i32x16;
using paired_sums = lanes<i32_reg, 2 * i32_regs>;

PARE_ALWAYS_INLINE i32x16 add_pairs(const paired_sums& sum) {
  i32x16 y;
  PARE_UNROLL for (int i = 0; i < i32_regs; ++i) y.r[i] = pairwise_sum(sum.r[2 * i], sum.r[2 * i + 1]);
  return y;
}

/// One strip a step, one register a part, activations as they are: what most dots are.
template <int Depth>
struct plain_dot {
  static constexpr int depth = Depth, strips = 1, parts = i32_regs, scratch = madd_scratch;
  static constexpr std::int32_t offset = 0;
  using part = i32_reg;
  using cell = i32_reg;
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    return load_register(strip + Part * register_bytes);
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return broadcast_4(p); }
  static PARE_ALWAYS_INLINE cell as_cell(i32_reg x) { return x; }
  static PARE_ALWAYS_INLINE part as_part(i32_reg x) { return x; }
};

/// Dot with its sides exchanged: strips hold activations, cells are weights. What Dot does to activations it now does
/// to strips.
template <class Dot>
struct exchanged {
  static constexpr int depth = Dot::depth, strips = 1, parts = i32_regs, scratch = Dot::scratch;
  static constexpr std::int32_t offset = Dot::offset;
  using acc = typename Dot::acc;
  using part = typename Dot::cell;
  using cell = typename Dot::part;
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    return Dot::as_cell(load_register(strip + Part * register_bytes));
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return Dot::as_part(broadcast_4(p)); }
  /// Cell I of those that every 16 bytes hold.
  template <class I>
  static PARE_ALWAYS_INLINE cell spread(i32_reg four, I i) {
    return Dot::as_part(spread_4(four, i));
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& w, const part& a) {
    Dot::template mul_add<Part>(sum, a, w);
  }
  template <int Part, int Lane>
  requires requires { Dot::template mul_add_lane<Part, Lane>; }
  static PARE_ALWAYS_INLINE void mul_add_lane(acc& sum, i32_reg four, const part& a) {
    Dot::template mul_add_lane<Part, Lane>(sum, four, a);
  }
  static PARE_ALWAYS_INLINE decltype(auto) result(const acc& sum) { return Dot::result(sum); }
};

/// float x float, one product per lane.
struct dot_floats : plain_dot<1> {
  static constexpr int scratch = 1;
  using acc = f32x16;
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    sum.r[Part] = fma_add(sum.r[Part], (f32_reg)a, (f32_reg)w);
  }
  static PARE_ALWAYS_INLINE const acc& result(const acc& sum) { return sum; }
};

/// float x half, one product per lane: half a strip (see pack_half_panel). After load_halves.
struct dot_stored_halves : dot_floats {
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    return (part)load_halves(strip + Part * (register_bytes / 2));
  }
};

/// int16 x int16, two products per lane. Exact while the sums fit int32: see exact_strips in kernel/plan.hpp.
struct dot_halves : plain_dot<2> {
  using acc = single_sums;
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    sum.r[Part] = madd_add(sum.r[Part], a, w);
  }
  static PARE_ALWAYS_INLINE const acc& result(const acc& sum) { return sum; }
};

/// int16 x int16 of full range: w = 256 * high + low with low in [0, 255], so both sums stay in int32 for 128 strips.
struct dot_split_halves : plain_dot<2> {
  struct acc {
    single_sums low, high;
  };
  struct part {
    i32_reg low, high;
  };
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    return as_part(load_register(strip + Part * register_bytes));
  }
  static PARE_ALWAYS_INLINE part as_part(i32_reg w) { return {w & 0x00ff00ff, high_bytes(w)}; }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, const part& w) {
    sum.low.r[Part] = madd_add(sum.low.r[Part], a, w.low);
    sum.high.r[Part] = madd_add(sum.high.r[Part], a, w.high);
  }
  static PARE_ALWAYS_INLINE i64x16 result(const acc& sum) {
    return widen(sum.low) + (widen(sum.high) << fill<i64x16>(std::int64_t{8}));
  }
};

/// int16 x int8: strips of 8-bit weights, widened as they are loaded; two lanes per channel.
struct dot_widened : plain_dot<4> {
  static constexpr int parts = 2 * i32_regs;
  using acc = paired_sums;
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    return load_widened(strip + Part * (register_bytes / 2));
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return broadcast_8(p); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    sum.r[Part] = madd_add(sum.r[Part], a, w);
  }
  static PARE_ALWAYS_INLINE i32x16 result(const acc& sum) { return add_pairs(sum); }
};

/// Strips of 4-bit weights plus 8: the low halves of the bytes belong to the first cell of activations, the high ones
/// to the second. A row's products are too large by 8 times the sum of its activations: whoever calls takes that out.
struct nibbles {
  i32_reg low, high;
};
struct nibble_strip : plain_dot<8> {
  static constexpr int scratch = 2;
  using acc = single_sums;
  using part = nibbles;
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    const i32_reg both = load_register(strip + Part * register_bytes);
    return {both & 0x0f0f0f0f, (i32_reg)((u32_reg)both >> 4) & 0x0f0f0f0f};
  }
  static PARE_ALWAYS_INLINE const acc& result(const acc& sum) { return sum; }
};
