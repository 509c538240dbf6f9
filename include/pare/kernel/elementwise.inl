// elementwise.inl: functions of one or two numbers over arrays, 16 lanes at a time; the bodies repeat the scalar ones
// of numeric/elementwise.hpp. Included in every target's namespace, after epilogue.inl.

/// 16 elements from memory as int32 or float lanes.
template <class T>
PARE_ALWAYS_INLINE auto load_numbers(const T* p) {
  if constexpr (std::is_floating_point_v<T>) {
    return load_lanes<f32x16>(p);
  } else if constexpr (sizeof(T) == 4) {
    return load_lanes<i32x16>(p);
  } else {
    i32x16 x;
    for (auto& reg : x.r) {
      load_widened(p, reg);
      p += sizeof reg / 4;
    }
    return x;
  }
}

PARE_ALWAYS_INLINE i32x16 scaled_by(const i32x16& x, const fixed_multiplier& m) {
  const auto left = fill<i32x16>(larger(m.shift, 0)), right = fill<i32x16>(larger(-m.shift, 0));
  return divide_by_power(mul_q31(x << left, fill<i32x16>(m.value)), right);
}

template <bool Subtract>
PARE_ALWAYS_INLINE i32x16 apply(const quantized_sum<Subtract>& f, const i32x16& x, const i32x16& y) {
  const auto left = fill<i32x16>(f.left_shift);
  const i32x16 a = scaled_by((x - fill<i32x16>(f.a_zero_point)) << left, f.a);
  const i32x16 b = scaled_by((y - fill<i32x16>(f.b_zero_point)) << left, f.b);
  return to_codes(scaled_by(Subtract ? a - b : a + b, f.sum), f.output);
}
PARE_ALWAYS_INLINE i32x16 apply(const quantized_product& f, const i32x16& x, const i32x16& y) {
  const i32x16 product = (x - fill<i32x16>(f.a_zero_point)) * (y - fill<i32x16>(f.b_zero_point));
  return to_codes(scaled_by(product, f.product), f.output);
}
template <bool Larger, class X>
PARE_ALWAYS_INLINE X apply(const extremum<Larger>&, const X& x, const X& y) {
  return Larger ? max(x, y) : min(x, y);
}
// The limits come first: a number that is not one stays.
PARE_ALWAYS_INLINE f32x16 apply(const real_sum& f, const f32x16& x, const f32x16& y) {
  return min(fill<f32x16>(f.high), max(fill<f32x16>(f.low), x + fill<f32x16>(f.sign) * y));
}
PARE_ALWAYS_INLINE f32x16 apply(const real_product& f, const f32x16& x, const f32x16& y) {
  return min(fill<f32x16>(f.high), max(fill<f32x16>(f.low), x * y));
}

PARE_ALWAYS_INLINE i32x16 apply(const rescale& f, const i32x16& x, const place&) {
  return to_codes(scaled_by(x - fill<i32x16>(f.zero_point), f.multiplier), f.output);
}
PARE_ALWAYS_INLINE i32x16 apply(const quantized_leaky_relu& f, const i32x16& x, const place&) {
  const i32x16 value = x - fill<i32x16>(f.zero_point), zero = fill<i32x16>(0);
  // The positive and the negative part: one of the two is 0 in every lane, and stays it.
  const i32x16 scaled = scaled_by(max(value, zero), f.positive) + scaled_by(min(value, zero), f.negative);
  return to_codes(scaled, f.output);
}
PARE_ALWAYS_INLINE f32x16 apply(const code_to_real& f, const i32x16& x, const place&) {
  return fill<f32x16>(f.map.scale) * to_float(x - fill<i32x16>(f.map.zero_point));
}

/// The last elements, fewer than 16: copied, so that nothing is read beyond them.
template <class T>
PARE_ALWAYS_INLINE auto load_last(const T* p, index count) {
  alignas(64) T lane[16] = {};
  copy_elements(p, count, lane);
  return load_numbers(lane);
}

/// Where an operand is read: in place, 16 further every time, or a copy of its one number, over and over.
template <class T>
struct operand {
  const T* p;
  index step = strip_lanes;
  alignas(64) T copies[16];
  PARE_ALWAYS_INLINE operand(const T* at, bool repeats) : p(at) {
    if (!repeats) return;
    fill_elements(copies, 16, *at);
    p = copies;
    step = 0;
  }
};

template <class Function, class T, class Out>
void run(const binary_call<Function, T, Out>& call) noexcept {
  if (call.size == 0) return;
  const auto function = call.function;  // a copy: a store of bytes may alias the call
  const operand<T> first(call.a, call.a_repeats), second(call.b, call.b_repeats);
  const T *a = first.p, *b = second.p;
  Out* out = call.out;
  index left = call.size;
  for (; left >= strip_lanes; left -= strip_lanes, a += first.step, b += second.step, out += strip_lanes)
    store_strip(out, apply(function, load_numbers(a), load_numbers(b)));
  if (left != 0) store_some(out, apply(function, load_last(a, left), load_last(b, left)), 0, static_cast<int>(left));
}

template <class Function, class T, class Out>
void run(const unary_call<Function, T, Out>& call) noexcept {
  const auto function = call.function;
  const index full = call.size / strip_lanes * strip_lanes;
  const T* const x = call.x;
  Out* const out = call.out;
  for (index i = 0; i < full; i += strip_lanes)
    store_strip(out + i, apply(function, load_numbers(x + i), place{0, 0, 0, 16}));
  const auto rest = static_cast<int>(call.size - full);
  if (rest != 0) store_some(out + full, apply(function, load_last(x + full, rest), place{0, 0, 0, rest}), 0, rest);
}
