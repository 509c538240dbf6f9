// epilogue.inl: the bodies of the stages, each written once over 16 lanes. Included in every target's namespace.

/// Where 16 lanes lie: lanes [first, last) of columns [column, column + 16) of this row are part of the output.
struct place {
  index row, column;
  int first, last;
};
/// The same with rows in lanes: lanes [0, last) of rows [row, row + 16) of this column are part of the output.
struct upright_place {
  index row, column;
  int last;
};

/// The terms of the output channels that 16 lanes belong to: one each, or the same for all.
template <class X, class T>
PARE_ALWAYS_INLINE X channel_terms(const T* terms, const place& at) {
  return load_lanes<X>(terms + at.column);
}
template <class X, class T>
PARE_ALWAYS_INLINE X channel_terms(const T* terms, const upright_place& at) {
  return fill<X>(terms[at.column]);
}

/// 16 elements of T as int32 or float lanes; elements outside [first, last) are not read and count as 0.
template <class T>
PARE_ALWAYS_INLINE auto load_elements(const T* p, const place& at) {
  using number = std::conditional_t<std::is_floating_point_v<T>, float, std::int32_t>;
  using value = std::conditional_t<std::is_floating_point_v<T>, f32x16, i32x16>;
  if (at.first == 0 && at.last == 16) {
    if constexpr (sizeof(T) == 4) return load_lanes<value>(p);
  }
  alignas(64) number lane[16] = {};
  for (int i = at.first; i < at.last; ++i) lane[i] = p[i];
  return load_lanes<value>(lane);
}
/// The elements of a matrix that belong to 16 lanes, likewise.
template <class T>
PARE_ALWAYS_INLINE auto load_operand(const matrix_view<const T>& from, const place& at) {
  return load_elements(from.row(at.row) + at.column, at);
}
template <class T>
PARE_ALWAYS_INLINE auto load_operand(const matrix_view<const T>& from, const upright_place& at) {
  alignas(64) std::conditional_t<std::is_floating_point_v<T>, float, std::int32_t> lane[16] = {};
  for (int i = 0; i < at.last; ++i) lane[i] = from(at.row + i, at.column);
  return load_lanes<std::conditional_t<std::is_floating_point_v<T>, f32x16, i32x16>>(lane);
}

template <class X, class Place>
PARE_ALWAYS_INLINE const X& apply(const identity_stage&, const X& x, const Place&) {
  return x;
}

template <class First, class Second, class X, class Place>
PARE_ALWAYS_INLINE auto apply(const chain<First, Second>& stages, const X& x, const Place& at) {
  return apply(stages.second, apply(stages.first, x, at), at);
}

template <class Place>
PARE_ALWAYS_INLINE i32x16 apply(const bias_stage<std::int32_t>& s, const i32x16& x, const Place& at) {
  return x + channel_terms<i32x16>(s.values, at);
}
template <class Place>
PARE_ALWAYS_INLINE i64x16 apply(const bias_stage<std::int32_t>& s, const i64x16& x, const Place& at) {
  return x + widen(channel_terms<i32x16>(s.values, at));
}
template <class Place>
PARE_ALWAYS_INLINE i64x16 apply(const bias_stage<std::int64_t>& s, const i64x16& x, const Place& at) {
  return x + channel_terms<i64x16>(s.values, at);
}
template <class Place>
PARE_ALWAYS_INLINE f32x16 apply(const bias_stage<float>& s, const f32x16& x, const Place& at) {
  return x + channel_terms<f32x16>(s.values, at);
}

PARE_ALWAYS_INLINE i32x16 to_codes(const i32x16& x, const output_map& o) {
  const auto low = fill<i32x16>(o.min - o.zero_point), high = fill<i32x16>(o.max - o.zero_point);
  return min(max(x, low), high) + fill<i32x16>(o.zero_point);
}
/// Clamps first, so that the conversion cannot leave int32.
PARE_ALWAYS_INLINE i32x16 to_codes(const f32x16& x, const output_map& o) {
  const auto low = fill<f32x16>(static_cast<float>(o.min - o.zero_point));
  const auto high = fill<f32x16>(static_cast<float>(o.max - o.zero_point));
  return to_int(min(max(x, low), high)) + fill<i32x16>(o.zero_point);
}
PARE_ALWAYS_INLINE i32x16 to_codes(const i64x16& x, const output_map& o) {
  const auto low = fill<i64x16>(std::int64_t{o.min} - o.zero_point);
  const auto high = fill<i64x16>(std::int64_t{o.max} - o.zero_point);
  return narrow(min(max(x, low), high)) + fill<i32x16>(o.zero_point);
}

/// Whether what a stage makes of an int32 always fits int32.
template <class Stage>
PARE_ALWAYS_INLINE bool stays_small(const Stage&) {
  return false;
}
PARE_ALWAYS_INLINE bool stays_small(const requantize_stage<float_nearest_even>& s) { return s.below_one; }

