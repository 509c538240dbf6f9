// neon_registers.inl: the 16-byte registers that both NEON targets share, up to the dots of 16-bit and float formats.

inline constexpr int registers = 32;
inline constexpr bool fuses = true;
inline constexpr int madd_scratch = 12;    // madd_add is four instructions, and compilers interleave many
inline constexpr bool cells_first = true;  // rows of cells are read at once; weights stream by, a part at a time
inline constexpr int register_bytes = 16;
#include "registers.inl"

PARE_ALWAYS_INLINE i32_reg to_int(f32_reg x) { return (i32_reg)vcvtnq_s32_f32((float32x4_t)x); }
PARE_ALWAYS_INLINE void stream_16_bytes(std::byte* p, const std::byte* from) { std::memcpy(p, from, 16); }
PARE_ALWAYS_INLINE void stream_register(float* p, f32_reg x) { vst1q_f32(p, (float32x4_t)x); }
using q31_factor = i32_reg;
PARE_ALWAYS_INLINE i32_reg mul_q31(i32_reg a, i32_reg b) { return (i32_reg)vqrdmulhq_s32((int32x4_t)a, (int32x4_t)b); }
// One register of codes of 8 or 16 bits.
PARE_ALWAYS_INLINE void widen_codes(const std::int16_t* p, i32_reg& x) { x = (i32_reg)vmovl_s16(vld1_s16(p)); }
PARE_ALWAYS_INLINE void widen_codes(const std::uint16_t* p, i32_reg& x) { x = (i32_reg)vmovl_u16(vld1_u16(p)); }
PARE_ALWAYS_INLINE void widen_codes(const std::int8_t* p, i32_reg& x) {
  std::uint64_t four = 0;
  std::memcpy(&four, p, 4);
  x = (i32_reg)vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(four))));
}
PARE_ALWAYS_INLINE void widen_codes(const std::uint8_t* p, i32_reg& x) {
  std::uint64_t four = 0;
  std::memcpy(&four, p, 4);
  x = (i32_reg)vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(four))));
}
PARE_ALWAYS_INLINE i32_reg load_widened(const std::byte* p) {
  return (i32_reg)vmovl_s8(vld1_s8(reinterpret_cast<const std::int8_t*>(p)));
}
PARE_ALWAYS_INLINE f32_reg load_halves(const std::byte* p) {
  return (f32_reg)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(reinterpret_cast<const std::uint16_t*>(p))));
}
PARE_ALWAYS_INLINE i32_reg broadcast_4(const std::byte* p) {
  std::int32_t four;
  std::memcpy(&four, p, sizeof four);
  return (i32_reg)vdupq_n_s32(four);
}
PARE_ALWAYS_INLINE i32_reg broadcast_8(const std::byte* p) {
  std::int64_t eight;
  std::memcpy(&eight, p, sizeof eight);
  return (i32_reg)vdupq_n_s64(eight);
}
PARE_ALWAYS_INLINE i32_reg broadcast_16(const std::byte* p) { return load_register(p); }
PARE_ALWAYS_INLINE i32_reg madd_add(i32_reg sum, i32_reg a, i32_reg w) {
  const int32x4_t low = vmull_s16(vget_low_s16((int16x8_t)a), vget_low_s16((int16x8_t)w));
  const int32x4_t high = vmull_high_s16((int16x8_t)a, (int16x8_t)w);
  return (i32_reg)vaddq_s32((int32x4_t)sum, vpaddq_s32(low, high));
}
PARE_ALWAYS_INLINE i32_reg high_bytes(i32_reg w) { return (i32_reg)vshrq_n_s16((int16x8_t)w, 8); }
PARE_ALWAYS_INLINE f32_reg fma_add(f32_reg sum, f32_reg a, f32_reg w) {
  return (f32_reg)vfmaq_f32((float32x4_t)sum, (float32x4_t)a, (float32x4_t)w);
}
PARE_ALWAYS_INLINE i32_reg pairwise_sum(i32_reg a, i32_reg b) {
  return (i32_reg)vpaddq_s32((int32x4_t)a, (int32x4_t)b);
}

#include "lanes.inl"

/// 16 cells of the signed codes of four channels: rounded to even, plus the zero point, clamped. All but the clamp
/// saturates, so that four channels are narrowed first. Map: output_map. Pre: no lane is not-a-number.
template <bool, class Map>
PARE_ALWAYS_INLINE i32x16 join_rounded(const f32x16 (&x)[4], const Map& o, const std::int8_t*) {
  const int16x8_t zero_point = vdupq_n_s16(static_cast<std::int16_t>(o.zero_point));
  const int8x16_t least = vdupq_n_s8(static_cast<std::int8_t>(o.min));
  const int8x16_t most = vdupq_n_s8(static_cast<std::int8_t>(o.max));
  const auto order = (uint8x16_t)i32_reg{0x0c080400, 0x0d090501, 0x0e0a0602, 0x0f0b0703};
  i32x16 cells;
  PARE_UNROLL for (int i = 0; i < i32_regs; ++i) {
    const auto rounded = [&](int c) { return (int32x4_t)to_int(x[c].r[i]); };
    const auto halves = [&](int c) { return vqmovn_high_s32(vqmovn_s32(rounded(c)), rounded(c + 1)); };
    const int16x8_t low = vqaddq_s16(halves(0), zero_point), high = vqaddq_s16(halves(2), zero_point);
    const int8x16_t codes = vminq_s8(vmaxq_s8(vqmovn_high_s16(vqmovn_s16(low), high), least), most);
    cells.r[i] = (i32_reg)vqtbl1q_u8((uint8x16_t)codes, order);
  }
  return cells;
}

