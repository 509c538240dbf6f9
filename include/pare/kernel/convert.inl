// convert.inl: the loops of convert.hpp, 16 elements at a time. Included in every target's namespace.

/// The maps of 16 elements.
struct lane_maps {
  f32x16 scale, reciprocal;
  i32x16 zero_point;
};

/// Where the maps of a piece come from, fixed for the whole loop.
struct shared_maps {
  lane_maps all;
  explicit PARE_ALWAYS_INLINE shared_maps(const piece_maps& maps)
      : all{fill<f32x16>(maps.shared->scale), fill<f32x16>(1 / maps.shared->scale),
            fill<i32x16>(maps.shared->zero_point)} {}
  PARE_ALWAYS_INLINE const lane_maps& at(index) const { return all; }
};
struct listed_maps {
  const float *scales, *reciprocals;
  const std::int32_t* zero_points;
  explicit PARE_ALWAYS_INLINE listed_maps(const piece_maps& maps)
      : scales(maps.scales), reciprocals(maps.reciprocals), zero_points(maps.zero_points) {}
  PARE_ALWAYS_INLINE lane_maps at(index i) const {
    auto zero_point = load_lanes<i32x16>(zero_points + i);
    keep_apart(zero_point);  // or each of its uses would load it
    return {load_lanes<f32x16>(scales + i), load_lanes<f32x16>(reciprocals + i), zero_point};
  }
};

/// 1 where a > b, 0 elsewhere.
PARE_ALWAYS_INLINE i32x16 greater(const f32x16& a, const f32x16& b) {
  return each([&](f32_reg x, f32_reg y) { return (i32_reg)(x > y) & 1; }, a, b);
}
/// Towards zero. Pre: the result fits int32.
PARE_ALWAYS_INLINE i32x16 truncated(const f32x16& x) {
  return each([&](f32_reg v) { return truncated(v); }, x);
}

// Each rounding of numeric/rounding.hpp to whole numbers. Pre: |x| < 2^23.
PARE_ALWAYS_INLINE i32x16 rounded(const half_even&, const f32x16& x, std::uint64_t) { return to_int(x); }
PARE_ALWAYS_INLINE i32x16 rounded(const toward_zero&, const f32x16& x, std::uint64_t) { return truncated(x); }
/// The float below 1/2 carries ties, and nothing else, to the next whole number.
PARE_ALWAYS_INLINE i32x16 rounded(const half_away&, const f32x16& x, std::uint64_t) {
  return truncated(each([&](f32_reg v) { return v + with_sign_of(0x1.fffffep-2f, v); }, x));
}
PARE_ALWAYS_INLINE i32x16 rounded(const downward&, const f32x16& x, std::uint64_t) {
  const i32x16 nearest = to_int(x);
  return nearest - greater(to_float(nearest), x);
}
PARE_ALWAYS_INLINE i32x16 rounded(const upward&, const f32x16& x, std::uint64_t) {
  const i32x16 nearest = to_int(x);
  return nearest + greater(x, to_float(nearest));
}
/// 24 bits of splitmix64 for the lanes of consecutive positions.
PARE_ALWAYS_INLINE i32x16 draws(std::uint64_t seed, std::uint64_t position) {
  alignas(64) std::int64_t states[16];
  for (int i = 0; i < 16; ++i)
    states[i] = static_cast<std::int64_t>(seed + (position + static_cast<std::uint64_t>(i) + 1) * 0x9E3779B97F4A7C15u);
  return narrow(each(
      [&](i64_reg state) {
        auto z = (u64_reg)state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return (i64_reg)((z ^ (z >> 31)) >> 40);
      },
      load_lanes<i64x16>(states)));
}
PARE_ALWAYS_INLINE i32x16 rounded(const stochastic& rounding, const f32x16& x, std::uint64_t position) {
  const i32x16 below = rounded(downward{}, x, position);
  const f32x16 draw = to_float(draws(rounding.seed, position)) * fill<f32x16>(0x1p-24f);
  return below + greater(x - to_float(below), draw);
}

/// The larger of two; 0 if the first is not a number.
PARE_ALWAYS_INLINE f32x16 max_or_zero(const f32x16& a, const f32x16& b) {
  return each([&](f32_reg x, f32_reg y) -> f32_reg { return x == x ? (x > y ? x : y) : f32_reg{}; }, a, b);
}

/// Whole steps from the zero point, within R.
template <class R, class Steps, class Round>
PARE_ALWAYS_INLINE i32x16 steps_of(const f32x16& x, const lane_maps& maps, const Round& rounding,
                                   std::uint64_t position) {
  const auto low = to_float(fill<i32x16>(static_cast<std::int32_t>(R::min)) - maps.zero_point);
  const auto high = to_float(fill<i32x16>(static_cast<std::int32_t>(R::max)) - maps.zero_point);
  const f32x16 steps = std::is_same_v<Steps, divided> ? x / maps.scale : x * maps.reciprocal;
  return rounded(rounding, min(max_or_zero(steps, low), high), position);
}

