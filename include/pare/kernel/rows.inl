// rows.inl: the bodies of rows.hpp. Included in every target's namespace.

/// The sum of `count` bytes, modulo 2^32: a register at a time where the target has any, then one by one.
template <class T>
PARE_ALWAYS_INLINE std::uint32_t sum_of_bytes(const T* x, index count) {
  std::uint32_t total = 0;
  if constexpr (sizeof(i32_reg) > 4) {
    using byte = std::conditional_t<sizeof(T) == 1, std::byte, void>;  // dependent: scalar has no load_widened
    constexpr index step = index{sizeof(i32_reg)} / 2;
    i32_reg sum{};
    for (; count >= step; count -= step, x += step) {
      auto halves = load_widened(reinterpret_cast<const byte*>(x));
      if constexpr (std::is_unsigned_v<T>) halves &= 0x00ff00ff;
      sum = madd_add(sum, halves, i32_reg{} + 0x00010001);
    }
    std::int32_t lanes[sizeof(i32_reg) / 4];
    std::memcpy(lanes, &sum, sizeof sum);
    for (const std::int32_t lane : lanes) total += static_cast<std::uint32_t>(lane);
  }
  for (; count > 0; --count, ++x) total += static_cast<std::uint32_t>(*x);
  return total;
}

template <class T>
void sum_rows(const matrix_view<const T>& x, std::int32_t* sums) noexcept {
  for (index i = 0; i < x.rows; ++i) sums[i] = static_cast<std::int32_t>(sum_of_bytes(x.row(i), x.columns));
}

/// Widens [low, high] to hold x[0], ..., x[count - 1]; numbers that are none do not count.
template <class T>
PARE_ALWAYS_INLINE void widen_interval(const T* x, index count, float& low, float& high) {
  constexpr int sets = sizeof(f32_reg) == 64 ? 4 : sizeof(f32_reg) == 32 ? 2 : 1;  // or each would wait for the last
  f32x16 least[sets], greatest[sets];
  PARE_UNROLL for (int s = 0; s < sets; ++s) least[s] = fill<f32x16>(low), greatest[s] = fill<f32x16>(high);
  const auto include = [&](int s, const T* p) __attribute__((always_inline)) {
    const auto value = load_lanes<f32x16>(p);
    least[s] = min(value, least[s]);
    greatest[s] = max(value, greatest[s]);
  };
  for (; count >= 16 * sets; count -= 16 * sets, x += 16 * sets)
    PARE_UNROLL for (int s = 0; s < sets; ++s) include(s, x + 16 * s);
  for (; count >= 16; count -= 16, x += 16) include(0, x);
  PARE_UNROLL for (int s = 1; s < sets; ++s) {
    least[0] = min(least[s], least[0]);
    greatest[0] = max(greatest[s], greatest[0]);
  }
  alignas(64) float lows[16], highs[16];
  store_lanes(lows, least[0]);
  store_lanes(highs, greatest[0]);
  for (int half = 8; half > 0; half /= 2) {
    PARE_UNROLL for (int i = 0; i < half; ++i) {
      lows[i] = smaller(lows[i], lows[i + half]);
      highs[i] = larger(highs[i], highs[i + half]);
    }
  }
  low = lows[0];
  high = highs[0];
  for (; count > 0; --count, ++x) {
    low = *x < low ? *x : low;
    high = *x > high ? *x : high;
  }
}

template <class T>
PARE_ALWAYS_INLINE void quantize_row(const T* x, index count, const affine_map& map, std::int8_t* codes) {
  const quantize_stage stage{{}, map.scale, output_of<s8>(map)};
  if constexpr (constexpr int strips = strips_packed<std::int8_t, i32x16>; strips > 0) {
    for (constexpr index some = strips * strip_lanes; count >= some; count -= some, x += some, codes += some) {
      const auto strip = [&](int i) __attribute__((always_inline)) { return load_lanes<f32x16>(x + 16 * i); };
      const auto packed = packed_codes<std::int8_t, strips>(stage, strip, [](int) { return place{}; });
      std::memcpy(codes, &packed, sizeof packed);
    }
  }
  for (; count >= 16; count -= 16, x += 16, codes += 16)
    store_codes(codes, apply(stage, load_lanes<f32x16>(x), place{}));
  if (count > 0) {
    const place rest{0, 0, 0, static_cast<int>(count)};
    store_some(codes, apply(stage, load_elements(x, rest), rest), 0, rest.last);
  }
}

template <class T>
void quantize_rows(const matrix_view<const T>& x, const row_codes& to, index begin, index end) noexcept {
  for (index i = begin; i < end; ++i) {
    float low = 0, high = 0;
    widen_interval(x.row(i), x.columns, low, high);
    const affine_map map = row_map(low, high);
    quantize_row(x.row(i), x.columns, map, to.codes + i * to.stride);
    to.scales[i] = map.scale;
    to.zero_points[i] = map.zero_point;
  }
}

/// One register of the sums of as many groups of bytes as it has lanes, side by side in memory.
/// Pre: half a register's bytes divide the group.
template <index Lanes, class T>
PARE_ALWAYS_INLINE i32_reg sums_of_groups(const T* x, index group) {
  using byte = std::conditional_t<sizeof(T) == 1, std::byte, void>;  // dependent: scalar has no load_widened
  i32_reg sum[Lanes];
  for (index g = 0; g < Lanes; ++g) {
    sum[g] = i32_reg{};
    for (const T* const end = x + group; x != end; x += 2 * Lanes)
      sum[g] = madd_add(sum[g], load_widened(reinterpret_cast<const byte*>(x)), i32_reg{} + 0x00010001);
  }
  for (index left = Lanes / 2; left > 0; left /= 2)
    for (index g = 0; g < left; ++g) sum[g] = pairwise_sum(sum[2 * g], sum[2 * g + 1]);
  return sum[0];
}

template <class T>
void sum_groups(const matrix_view<const T>& x, index groups, index group, std::int32_t* terms, index begin,
                index end) noexcept {
  constexpr index lanes = index{sizeof(i32_reg)} / 4;
  for (index i = begin; i < end; ++i) {
    index g = 0;
    if constexpr (lanes > 1) {
      for (; g + lanes <= groups && group % (2 * lanes) == 0 && (g + lanes) * group <= x.columns; g += lanes) {
        const i32_reg sums = sums_of_groups<lanes>(x.row(i) + g * group, group) * -8;
        std::memcpy(terms + i * groups + g, &sums, sizeof sums);
      }
    }
    for (; g < groups; ++g)
      terms[i * groups + g] =
          -8 * static_cast<std::int32_t>(sum_of_bytes(x.row(i) + g * group, smaller(group, x.columns - g * group)));
  }
}
