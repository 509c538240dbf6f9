// neon_dotprod.hpp: Armv8.2-A with sdot: four cells of a row are read at once and multiplied by lane.
#pragma once

#include <cstring>

#include "../../core/cell.hpp"
#include "../features.hpp"

#if PARE_ARM && (PARE_TARGETS & PARE_TARGET_BIT_NEON_DOTPROD)
PARE_TARGET_BEGIN(PARE_FEATURES_neon_dotprod)
#define PARE_OPAQUE(x) __asm__("" : "+w"(x))
namespace pare::inline PARE_UNIT::neon_dotprod {

#include "../neon_registers.inl"

/// Lane `Lane` of a (a cell) times every cell of w. One sdot; a plain statement because clang 14 hides the intrinsic
/// from units that are not compiled for dotprod.
template <int Lane>
PARE_ALWAYS_INLINE i32_reg sdot_lane(i32_reg sum, i32_reg w, i32_reg a) {
  __asm__("sdot %0.4s, %1.16b, %2.4b[%3]" : "+w"(sum) : "w"(w), "w"(a), "i"(Lane));
  return sum;
}

/// Both sides 8 bits, one cell at a time. Unsigned activations enter as x - 128.
template <bool Signed>
struct dot_cell : plain_dot<4> {
  static constexpr std::int32_t offset = Signed ? 0 : -128;
  static constexpr int scratch = 1;
  using acc = single_sums;
  static PARE_ALWAYS_INLINE i32_reg as_cell(i32_reg a) {
    return Signed ? a : (i32_reg)veorq_s8((int8x16_t)a, vdupq_n_s8(-128));
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return as_cell(broadcast_4(p)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    // Lane by lane: a cell is the same in all of them, but activations in strips or windows are not.
    __asm__("sdot %0.4s, %1.16b, %2.16b" : "+w"(sum.r[Part]) : "w"(w), "w"(a));
  }
  /// The same with one of four cells.
  template <int Part, int Lane>
  static PARE_ALWAYS_INLINE void mul_add_lane(acc& sum, i32_reg four, part w) {
    sum.r[Part] = sdot_lane<Lane>(sum.r[Part], w, four);
  }
  static PARE_ALWAYS_INLINE const acc& result(const acc& sum) { return sum; }
};

/// Signed bytes for cores that run instructions in their order and load 64 bits at a time, like Cortex-A55: see
/// kernel/ahead.inl. Two cells of a row are read at once.
struct dot_ahead : dot_cell<true> {
  static constexpr int strips = 2, parts = 2 * i32_regs;
  static constexpr int tile_rows = 5;  // 20 registers of sums, 5 of cells, 4 of weights
  using single = dot_cell<true>;
  struct coming {
    i32_reg w;
    std::uint64_t high;
  };
  static PARE_ALWAYS_INLINE void load_cell(cell& x, const std::byte* row, index at) {
    __asm__ volatile("ldr %d0, [%1, %2]" : "+w"(x) : "r"(row), "r"(at) : "memory");
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void load_high(coming& to, const std::byte* strip) {
    __asm__ volatile("ldr %0, [%1, %2]" : "=r"(to.high) : "r"(strip), "i"(Part * register_bytes + 8) : "memory");
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void load_low(coming& to, const std::byte* strip) {
    __asm__ volatile("ldr %d0, [%1, %2]" : "+w"(to.w) : "r"(strip), "i"(Part * register_bytes) : "memory");
  }
  /// at += By
  template <int By, class T>
  static PARE_ALWAYS_INLINE void move(T& at) {
    __asm__ volatile("add %0, %0, %1" : "+r"(at) : "i"(By));
  }
  static PARE_ALWAYS_INLINE void join(coming& to) { __asm__ volatile("ins %0.d[1], %1" : "+w"(to.w) : "r"(to.high)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    __asm__ volatile("sdot %0.4s, %1.16b, %2.4b[%3]"
                     : "+w"(sum.r[Part % i32_regs])
                     : "w"(w), "w"(a), "i"(Part / i32_regs));
  }
};

/// The same, four cells at a time.
template <bool Signed>
struct dot_by_lane : dot_cell<Signed> {
  static constexpr int strips = 4, parts = 4 * i32_regs;
  using single = dot_cell<Signed>;
  using in_order = dot_ahead;
  static PARE_ALWAYS_INLINE i32_reg broadcast(const std::byte* p) { return single::as_cell(load_register(p)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(single_sums& sum, i32_reg a, i32_reg w) {
    sum.r[Part % i32_regs] = sdot_lane<Part / i32_regs>(sum.r[Part % i32_regs], w, a);
  }
};

/// Signed bytes x 4 bits: both cells of a row in one register.
struct dot_nibbles : nibble_strip {
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return broadcast_8(p); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, const part& w) {
    sum.r[Part] = sdot_lane<1>(sdot_lane<0>(sum.r[Part], w.low, a), w.high, a);
  }
};

template <class A, class W>
using dot_for_bytes = dot_by_lane<(A::min < 0)>;

template <class A, class W>
using dot_by_vector = dot_cell<(A::min < 0)>;
#include "../neon_tables.inl"
#include "../windows.inl"

#include "../neon_windows.inl"

/// Four windows of Depth bytes at a time, whose places are the same in all lanes: a row's 16 bytes are picked by tbl
/// over two or four registers, and multiplied by lane.
template <bool Signed, int Depth>
struct dot_picked_by_lane : dot_by_lane<Signed> {
  using single = dot_picked<picked_bytes<dot_cell<Signed>>, Depth>;
  static constexpr int lines = Depth < 16 ? 1 : Depth / 16;  ///< of at most 64 bytes
  static constexpr int scratch = lines == 1 ? 1 : 6;         ///< while cells are picked: a line and its places
  struct picker {
    uint8x16_t places[lines];  ///< those of cells of other lines pick nothing
    explicit PARE_ALWAYS_INLINE picker(const std::byte* from) {
      const i32_reg all = load_register(from) & (Depth == 8 ? 0x1f1f1f1f : -1);
      PARE_UNROLL for (int line = 0; line < lines; ++line) {
        const auto beyond = [&](int cell) { return cell * lines / 4 == line ? 0 : -1; };
        places[line] = (uint8x16_t)(all | i32_reg{beyond(0), beyond(1), beyond(2), beyond(3)});
      }
    }
    PARE_ALWAYS_INLINE i32_reg broadcast(const std::byte* p) const {
      const auto* const row = reinterpret_cast<const std::uint8_t*>(p);
      uint8x16_t picked;
      if constexpr (Depth == 8) {
        picked = vqtbl2q_u8(vld1q_u8_x2(row), places[0]);
      } else {
        picked = vqtbl4q_u8(vld1q_u8_x4(row), places[0]);
        PARE_UNROLL for (int line = 1; line < lines; ++line) picked =
            vqtbx4q_u8(picked, vld1q_u8_x4(row + line * 64), places[line]);
      }
      const i32_reg cell = dot_cell<Signed>::as_cell((i32_reg)picked);
      __asm__ volatile("" ::"w"(cell) : "memory");  // or clang reads all rows before it picks, and spills
      return cell;
    }
  };
};
template <class A, class W, int Depth>
requires(sizeof(typename A::type) == 1) struct choose_windows<A, W, Depth, true, false> {
  using type = dot_picked_by_lane<(A::min < 0), Depth>;
};

}  // namespace pare::inline PARE_UNIT::neon_dotprod
#undef PARE_OPAQUE
PARE_TARGET_END

// The order of Cortex-A55: only calls of in_order_call have kernels of their own.
namespace pare::inline PARE_UNIT::neon_a55 {
using namespace neon_dotprod;
}
#endif