/// 16 codes as int32. Pre: all 16 may be read.
template <class T>
PARE_ALWAYS_INLINE i32x16 load_codes(const T* p) {
  i32x16 x;
  for (auto& reg : x.r) {
    widen_codes(p, reg);
    p += sizeof reg / sizeof(std::int32_t);
  }
  return x;
}
template <class T>
PARE_ALWAYS_INLINE void store_narrowed(T* p, const i32x16& x) {
  if constexpr (std::is_same_v<T, std::uint16_t>) {  // the same low halves, as signed numbers
    const i32x16 half = fill<i32x16>(16);
    store_codes(reinterpret_cast<std::int16_t*>(p), (x << half) >> half);
  } else {
    store_codes(p, x);
  }
}

PARE_ALWAYS_INLINE void store_16(float* p, const f32x16& x) { store_lanes(p, x); }
template <class T>
PARE_ALWAYS_INLINE void store_16(T* p, const i32x16& x) {
  store_narrowed(p, x);
}
/// Past the caches. whole_lines: p is aligned to a line.
template <class T, class X>
PARE_ALWAYS_INLINE void stream_16(T* p, const X& x, [[maybe_unused]] bool whole_lines) {
  if constexpr (sizeof x == 16 * sizeof(T))
    if (whole_lines) return stream_lanes(p, x);
  alignas(64) T elements[16];
  store_16(elements, x);
  for (std::size_t i = 0; i < sizeof elements; i += 16)
    stream_16_bytes(reinterpret_cast<std::byte*>(p) + i, reinterpret_cast<const std::byte*>(elements) + i);
}

// What happens to 16 elements, for each kind of piece.
template <class R, class Round, class Steps>
PARE_ALWAYS_INLINE i32x16 converted(const quantize_piece<R, Round, Steps>& piece, index i, const lane_maps& maps) {
  const auto position = piece.position + static_cast<std::uint64_t>(i);
  return steps_of<R, Steps>(load_lanes<f32x16>(piece.in + i), maps, piece.rounding, position) + maps.zero_point;
}
template <class R>
PARE_ALWAYS_INLINE f32x16 converted(const dequantize_piece<R>& piece, index i, const lane_maps& maps) {
  return to_float(load_codes(piece.in + i) - maps.zero_point) * maps.scale;
}
template <class R, class Round, class Steps>
PARE_ALWAYS_INLINE f32x16 converted(const fake_quantize_piece<R, Round, Steps>& piece, index i, const lane_maps& maps) {
  const auto position = piece.position + static_cast<std::uint64_t>(i);
  return to_float(steps_of<R, Steps>(load_lanes<f32x16>(piece.in + i), maps, piece.rounding, position)) * maps.scale;
}

template <class Maps, bool Stream, class Piece>
inline void run_strips(const Piece& piece) {
  const Maps maps(piece.maps);
  const Piece local = piece;  // what is written cannot be one of its members
  [[maybe_unused]] const bool whole_lines = reinterpret_cast<std::uintptr_t>(local.out) % strip_bytes == 0;
  for (index i = 0; i + 16 <= local.count; i += 16) {
    if constexpr (Stream) prefetch_page(local.in + i);
    const auto x = converted(local, i, maps.at(i));
    if constexpr (Stream) {
      stream_16(local.out + i, x, whole_lines);
    } else {
      store_16(local.out + i, x);
    }
  }
}

template <class Piece>
inline void run_strips(const Piece& piece) {
  if (piece.maps.shared == nullptr && piece.stream) {
    run_strips<listed_maps, true>(piece);
  } else if (piece.maps.shared == nullptr) {
    run_strips<listed_maps, false>(piece);
  } else if (piece.stream) {
    run_strips<shared_maps, true>(piece);
  } else {
    run_strips<shared_maps, false>(piece);
  }
}

/// The elements that do not fill a strip, as a strip in memory of its own.
template <class Piece>
inline void run_tail(const Piece& piece, index first) {
  using in_type = std::remove_cvref_t<decltype(*piece.in)>;
  using out_type = std::remove_cvref_t<decltype(*piece.out)>;
  alignas(64) in_type in[16] = {};
  alignas(64) out_type out[16];
  alignas(64) float scales[16] = {}, reciprocals[16] = {};
  alignas(64) std::int32_t zero_points[16] = {};
  const auto size = static_cast<int>(piece.count - first);
  Piece last = piece;
  for (int i = 0; i < size; ++i) in[i] = piece.in[first + i];
  if (piece.maps.shared == nullptr) {
    for (int i = 0; i < 16; ++i) {
      const index at = first + std::min(i, size - 1);
      scales[i] = piece.maps.scales[at];
      reciprocals[i] = piece.maps.reciprocals[at];
      zero_points[i] = piece.maps.zero_points[at];
    }
    last.maps = {nullptr, scales, zero_points, reciprocals};
  }
  last.in = in;
  last.out = out;
  last.count = 16;
  last.position += static_cast<std::uint64_t>(first);
  last.stream = false;
  run_strips(last);
  for (int i = 0; i < size; ++i) piece.out[first + i] = out[i];
}

template <class Piece>
inline void run_piece(const Piece& piece) noexcept {
  run_strips(piece);
  const index whole = piece.count / 16 * 16;
  if (whole < piece.count) run_tail(piece, whole);
}
