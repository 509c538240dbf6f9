// steps.inl: real numbers to whole steps of a scale, in every rounding, 16 at a time. Included by convert.inl.

/// The maps of 16 elements, and the steps from the zero point that the codes of R allow.
struct lane_maps {
  f32x16 scale{}, reciprocal{};
  i32x16 zero_point{};
  f32x16 low{}, high{};
  bool moderate = false;  ///< as in piece_maps

  template <class R>
  PARE_ALWAYS_INLINE void limit_steps() {
    low = to_float(fill<i32x16>(static_cast<std::int32_t>(R::min)) - zero_point);
    high = to_float(fill<i32x16>(static_cast<std::int32_t>(R::max)) - zero_point);
    keep_apart(low);  // gcc 12 makes a comparison and a blend of a minimum with a constant
    keep_apart(high);
  }
};

/// Where the maps of a run of elements come from, which begins, or goes on, at element `start`. Centered: zero points
/// are known to be 0, and cost nothing.
template <class R, bool Centered>
struct shared_maps {
  static constexpr bool listed = false;
  lane_maps all;
  PARE_ALWAYS_INLINE shared_maps(const piece_maps& maps, index)
      : all{.scale = fill<f32x16>(maps.shared->scale),
            .reciprocal = fill<f32x16>(1 / maps.shared->scale),
            .zero_point = fill<i32x16>(Centered ? 0 : maps.shared->zero_point),
            .moderate = maps.moderate} {
    all.limit_steps<R>();
  }
  PARE_ALWAYS_INLINE const lane_maps& at(index) const { return all; }
};
template <class R, bool Centered>
struct listed_maps {
  static constexpr bool listed = true;
  const float *scales, *reciprocals;
  const std::int32_t* zero_points;
  index start;
  lane_maps centered;
  PARE_ALWAYS_INLINE listed_maps(const piece_maps& maps, index first)
      : scales(maps.scales + maps.begun),
        reciprocals(maps.reciprocals + maps.begun),
        zero_points(Centered ? nullptr : maps.zero_points + maps.begun),
        start(first),
        centered{.zero_point = fill<i32x16>(0), .moderate = maps.moderate} {
    centered.limit_steps<R>();
  }
  PARE_ALWAYS_INLINE lane_maps at(index i) const {
    // Member by member: gcc 12 would keep a copy of `centered` in memory.
    lane_maps maps{.scale = load_lanes<f32x16>(scales + (i - start)),
                   .reciprocal = load_lanes<f32x16>(reciprocals + (i - start)),
                   .zero_point = centered.zero_point,
                   .low = centered.low,
                   .high = centered.high,
                   .moderate = centered.moderate};
    if constexpr (!Centered) {
      maps.zero_point = load_lanes<i32x16>(zero_points + (i - start));
      keep_apart(maps.zero_point);  // or each of its uses would load it
      maps.limit_steps<R>();
    }
    return maps;
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

/// To the nearest, or towards zero: what is near 0 rounds to 0, and what does not fit int32 to its least number.
template <class Round>
inline constexpr bool rounds_plainly =
    std::is_same_v<Round, half_even> || std::is_same_v<Round, half_away> || std::is_same_v<Round, toward_zero>;

/// The larger of two; 0 if the first is not a number.
PARE_ALWAYS_INLINE f32x16 max_or_zero(const f32x16& a, const f32x16& b) {
  return each([&](f32_reg x, f32_reg y) -> f32_reg { return x == x ? (x > y ? x : y) : f32_reg{}; }, a, b);
}

/// The smaller of two; 0 if the first is not a number.
PARE_ALWAYS_INLINE f32x16 min_or_zero(const f32x16& a, const f32x16& b) {
  return each([&](f32_reg x, f32_reg y) -> f32_reg { return x == x ? (x < y ? x : y) : f32_reg{}; }, a, b);
}

/// x / maps.scale, correctly rounded unless it is far below 1. A product with the reciprocal is within two units in the
/// last place, so one correction leaves it within one, and another rounds correctly: P. Markstein, "Computation of
/// elementary functions on the IBM RISC System/6000 processor", IBM J. Res. Dev. 34 (1990). Products too large to be
/// corrected are taken as they are. Pre: the scales are moderate; a product is fused with a sum.
PARE_ALWAYS_INLINE f32x16 quotient(const f32x16& x, const lane_maps& maps) {
  return each(
      [&](f32_reg x, f32_reg scale, f32_reg reciprocal) {
        const auto corrected = [&](f32_reg q) { return fma_add(q, fma_add(x, -q, scale), reciprocal); };
        const f32_reg product = x * reciprocal, quotient = corrected(corrected(product));
        return quotient == quotient ? quotient : product;
      },
      x, maps.scale, maps.reciprocal);
}

/// Steps from the zero point.
template <class Steps, class Round>
PARE_ALWAYS_INLINE f32x16 real_steps(const f32x16& x, const lane_maps& maps) {
  if constexpr (std::is_same_v<Steps, multiplied>) {
    return x * maps.reciprocal;
  } else {
    if constexpr (fuses && rounds_plainly<Round>)
      if (maps.moderate) return quotient(x, maps);
    return x / maps.scale;
  }
}

/// Whole steps from the zero point, no more than the codes allow.
template <class Steps, class Round>
PARE_ALWAYS_INLINE i32x16 steps_of(const f32x16& x, const lane_maps& maps, const Round& rounding,
                                   std::uint64_t position) {
  const f32x16 steps = real_steps<Steps, Round>(x, maps);
  return rounded(rounding, min(max_or_zero(steps, maps.low), maps.high), position);
}
