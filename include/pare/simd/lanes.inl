// lanes.inl: the 16-lane values of a target, written once over its registers. Included in each target's namespace,
// after i32_reg, u32_reg, f32_reg, i64_reg (vector types of one register, or plain numbers in scalar) and the
// functions to_int, to_float, widen, narrow, mul_q31 over them.

/// 16 lanes made of N registers.
template <class Reg, int N>
struct lanes {
  Reg r[N];
};
inline constexpr int i32_regs = 64 / static_cast<int>(sizeof(i32_reg));
using i32x16 = lanes<i32_reg, i32_regs>;
using f32x16 = lanes<f32_reg, i32_regs>;
inline constexpr int i64_regs = 128 / static_cast<int>(sizeof(i64_reg));
using i64x16 = lanes<i64_reg, i64_regs>;

/// y.r[i] = f(x.r[i]...) for every register. Single numbers stay in a loop: they are in memory anyway.
template <class F, class Reg, int N, class... More>
PARE_ALWAYS_INLINE auto each(F f, const lanes<Reg, N>& first, const More&... more) {
  using result = lanes<decltype(f(first.r[0], more.r[0]...)), N>;
  if constexpr (N == 1) {
    return result{{f(first.r[0], more.r[0]...)}};
  } else if constexpr (N == 2) {
    return result{{f(first.r[0], more.r[0]...), f(first.r[1], more.r[1]...)}};
  } else if constexpr (N == 4) {
    return result{{f(first.r[0], more.r[0]...), f(first.r[1], more.r[1]...), f(first.r[2], more.r[2]...),
                   f(first.r[3], more.r[3]...)}};
  } else {
    result y;
    for (int i = 0; i < N; ++i) y.r[i] = f(first.r[i], more.r[i]...);
    return y;
  }
}

/// X from memory. Register by register: a copy of the whole struct would go through the stack.
template <class X, class T>
PARE_ALWAYS_INLINE X load_lanes(const T* p) {
  X x;
  const auto* from = reinterpret_cast<const std::byte*>(p);
  for (auto& reg : x.r) {
    std::memcpy(&reg, from, sizeof reg);
    from += sizeof reg;
  }
  return x;
}
template <class Reg, int N, class T>
PARE_ALWAYS_INLINE void store_lanes(T* p, const lanes<Reg, N>& x) {
  static_assert(sizeof x == 16 * sizeof(T));
  auto* to = reinterpret_cast<std::byte*>(p);
  for (const Reg& reg : x.r) {
    std::memcpy(to, &reg, sizeof reg);
    to += sizeof reg;
  }
}
PARE_ALWAYS_INLINE void fetch(const void* p, const fetch_ahead& ahead) {
  __builtin_prefetch(
      reinterpret_cast<const void*>((reinterpret_cast<std::uintptr_t>(p) + ahead.distance) & ahead.mask));
}
/// Past the caches, where the target can. Pre: p is aligned to a register.
PARE_ALWAYS_INLINE void stream_lanes(float* p, const f32x16& x) {
  for (const f32_reg& reg : x.r) {
    stream_register(p, reg);
    p += sizeof reg / sizeof(float);
  }
}
template <class X, class T>
PARE_ALWAYS_INLINE X fill(T value) {
  X x;
  PARE_UNROLL for (auto& reg : x.r) reg = value - std::remove_reference_t<decltype(reg)>{};
  return x;
}

/// Hides that x equals another value: gcc 12 otherwise shares registers between rows that start alike, and copies.
template <class Reg, int N>
PARE_ALWAYS_INLINE void keep_apart(lanes<Reg, N>& x) {
  PARE_UNROLL for (int i = 0; i < N; ++i) PARE_OPAQUE(x.r[i]);
}

