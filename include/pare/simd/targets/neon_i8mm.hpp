// neon_i8mm.hpp: Armv8.2-A with smmla and usmmla: two rows times two channels, 8 bytes deep, in one instruction.
//
// Only weights in pairs of strips have kernels of their own here; all others run those of NEON with dot products.
#pragma once

#include "neon_dotprod.hpp"

#if PARE_HAS_NEON_I8MM
namespace pare::inline PARE_UNIT::neon_i8mm {
using namespace neon_dotprod;
}

PARE_TARGET_BEGIN(PARE_FEATURES_neon_i8mm)
#define PARE_OPAQUE(x) __asm__("" : "+w"(x))
namespace pare::inline PARE_UNIT::neon_i8mm_pairs {

#include "../neon_registers.inl"
using neon_dotprod::dot_for_bytes;
using neon_dotprod::dot_for_windows;
using neon_dotprod::dot_nibbles;

PARE_ALWAYS_INLINE i32_reg low_halves(i32_reg a, i32_reg b) { return (i32_reg)vzip1q_s64((int64x2_t)a, (int64x2_t)b); }
PARE_ALWAYS_INLINE i32_reg high_halves(i32_reg a, i32_reg b) { return (i32_reg)vzip2q_s64((int64x2_t)a, (int64x2_t)b); }

/// Bytes of two rows times a pair of strips. A register of sums has those of two channels in the first row, then in the
/// second. Statements in this order, one instruction each: nothing is left for compilers to spill.
template <bool Signed>
struct dot_pair {
  static constexpr int rows_in_cell = 2, tile_rows = 6;  // 24 registers of sums, 6 of cells, 2 of weights
  static constexpr int depth = 4, strips = 2, parts = 4, scratch = 0;
  static constexpr std::int32_t offset = 0;
  using acc = lanes<i32_reg, 2 * i32_regs>;
  using cell = i32_reg;
  /// Four channels.
  struct part {
    i32_reg first, second;
  };
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    part w;
    __asm__ volatile("ldp %q0, %q1, [%2, %3]" : "=w"(w.first), "=w"(w.second) : "r"(strip), "i"(32 * Part) : "memory");
    return w;
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p, index row_bytes) {
    const auto half = [](const std::byte* q) { return vld1_s8(reinterpret_cast<const std::int8_t*>(q)); };
    return (i32_reg)vcombine_s8(half(p), half(p + row_bytes));
  }
  static PARE_ALWAYS_INLINE void mul_add(i32_reg& sum, i32_reg a, i32_reg w) {
    if constexpr (Signed) {
      __asm__ volatile("smmla %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(a), "w"(w));
    } else {
      __asm__ volatile("usmmla %0.4s, %1.16b, %2.16b" : "+w"(sum) : "w"(a), "w"(w));
    }
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, const part& w) {
    mul_add(sum.r[2 * Part], a, w.first);
    mul_add(sum.r[2 * Part + 1], a, w.second);
  }
  /// Both rows start at x.
  static PARE_ALWAYS_INLINE acc started_at(const i32x16& x) {
    acc sum;
    PARE_UNROLL for (int i = 0; i < i32_regs; ++i) {
      sum.r[2 * i] = low_halves(x.r[i], x.r[i]);
      sum.r[2 * i + 1] = high_halves(x.r[i], x.r[i]);
    }
    return sum;
  }
  /// The sums of row 0 or 1.
  static PARE_ALWAYS_INLINE i32x16 result(const acc& sum, int row) {
    i32x16 y;
    PARE_UNROLL for (int i = 0; i < i32_regs; ++i) y.r[i] =
        row == 0 ? low_halves(sum.r[2 * i], sum.r[2 * i + 1]) : high_halves(sum.r[2 * i], sum.r[2 * i + 1]);
    return y;
  }
};

/// The same, two pairs of strips at a time: 16 bytes of each row are read at once.
template <bool Signed>
struct dot_pairs : dot_pair<Signed> {
  using single = dot_pair<Signed>;
  static constexpr int strips = 4, parts = 8;
  struct cell {
    i32_reg r[2];
  };
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p, index row_bytes) {
    i32_reg first = load_register(p), second = load_register(p + row_bytes), low;
    __asm__ volatile("zip1 %0.2d, %1.2d, %2.2d" : "=w"(low) : "w"(first), "w"(second));
    __asm__ volatile("zip2 %0.2d, %0.2d, %1.2d" : "+w"(first) : "w"(second));
    return {{low, first}};
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(typename single::acc& sum, const cell& a, const typename single::part& w) {
    single::template mul_add<Part % single::parts>(sum, a.r[Part / single::parts], w);
  }
};

template <class A>
using dot_for_pairs = dot_pairs<(A::min < 0)>;

}  // namespace pare::inline PARE_UNIT::neon_i8mm_pairs
#undef PARE_OPAQUE
PARE_TARGET_END
#endif
