// read.inl: the loops of read.hpp, 16 elements at a time. Included in every target's namespace.

/// 16 elements of a row from j on.
template <class Row>
PARE_ALWAYS_INLINE f32x16 strip_of(const Row& row, index j) {
  if constexpr (Row::operation == arithmetic::memory) {
    return load_lanes<f32x16>(row.first + j);
  } else if constexpr (Row::operation == arithmetic::number) {
    return fill<f32x16>(static_cast<float>(row.value));
  } else if constexpr (Row::operation == arithmetic::negate) {
    return each([&](f32_reg v) -> f32_reg { return -v; }, strip_of(std::get<0>(row.arguments), j));
  } else {
    const f32x16 a = strip_of(std::get<0>(row.arguments), j), b = strip_of(std::get<1>(row.arguments), j);
    if constexpr (Row::operation == arithmetic::add) return a + b;
    if constexpr (Row::operation == arithmetic::subtract) return a - b;
    if constexpr (Row::operation == arithmetic::multiply) return a * b;
    if constexpr (Row::operation == arithmetic::divide) return a / b;
  }
}

/// 16 elements from i on of consecutive floats, or of rows, in the one that begins at `first`.
PARE_ALWAYS_INLINE f32x16 strip_at(const float* in, index i, index) { return load_lanes<f32x16>(in + i); }
template <class Row>
PARE_ALWAYS_INLINE f32x16 strip_at(const arithmetic_rows<Row>& in, index i, index first) {
  return strip_of(in.row, i - first);
}
/// Fetches what loops that read 16 elements from i on will read later.
template <class T>
PARE_ALWAYS_INLINE void fetch_strip(const T* in, index i, index, const fetch_ahead& ahead) {
  fetch(in + i, ahead);
}
template <class Row>
PARE_ALWAYS_INLINE void fetch_row(const Row& row, index j) {
  if constexpr (Row::operation == arithmetic::memory) {
    fetch(row.first + j, row.ahead);
  } else if constexpr (Row::operation != arithmetic::number) {
    fetch_row(std::get<0>(row.arguments), j);
    if constexpr (Row::operation != arithmetic::negate) fetch_row(std::get<1>(row.arguments), j);
  }
}
template <class Row>
PARE_ALWAYS_INLINE void fetch_strip(const arithmetic_rows<Row>& in, index i, index first, const fetch_ahead&) {
  fetch_row(in.row, i - first);
}
/// Where the row that begins at `first` ends; consecutive elements are one row.
template <class In>
PARE_ALWAYS_INLINE index end_of_row(const In& in, index first, index count) {
  if constexpr (std::is_pointer_v<In>) {
    return count;
  } else {
    return std::min(first + in.columns, count);
  }
}
/// On to the next row if the one that begins at `first` ends at `end`.
template <class In>
PARE_ALWAYS_INLINE void next_row([[maybe_unused]] In& in, [[maybe_unused]] index& first, [[maybe_unused]] index end) {
  if constexpr (!std::is_pointer_v<In>) {
    if (end != first + in.columns) return;
    in.row.next();
    first = end;
  }
}

/// As many strips at a time as leave no register idle: three of sums for each.
inline constexpr int bounds_strips = sizeof(f32_reg) == 64 ? 4 : sizeof(f32_reg) == 32 ? 2 : 1;

struct strip_bounds {
  f32x16 low, high;
  f32x16 odd;  ///< 0 until a value is not finite, then NaN

  PARE_ALWAYS_INLINE void include(const f32x16& x) {
    low = min(x, low);
    high = max(x, high);
    odd = each([&](f32_reg sum, f32_reg v) -> f32_reg { return sum + v * 0.f; }, odd, x);
  }
};

PARE_ALWAYS_INLINE float_bounds joined(strip_bounds (&parts)[bounds_strips]) {
  for (int s = 1; s < bounds_strips; ++s) {
    parts[0].low = min(parts[0].low, parts[s].low);
    parts[0].high = max(parts[0].high, parts[s].high);
    parts[0].odd = parts[0].odd + parts[s].odd;
  }
  float_bounds all;
  alignas(64) float low[16], high[16], odd[16];
  store_lanes(low, parts[0].low);
  store_lanes(high, parts[0].high);
  store_lanes(odd, parts[0].odd);
  for (int lane = 0; lane < 16; ++lane) {
    all.min = std::min(all.min, low[lane]);
    all.max = std::max(all.max, high[lane]);
    all.finite &= odd[lane] == 0;
  }
  return all;
}

/// In: consecutive floats, 16 or more, or rows, whole strips of them.
template <class In>
inline float_bounds bounds_of_strips(const In& source, index count) {
  In in = source;
  const fetch_ahead ahead = fetch_ahead_here();
  strip_bounds parts[bounds_strips];
  const float_bounds none;
  for (auto& part : parts) part = {fill<f32x16>(none.min), fill<f32x16>(none.max), fill<f32x16>(0.f)};
  index i = 0;
  for (index first = 0, end; i < count; next_row(in, first, end)) {
    end = end_of_row(in, first, count);
    for (; i + 16 * bounds_strips <= end; i += 16 * bounds_strips) PARE_UNROLL for (int s = 0; s < bounds_strips; ++s) {
        fetch_strip(in, i + 16 * s, first, ahead);
        parts[s].include(strip_at(in, i + 16 * s, first));
      }
    for (; i < end; i += 16) parts[0].include(strip_at(in, std::min(i, end - 16), first));
  }
  return joined(parts);
}

inline float_bounds run_bounds(const float* x, index count) noexcept {
  alignas(64) float few[16];
  if (count <= 0) return {};
  if (count < 16) {
    for (index i = 0; i < 16; ++i) few[i] = x[std::min(i, count - 1)];
    x = few;
    count = 16;
  }
  return bounds_of_strips(x, count);
}
template <class Row>
inline float_bounds run_bounds(const arithmetic_rows<Row>& rows, index count) noexcept {
  return bounds_of_strips(rows, count);
}

inline void run_whole_parts(const float* x, index count, float factor, std::int32_t* to) noexcept {
  const f32x16 by = fill<f32x16>(factor);
  for (index i = 0; i + 16 <= count; i += 16) {
    const f32x16 value = load_lanes<f32x16>(x + i);
    store_lanes(to + i,
                each([&](f32_reg v, f32_reg f) { return truncated(v * f) - ((i32_reg)(v < 0) & 1); }, value, by));
  }
}

template <class Row>
inline void run_arithmetic(const Row& row, index first, float* to, index count, index rows) noexcept {
  Row local = row;
  for (; rows > 0; --rows, to += count) {
    for (index i = 0; i + 16 <= count; i += 16) store_lanes(to + i, strip_of(local, first + i));
    if (count % 16 != 0) store_lanes(to + count - 16, strip_of(local, first + count - 16));
    local.next();
  }
}