PARE_ALWAYS_INLINE int16x8_t to_halves(i32_reg low, i32_reg high) {
  return vmovn_high_s32(vmovn_s32((int32x4_t)low), (int32x4_t)high);
}
PARE_ALWAYS_INLINE void store_codes(std::int16_t* p, const i32x16& x) {
  vst1q_s16(p, to_halves(x.r[0], x.r[1]));
  vst1q_s16(p + 8, to_halves(x.r[2], x.r[3]));
}
PARE_ALWAYS_INLINE void store_codes(std::int8_t* p, const i32x16& x) {
  vst1q_s8(p, vmovn_high_s16(vmovn_s16(to_halves(x.r[0], x.r[1])), to_halves(x.r[2], x.r[3])));
}
PARE_ALWAYS_INLINE void store_codes(std::uint8_t* p, const i32x16& x) {
  store_codes(reinterpret_cast<std::int8_t*>(p), x);
}

#include "dots.inl"

/// float x float by lane: four k of a row are read at once.
struct dot_floats_by_lane : dot_floats {
  static constexpr int strips = 4, parts = 4 * i32_regs;
  using single = dot_floats;
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return load_register(p); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    auto& lanes = sum.r[Part % i32_regs];
    lanes = (f32_reg)vfmaq_laneq_f32((float32x4_t)lanes, (float32x4_t)w, (float32x4_t)a, Part / i32_regs);
  }
};

/// int16 x int16 by smlal: two lanes per channel.
struct dot_paired_halves : plain_dot<2> {
  static constexpr int scratch = 3;
  using acc = paired_sums;
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    const auto x = (int16x8_t)a, y = (int16x8_t)w;
    sum.r[2 * Part] = (i32_reg)vmlal_s16((int32x4_t)sum.r[2 * Part], vget_low_s16(x), vget_low_s16(y));
    sum.r[2 * Part + 1] = (i32_reg)vmlal_high_s16((int32x4_t)sum.r[2 * Part + 1], x, y);
  }
  static PARE_ALWAYS_INLINE i32x16 result(const acc& sum) { return add_pairs(sum); }
};

/// int16 x int8 by lane: ld4 parts a strip into the first, the second, ... weights of 16 channels.
struct dot_widened_by_lane : plain_dot<4> {
  static constexpr int parts = 1, scratch = 4;
  using acc = single_sums;
  using part = int8x16x4_t;
  using cell = int16x8_t;  // half of it
  template <int>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    return vld4q_s8(reinterpret_cast<const std::int8_t*>(strip));
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) {
    int16x4_t four;
    std::memcpy(&four, p, sizeof four);
    return vcombine_s16(four, int16x4_t{});
  }
  template <int K>
  static PARE_ALWAYS_INLINE void add_low(i32_reg& sum, cell a, int16x8_t w) {
    __asm__("smlal %0.4s, %1.4h, %2.h[%3]" : "+w"(sum) : "w"(w), "x"(a), "i"(K));
  }
  template <int K>
  static PARE_ALWAYS_INLINE void add_high(i32_reg& sum, cell a, int16x8_t w) {
    __asm__("smlal2 %0.4s, %1.8h, %2.h[%3]" : "+w"(sum) : "w"(w), "x"(a), "i"(K));
  }
  template <int K>
  static PARE_ALWAYS_INLINE void add_products(acc& sum, cell a, int8x16_t w) {
    const int16x8_t low = vmovl_s8(vget_low_s8(w)), high = vmovl_high_s8(w);
    add_low<K>(sum.r[0], a, low);
    add_high<K>(sum.r[1], a, low);
    add_low<K>(sum.r[2], a, high);
    add_high<K>(sum.r[3], a, high);
  }
  template <int>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, const part& w) {
    add_products<0>(sum, a, w.val[0]);
    add_products<1>(sum, a, w.val[1]);
    add_products<2>(sum, a, w.val[2]);
    add_products<3>(sum, a, w.val[3]);
  }
  static PARE_ALWAYS_INLINE const acc& result(const acc& sum) { return sum; }
};

template <class W, bool Split>
using dot_for_halves = std::conditional_t<sizeof(typename W::type) == 1, dot_widened_by_lane,
                                          std::conditional_t<Split, dot_split_halves, dot_paired_halves>>;

using dot_for_floats = dot_floats_by_lane;