/// What a stage made, as whole steps from the zero point for codes of one byte, which are clamped when they are packed:
/// what is too large for int32 becomes a large number, what is too small the least one. Small: nothing is too large.
template <bool Small, class Stage, int N>
PARE_ALWAYS_INLINE void to_steps(const Stage&, const i32x16 (&x)[N], i32x16 (&steps)[N]) {
  PARE_UNROLL for (int i = 0; i < N; ++i) steps[i] = x[i];
}
template <bool Small, class Stage, int N>
PARE_ALWAYS_INLINE void to_steps(const Stage&, const i64x16 (&x)[N], i32x16 (&steps)[N]) {
  const auto least = fill<i64x16>(std::int64_t{INT32_MIN}), most = fill<i64x16>(std::int64_t{INT32_MAX});
  PARE_UNROLL for (int i = 0; i < N; ++i) steps[i] = narrow(min(max(x[i], least), most));
}
/// Floats that are not negative are ordered as their bits. Pre: no NaN.
template <bool Small, class Stage, int N>
PARE_ALWAYS_INLINE void to_steps(const Stage& stage, f32x16 (&x)[N], i32x16 (&steps)[N]) {
  if constexpr (!Small) {
    const auto most = fill<i32x16>(pare::bit_cast<std::int32_t>(32767.f));
    if (!stays_small(stage))
      PARE_UNROLL for (int i = 0; i < N; ++i) x[i] = pare::bit_cast<f32x16>(min(pare::bit_cast<i32x16>(x[i]), most));
  }
  PARE_UNROLL for (int i = 0; i < N; ++i) steps[i] = to_int(x[i]);
}

#include "scaled.inl"

template <class Policy, class Place>
PARE_ALWAYS_INLINE auto prepared_terms(const requantize_stage<Policy>& s, const Place& at) {
  i32x16 terms[Policy::terms];
  PARE_UNROLL for (std::size_t t = 0; t < Policy::terms; ++t) terms[t] = channel_terms<i32x16>(s.terms[t], at);
  return prepared(Policy{}, terms);
}

/// What a stage makes codes of.
template <class Policy, class X, class Place>
PARE_ALWAYS_INLINE auto unclamped(const requantize_stage<Policy>& s, const X& x, const Place& at) {
  return scaled(x, prepared_terms(s, at));
}
template <class Place>
PARE_ALWAYS_INLINE f32x16 unclamped(const quantize_stage& s, const f32x16& x, const Place&) {
  return number_or_zero(x) / fill<f32x16>(s.scale);
}

template <class Policy, class X, class Place>
PARE_ALWAYS_INLINE i32x16 apply(const requantize_stage<Policy>& s, const X& x, const Place& at) {
  return to_codes(unclamped(s, x, at), s.output);
}

template <class X, class Place>
PARE_ALWAYS_INLINE f32x16 apply(const dequantize_stage& s, const X& x, const Place& at) {
  return to_float(x) * channel_terms<f32x16>(s.scales, at);
}
template <class Place>
PARE_ALWAYS_INLINE i32x16 apply(const quantize_stage& s, const f32x16& x, const Place& at) {
  return to_codes(unclamped(s, x, at), s.output);
}

template <class X, class Place>
PARE_ALWAYS_INLINE X apply(const relu_stage&, const X& x, const Place&) {
  return max(x, X{});
}
template <class Place>
PARE_ALWAYS_INLINE f32x16 apply(const relu6_stage&, const f32x16& x, const Place&) {
  return min(max(x, f32x16{}), fill<f32x16>(6.f));
}
template <class Place>
PARE_ALWAYS_INLINE i32x16 apply(const clamp_stage& s, const i32x16& x, const Place&) {
  return min(max(x, fill<i32x16>(s.low)), fill<i32x16>(s.high));
}

template <class T, class Place>
PARE_ALWAYS_INLINE f32x16 apply(const add_stage<T>& s, const f32x16& x, const Place& at) {
  const auto other = load_operand(s.other, at);
  if constexpr (std::is_floating_point_v<T>) {
    return x + fill<f32x16>(s.scale) * other;
  } else {
    return x + fill<f32x16>(s.scale) * to_float(other - fill<i32x16>(s.zero_point));
  }
}
template <class Place>
PARE_ALWAYS_INLINE i32x16 apply(const add_stage<std::int32_t>& s, const i32x16& x, const Place& at) {
  return x + load_operand(s.other, at);
}

/// The caller's scalar function, lane by lane: the compiler makes 16 lanes of it again.
template <class F, class X, class Place>
PARE_ALWAYS_INLINE X apply(const map_stage<F>& s, const X& x, const Place&) {
  using number = std::conditional_t<std::is_same_v<X, f32x16>, float, std::int32_t>;
  alignas(64) number lane[16];
  store_lanes(lane, x);
  for (number& value : lane) value = s.function(value);
  return load_lanes<X>(lane);
}

/// Stores 16 lanes: sums and reals as they are, codes narrowed.
template <class Out, class X>
PARE_ALWAYS_INLINE void store_strip(Out* p, const X& x) {
  if constexpr (sizeof(x) == 16 * sizeof(Out)) {
    store_lanes(p, x);
  } else {
    store_codes(p, x);
  }
}
template <class Out>
PARE_ALWAYS_INLINE void copy_lanes(Out* p, const Out* lane, int first, int last) {
  if (last - first == 16) {
    std::memcpy(p, lane, 16 * sizeof(Out));
  } else {
    std::memcpy(p + first, lane + first, static_cast<std::size_t>(last - first) * sizeof(Out));
  }
}
/// Stores lanes [first, last) of x at p[first], ...
template <class Out, class X>
PARE_ALWAYS_INLINE void store_some(Out* p, const X& x, int first, int last) {
  alignas(64) Out lane[16];
  store_strip(lane, x);
  copy_lanes(p, lane, first, last);
}

#include "row_stages.inl"
