// registers.inl: the vector types of one register of `register_bytes` bytes, and the conversions between them that a
// compiler knows by itself. Included in a vector target's namespace before anything else.

typedef std::int32_t i32_reg __attribute__((vector_size(register_bytes)));
typedef std::uint32_t u32_reg __attribute__((vector_size(register_bytes)));
typedef float f32_reg __attribute__((vector_size(register_bytes)));
typedef std::int64_t i64_reg __attribute__((vector_size(register_bytes)));
typedef std::uint64_t u64_reg __attribute__((vector_size(register_bytes)));
typedef double f64_reg __attribute__((vector_size(register_bytes)));
typedef std::int16_t i16_reg __attribute__((vector_size(register_bytes)));
typedef std::uint16_t u16_half __attribute__((vector_size(register_bytes / 2)));
typedef std::int32_t i32_half __attribute__((vector_size(register_bytes / 2)));
typedef float f32_half __attribute__((vector_size(register_bytes / 2)));

template <class Half, class Reg, int First, int... I>
PARE_ALWAYS_INLINE void split(const Reg& x, Half& half, std::integer_sequence<int, I...>) {
  half = __builtin_shufflevector(x, x, (First + I)...);
}
template <class Reg, class Half, int... I>
PARE_ALWAYS_INLINE void join(const Half& low, const Half& high, Reg& x, std::integer_sequence<int, I...>) {
  x = __builtin_shufflevector(low, high, I...);
}
inline constexpr int half_lanes = register_bytes / 8;
using half_sequence = std::make_integer_sequence<int, half_lanes>;
using full_sequence = std::make_integer_sequence<int, 2 * half_lanes>;

PARE_ALWAYS_INLINE i32_reg load_register(const std::byte* p) {
  i32_reg x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
/// Halves of floats as floats.
PARE_ALWAYS_INLINE f32_reg load_upper_halves(const std::byte* p) {
  u16_half x;
  std::memcpy(&x, p, sizeof x);
  return (f32_reg)(__builtin_convertvector(x, u32_reg) << 16);
}
PARE_ALWAYS_INLINE f32_reg to_float(i32_reg x) { return __builtin_convertvector(x, f32_reg); }
PARE_ALWAYS_INLINE i32_reg truncated(f32_reg x) { return __builtin_convertvector(x, i32_reg); }
/// The positive number c with the signs of x.
PARE_ALWAYS_INLINE f32_reg with_sign_of(float c, f32_reg x) {
  const auto sign = (i32_reg)x & std::numeric_limits<std::int32_t>::min();
  return (f32_reg)(sign | pare::bit_cast<std::int32_t>(c));
}
/// One register of int32 to two of int64.
PARE_ALWAYS_INLINE void widen(i32_reg x, i64_reg* y) {
  i32_half low, high;
  split<i32_half, i32_reg, 0>(x, low, half_sequence{});
  split<i32_half, i32_reg, half_lanes>(x, high, half_sequence{});
  y[0] = __builtin_convertvector(low, i64_reg);
  y[1] = __builtin_convertvector(high, i64_reg);
}
/// The low words of two registers of int64.
PARE_ALWAYS_INLINE i32_reg narrow(const i64_reg* x) {
  i32_reg y;
  join(__builtin_convertvector(x[0], i32_half), __builtin_convertvector(x[1], i32_half), y, full_sequence{});
  return y;
}
/// Two registers of int64 to float, by way of double, which holds every sum of 16-bit products exactly.
PARE_ALWAYS_INLINE f32_reg to_float(const i64_reg* x) {
  f32_reg y;
  join(__builtin_convertvector(__builtin_convertvector(x[0], f64_reg), f32_half),
       __builtin_convertvector(__builtin_convertvector(x[1], f64_reg), f32_half), y, full_sequence{});
  return y;
}
/// As many 8- or 16-bit integers from memory as a register has int32 lanes.
template <class T>
PARE_ALWAYS_INLINE void load_widened(const T* p, i32_reg& x) {
  typedef T codes __attribute__((vector_size(register_bytes / 4 * sizeof(T))));
  codes y;
  std::memcpy(&y, p, sizeof y);
  x = __builtin_convertvector(y, i32_reg);
}
