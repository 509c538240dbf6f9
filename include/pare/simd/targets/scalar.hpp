// scalar.hpp: the target without instructions of its own: one number per register, loops that a compiler may vectorise.
#pragma once

#include <array>
#include <cstring>

#include "../../core/bits.hpp"
#include "../../core/cell.hpp"
#include "../../core/standard.hpp"
#include "../../numeric/half.hpp"
#include "../target.hpp"

// Registers of any kind would do, but only WebAssembly has a letter for them; there clang 14, which makes vectors of
// these loops, reads a number that an asm left in memory after its place has been used again.
#if defined(__wasm__)
#define PARE_OPAQUE(x) __asm__("" : "+r"(x))
#else
#define PARE_OPAQUE(x) __asm__("" : "+m"(x))
#endif

namespace pare::inline PARE_UNIT::scalar {

inline constexpr bool cells_first = false;
inline constexpr int registers = 33;  // a row of 16 sums, a strip and a cell: compilers take long for more
inline constexpr bool fuses = false;
using i32_reg = std::int32_t;
using u32_reg = std::uint32_t;
using f32_reg = float;
using i64_reg = std::int64_t;
using u64_reg = std::uint64_t;

inline i32_reg to_int(f32_reg x) { return static_cast<std::int32_t>(real::nearest_even(x)); }
inline f32_reg load_upper_halves(const std::byte* p) {
  std::uint16_t half;
  std::memcpy(&half, p, sizeof half);
  return pare::bit_cast<float>(std::uint32_t{half} << 16);
}
inline f32_reg to_float(i32_reg x) { return static_cast<float>(x); }
inline f32_reg to_float(const i64_reg* x) { return static_cast<float>(static_cast<double>(*x)); }
inline i32_reg truncated(f32_reg x) { return static_cast<std::int32_t>(x); }
inline f32_reg with_sign_of(float c, f32_reg x) { return real::copysign(c, x); }
template <class T>
inline void widen_codes(const T* p, i32_reg& x) {
  x = *p;
}
inline void stream_16_bytes(std::byte* p, const std::byte* from) { std::memcpy(p, from, 16); }
inline void stream_register(float* p, f32_reg x) { *p = x; }
inline void widen(i32_reg x, i64_reg* y) { *y = x; }
inline i32_reg narrow(const i64_reg* x) { return static_cast<std::int32_t>(*x); }
using q31_factor = i32_reg;
inline i32_reg mul_q31(i32_reg a, i32_reg b) {
  return static_cast<std::int32_t>((std::int64_t{a} * b + (std::int64_t{1} << 30)) >> 31);
}

template <class T>
inline void load_widened(const T* p, i32_reg& x) {
  x = *p;
}

#include "../lanes.inl"

/// Low bytes or halves of 16 lanes to memory. Pre: every lane is in T's range.
template <class T>
inline void store_codes(T* p, const i32x16& x) {
  for (int i = 0; i < 16; ++i) p[i] = static_cast<T>(x.r[i]);
}

template <class T>
inline T copy(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

/// sum + the products of the low and of the high halves.
inline i32_reg madd_add(i32_reg sum, i32_reg a, i32_reg w) {
  return sum + static_cast<std::int16_t>(a) * static_cast<std::int16_t>(w) + (a >> 16) * (w >> 16);
}
inline f32_reg fma_add(f32_reg sum, f32_reg a, f32_reg w) { return sum + a * w; }

inline constexpr int register_bytes = 4;
inline i32_reg load_register(const std::byte* p) { return copy<i32_reg>(p); }

/// Activations that differ from lane to lane: a lane of four bytes per part.
template <class A, class W>
struct dot_by_vector {
  static constexpr int parts = i32_regs;
  static constexpr std::int32_t offset = 0;
  using acc = i32x16;
  using cell = i32_reg;
  template <int Part>
  static i32_reg load(const std::byte* strip) {
    return load_register(strip + Part * register_bytes);
  }
  static i32_reg as_cell(i32_reg x) { return x; }
  template <int Part>
  static void mul_add(acc& sum, i32_reg a, i32_reg w) {
    for (int byte = 0; byte < 4; ++byte)
      sum.r[Part] += static_cast<typename A::type>(a >> 8 * byte) * static_cast<typename W::type>(w >> 8 * byte);
  }
  static const acc& result(const acc& sum) { return sum; }
};
/// Likewise four halves by four bytes, in two parts.
struct dot_widened {
  static constexpr int parts = 2 * i32_regs;
  static constexpr std::int32_t offset = 0;
  using acc = lanes<i32_reg, 2 * i32_regs>;
  using cell = i32_reg;
  template <int Part>
  static i32_reg load(const std::byte* strip) {
    const auto two = copy<std::array<std::int8_t, 2>>(strip + Part * (register_bytes / 2));
    return static_cast<i32_reg>(static_cast<u32_reg>(two[1]) << 16 | static_cast<std::uint16_t>(two[0]));
  }
  static i32_reg as_cell(i32_reg x) { return x; }
  template <int Part>
  static void mul_add(acc& sum, i32_reg a, i32_reg w) {
    sum.r[Part] = madd_add(sum.r[Part], a, w);
  }
  static i32x16 result(const acc& sum) {
    i32x16 y;
    for (int i = 0; i < 16; ++i) y.r[i] = sum.r[2 * i] + sum.r[2 * i + 1];
    return y;
  }
};
/// Likewise a float.
struct dot_floats {
  static constexpr int parts = i32_regs;
  static constexpr std::int32_t offset = 0;
  using acc = f32x16;
  using cell = i32_reg;
  template <int Part>
  static i32_reg load(const std::byte* strip) {
    return load_register(strip + Part * register_bytes);
  }
  static i32_reg as_cell(i32_reg x) { return x; }
  template <int Part>
  static void mul_add(acc& sum, i32_reg a, i32_reg w) {
    sum.r[Part] = fma_add(sum.r[Part], pare::bit_cast<float>(a), pare::bit_cast<float>(w));
  }
  static const acc& result(const acc& sum) { return sum; }
};

/// Any two number formats: Depth products per lane and strip, summed in Acc.
template <class A, class W, class Acc, int Depth>
struct dot_plain {
  static constexpr int depth = Depth, strips = 1, parts = 1, scratch = 0;
  static constexpr std::int32_t offset = 0;
  using acc = lanes<Acc, 16>;
  struct cell {
    A k[Depth];
  };
  struct part {
    W lane[16][Depth];
  };
  template <int>
  static part load(const std::byte* strip) {
    return copy<part>(strip);
  }
  static cell broadcast(const std::byte* p) { return copy<cell>(p); }
  template <int>
  static void mul_add(acc& sum, const cell& a, const part& w) {
    for (int i = 0; i < 16; ++i)
      for (int j = 0; j < Depth; ++j) sum.r[i] += static_cast<Acc>(a.k[j]) * static_cast<Acc>(w.lane[i][j]);
  }
  static const acc& result(const acc& sum) { return sum; }
};

/// Signed bytes x 4 bits plus 8 (see dots.inl).
struct dot_nibbles : dot_plain<std::int8_t, std::uint8_t, std::int32_t, 4> {
  static constexpr int depth = 8;
  struct cell {
    std::int8_t k[8];
  };
  static cell broadcast(const std::byte* p) { return copy<cell>(p); }
  template <int>
  static void mul_add(acc& sum, const cell& a, const part& w) {
    for (int i = 0; i < 16; ++i)
      for (int j = 0; j < 4; ++j) sum.r[i] += a.k[j] * (w.lane[i][j] & 15) + a.k[j + 4] * (w.lane[i][j] >> 4);
  }
};

/// The same with its sides exchanged: strips hold activations, cells are weights.
template <class Dot>
struct exchange_sides;
template <class A, class W, class Acc, int Depth>
struct exchange_sides<dot_plain<A, W, Acc, Depth>> {
  using type = dot_plain<W, A, Acc, Depth>;
};
template <class Dot>
using exchanged = typename exchange_sides<Dot>::type;

/// Four weights per lane, each with its place in a window of Depth bytes of activations, counted as windows.inl does
/// and as wide as the weight, in as many strips as they take (see pack_windows.hpp).
template <class A, class W, class Acc, int Depth, bool Shared>
struct dot_picked : dot_plain<A, W, Acc, 4> {
  static constexpr int window = Depth, elements = Depth / static_cast<int>(sizeof(A));
  using typename dot_plain<A, W, Acc, 4>::acc;
  struct cell {
    A k[elements];
  };
  struct part {
    W lane[16][4];
    W place[16][4];
  };
  static W at(const std::byte* strip, int lane, int j) {
    constexpr int in_strip = 4 / static_cast<int>(sizeof(W));
    return copy<W>(strip + j / in_strip * strip_bytes + lane * cell_bytes + j % in_strip * index{sizeof(W)});
  }
  template <class Place>
  static part load_with(const std::byte* strip, Place place) {
    part x;
    for (int i = 0; i < 16; ++i)
      for (int j = 0; j < 4; ++j) x.lane[i][j] = at(strip, i, j), x.place[i][j] = place(i, j);
    return x;
  }
  template <int>
  static part load(const std::byte* strip) requires(!Shared) {
    return load_with(strip, [=](int i, int j) { return at(strip + strip_bytes * index{sizeof(W)}, i, j); });
  }
  template <int>
  static part load(const std::byte* strip, const std::byte* places) requires Shared {
    return load_with(strip, [=](int, int j) { return copy<W>(places + j * index{sizeof(W)}); });
  }
  static cell broadcast(const std::byte* p) { return copy<cell>(p); }
  template <int>
  static void mul_add(acc& sum, const cell& a, const part& w) {
    for (int i = 0; i < 16; ++i)
      for (int j = 0; j < 4; ++j)
        sum.r[i] += static_cast<Acc>(a.k[w.place[i][j] % elements]) * static_cast<Acc>(w.lane[i][j]);
  }
};
template <class A, class W, int Depth, bool Shared, bool Split>
using dot_for_windows = dot_picked<typename A::type, typename W::type,
                                   std::conditional_t<Split, std::int64_t, std::int32_t>, Depth, Shared>;

template <class A, class W>
using dot_for_bytes = dot_plain<typename A::type, typename W::type, std::int32_t, 4>;
template <class W, bool Split>
using dot_for_halves = dot_plain<std::int16_t, typename W::type, std::conditional_t<Split, std::int64_t, std::int32_t>,
                                 cell_depth<typename W::type>>;
using dot_for_floats = dot_plain<float, float, float, 1>;

/// float x half, as dots.inl has it.
using dot_stored_halves = dot_plain<float, half, float, 1>;

}  // namespace pare::inline PARE_UNIT::scalar
#undef PARE_OPAQUE