// Sums and products of integers wrap: correction terms may leave the range on the way to a result that fits.
PARE_ALWAYS_INLINE i32x16 operator+(const i32x16& a, const i32x16& b) {
  return each([&](i32_reg x, i32_reg y) { return (i32_reg)((u32_reg)x + (u32_reg)y); }, a, b);
}
PARE_ALWAYS_INLINE i32x16 operator-(const i32x16& a, const i32x16& b) {
  return each([&](i32_reg x, i32_reg y) { return (i32_reg)((u32_reg)x - (u32_reg)y); }, a, b);
}
PARE_ALWAYS_INLINE i32x16 operator*(const i32x16& a, const i32x16& b) {
  return each([&](i32_reg x, i32_reg y) { return (i32_reg)((u32_reg)x * (u32_reg)y); }, a, b);
}
PARE_ALWAYS_INLINE i32x16 operator<<(const i32x16& a, const i32x16& b) {
  return each([&](i32_reg x, i32_reg y) { return (i32_reg)((u32_reg)x << (u32_reg)y); }, a, b);
}
PARE_ALWAYS_INLINE i32x16 operator>>(const i32x16& a, const i32x16& b) {
  return each([&](i32_reg x, i32_reg y) { return x >> y; }, a, b);
}
PARE_ALWAYS_INLINE i32x16 operator&(const i32x16& a, const i32x16& b) {
  return each([&](i32_reg x, i32_reg y) { return x & y; }, a, b);
}
PARE_ALWAYS_INLINE i64x16 operator+(const i64x16& a, const i64x16& b) {
  return each([&](i64_reg x, i64_reg y) { return (i64_reg)((u64_reg)x + (u64_reg)y); }, a, b);
}
PARE_ALWAYS_INLINE i64x16 operator*(const i64x16& a, const i64x16& b) {
  return each([&](i64_reg x, i64_reg y) { return (i64_reg)((u64_reg)x * (u64_reg)y); }, a, b);
}
PARE_ALWAYS_INLINE i64x16 operator<<(const i64x16& a, const i64x16& b) {
  return each([&](i64_reg x, i64_reg y) { return (i64_reg)((u64_reg)x << (u64_reg)y); }, a, b);
}
PARE_ALWAYS_INLINE i64x16 operator>>(const i64x16& a, const i64x16& b) {
  return each([&](i64_reg x, i64_reg y) { return x >> y; }, a, b);
}
// A product that the compiler may not contract with a following sum: results are the same bits with and without FMA.
PARE_ALWAYS_INLINE f32x16 operator*(const f32x16& a, const f32x16& b) {
  return each(
      [&](f32_reg x, f32_reg y) {
        f32_reg product = x * y;
        PARE_OPAQUE(product);
        return product;
      },
      a, b);
}
PARE_ALWAYS_INLINE f32x16 operator+(const f32x16& a, const f32x16& b) {
  return each([&](f32_reg x, f32_reg y) { return x + y; }, a, b);
}
PARE_ALWAYS_INLINE f32x16 operator-(const f32x16& a, const f32x16& b) {
  return each([&](f32_reg x, f32_reg y) { return x - y; }, a, b);
}
PARE_ALWAYS_INLINE f32x16 operator/(const f32x16& a, const f32x16& b) {
  return each([&](f32_reg x, f32_reg y) { return x / y; }, a, b);
}

/// The larger of two; the second if the first is not a number.
template <class Reg, int N>
PARE_ALWAYS_INLINE lanes<Reg, N> max(const lanes<Reg, N>& a, const lanes<Reg, N>& b) {
  return each([&](Reg x, Reg y) -> Reg { return x > y ? x : y; }, a, b);
}
/// The smaller of two; the second if the first is not a number.
template <class Reg, int N>
PARE_ALWAYS_INLINE lanes<Reg, N> min(const lanes<Reg, N>& a, const lanes<Reg, N>& b) {
  return each([&](Reg x, Reg y) -> Reg { return x < y ? x : y; }, a, b);
}
/// 1 where a > b, 0 elsewhere.
PARE_ALWAYS_INLINE i32_reg greater(i32_reg a, i32_reg b) { return a > b ? (a & 0) + 1 : (a & 0); }
PARE_ALWAYS_INLINE i32x16 greater(const i32x16& a, const i32x16& b) {
  return each([&](i32_reg x, i32_reg y) { return greater(x, y); }, a, b);
}
/// 0 where x is not a number, x elsewhere.
PARE_ALWAYS_INLINE f32x16 number_or_zero(const f32x16& x) {
  return each([&](f32_reg v) -> f32_reg { return v == v ? v : f32_reg{}; }, x);
}
PARE_ALWAYS_INLINE f32x16 to_float(const i32x16& x) {
  return each([&](i32_reg v) { return to_float(v); }, x);
}
/// Nearest integer, ties to even. Pre: the result fits int32.
PARE_ALWAYS_INLINE i32x16 to_int(const f32x16& x) {
  return each([&](f32_reg v) { return to_int(v); }, x);
}
/// (int64(a) * b + 2^30) >> 31. Pre: not both INT32_MIN.
PARE_ALWAYS_INLINE i32x16 mul_q31(const i32x16& a, const i32x16& b) {
  return each([&](i32_reg x, i32_reg y) { return mul_q31(x, y); }, a, b);
}
PARE_ALWAYS_INLINE f32x16 to_float(const i64x16& x) {
  f32x16 y;
  PARE_UNROLL for (int i = 0; i < i32_regs; ++i) y.r[i] = to_float(&x.r[i * (i64_regs / i32_regs)]);
  return y;
}
PARE_ALWAYS_INLINE i64x16 widen(const i32x16& x) {
  i64x16 y;
  PARE_UNROLL for (int i = 0; i < i32_regs; ++i) widen(x.r[i], &y.r[i * (i64_regs / i32_regs)]);
  return y;
}
PARE_ALWAYS_INLINE const i64x16& widen(const i64x16& x) { return x; }
/// The low 32 bits of every lane.
PARE_ALWAYS_INLINE i32x16 narrow(const i64x16& x) {
  i32x16 y;
  PARE_UNROLL for (int i = 0; i < i32_regs; ++i) y.r[i] = narrow(&x.r[i * (i64_regs / i32_regs)]);
  return y;
}
