// depthwise_cells.inl: rows of cells for the depthwise convolution: made from as many image rows as a cell has taps.
// Included by depthwise.inl.

/// The first or the second half of a[0], b[0], a[1], b[1], ..., elements of 16-byte vectors.
template <bool Second, class Vector>
PARE_ALWAYS_INLINE Vector interleave(Vector a, Vector b) {
  constexpr int n = sizeof a / sizeof a[0], h = Second ? n / 2 : 0;
  if constexpr (n == 16) {
    return __builtin_shufflevector(a, b, h, 16 + h, h + 1, 17 + h, h + 2, 18 + h, h + 3, 19 + h, h + 4, 20 + h, h + 5,
                                   21 + h, h + 6, 22 + h, h + 7, 23 + h);
  } else if constexpr (n == 8) {
    return __builtin_shufflevector(a, b, h, 8 + h, h + 1, 9 + h, h + 2, 10 + h, h + 3, 11 + h);
  } else {
    return __builtin_shufflevector(a, b, h, 4 + h, h + 1, 5 + h);
  }
}

typedef std::uint8_t byte_vector __attribute__((vector_size(16)));
typedef std::uint16_t half_vector __attribute__((vector_size(16)));
typedef std::uint32_t word_vector __attribute__((vector_size(16)));

/// 16 bytes of channels of four pixels as one cell per channel; Vector, Wider: of elements and of pairs of them.
template <class Vector, class Wider, bool Flip>
PARE_ALWAYS_INLINE void put_quads(std::byte* to, const std::byte* const (&from)[4], index offset) {
  Vector x[4];
  PARE_UNROLL for (int t = 0; t < 4; ++t) {
    std::memcpy(&x[t], from[t] + offset, sizeof x[t]);
    if constexpr (Flip) x[t] ^= 0x80;
  }
  const auto low = (Wider)interleave<false>(x[0], x[1]), high = (Wider)interleave<true>(x[0], x[1]);
  const auto low2 = (Wider)interleave<false>(x[2], x[3]), high2 = (Wider)interleave<true>(x[2], x[3]);
  const Wider quads[4] = {interleave<false>(low, low2), interleave<true>(low, low2), interleave<false>(high, high2),
                          interleave<true>(high, high2)};
  PARE_UNROLL for (int i = 0; i < 4; ++i) std::memcpy(to + 16 * i, &quads[i], sizeof quads[i]);
}

/// The cells of 16 channels of T; Flip: with the top bit of every byte flipped, as the dot wants it.
template <class T, bool Flip, std::size_t Taps>
PARE_ALWAYS_INLINE void put_cells(std::byte* to, const std::byte* const (&from)[Taps]) {
  if constexpr (Taps == 1) {
    store_lanes(reinterpret_cast<float*>(to), load_lanes<f32x16>(from[0]));
  } else if constexpr (sizeof(T) == 2) {
    put_quads<half_vector, word_vector, false>(to, from, 0);
    put_quads<half_vector, word_vector, false>(to + 64, from, 16);
  } else if constexpr (requires { store_quads<Flip>(to, from); }) {
    store_quads<Flip>(to, from);
  } else {
    put_quads<byte_vector, half_vector, Flip>(to, from, 0);
  }
}

/// Image rows, from the first of 16 channels of a pixel on, and bytes from a pixel to the next. A row outside the image
/// is 64 or more zero points with step 0.
template <std::size_t Taps>
struct tap_rows {
  const std::byte* row[Taps];
  index step[Taps];
  fetch_ahead below;  ///< from the last half of the rows to those that are read next
};

/// `count` pixels of V times 16 channels, one panel of cells after the other.
template <class T, bool Flip, int V, std::size_t Taps>
__attribute__((noinline)) void put_row(std::byte* to, const tap_rows<Taps>& rows, index count) {
  constexpr index bytes = strip_lanes * index{Taps * sizeof(T)};
  const std::byte* row[Taps];
  index step[Taps];
  PARE_UNROLL for (std::size_t t = 0; t < Taps; ++t) row[t] = rows.row[t], step[t] = rows.step[t];
  if constexpr (sizeof(T) == 1 && requires(i32_reg(&quads)[4]) { quads_of_64<Flip>(row, quads); }) {
    constexpr index together = 4 / V;  // pixels that follow each other without a gap
    bool follow = true;
    for (const index s : step) follow &= s == 0 || s == V * strip_lanes || together == 1;
    for (; follow && count >= together; count -= together, to += together * V * bytes) {
      i32_reg quads[4];
      quads_of_64<Flip>(row, quads);
      PARE_UNROLL for (int i = 0; i < 4; ++i) std::memcpy(to + i * register_bytes, &quads[i], sizeof quads[i]);
      PARE_UNROLL for (std::size_t t = 0; t < Taps; ++t) {
        if (t >= Taps / 2) fetch(row[t], rows.below);
        row[t] += together * step[t];
      }
    }
  }
  for (; count > 0; --count, to += V * bytes) {
    PARE_UNROLL for (int v = 0; v < V; ++v) {
      const std::byte* from[Taps];
      PARE_UNROLL for (std::size_t t = 0; t < Taps; ++t) from[t] = row[t] + v * strip_lanes * index{sizeof(T)};
      put_cells<T, Flip>(to + v * bytes, from);
    }
    PARE_UNROLL for (std::size_t t = 0; t < Taps; ++t) {
      if (t >= Taps / 2) fetch(row[t], rows.below);
      row[t] += step[t];
    }
  }
}

/// The same for `lanes` channels of one panel, of which `multiplier` each read one channel, the first of them the
/// `first`-th of its input channel's; `step`: bytes from pixel to pixel.
template <class T, bool Flip, std::size_t Taps>
__attribute__((noinline)) void put_gathered_row(std::byte* to, index step, tap_rows<Taps> rows, index count,
                                                index lanes, index multiplier, index first) {
  T gathered[Taps][strip_lanes] = {};
  const std::byte* pixel[Taps];
  for (std::size_t t = 0; t < Taps; ++t) pixel[t] = reinterpret_cast<const std::byte*>(gathered[t]);
  for (; count > 0; --count, to += step) {
    for (std::size_t t = 0; t < Taps; ++t) {
      for (index lane = 0; lane < lanes; ++lane) {
        const index channel = rows.step[t] == 0 ? 0 : (first + lane) / multiplier;
        std::memcpy(&gathered[t][lane], rows.row[t] + channel * index{sizeof(T)}, sizeof(T));
      }
      rows.row[t] += rows.step[t];
    }
    put_cells<T, Flip>(to, pixel);
  }
}

/// A pixel of zero points in these bytes.
template <class T>
void fill_pixel(std::byte* pixel, std::size_t bytes, std::int32_t zero_point) {
  const T value = static_cast<T>(zero_point);
  for (std::size_t i = 0; i < bytes; i += sizeof value) std::memcpy(pixel + i, &value, sizeof value);
}

/// Where pixels from (n, top, x) on begin for the taps of a cell, from channel `first` on; rows outside the image are
/// one pixel, `outside`. Member by member: copied as a whole, the struct would be read before its parts are stored.
template <std::size_t Taps, class Call>
tap_rows<Taps> rows_of_image(const Call& call, const std::byte* outside, index n, index top, index x, index first) {
  const auto& image = call.image;
  tap_rows<Taps> rows;
  const index fresh = static_cast<index>(Taps + 1) / 2 * call.geometry.dilation_y;
  rows.below.distance = static_cast<std::uintptr_t>(fresh * image.width * image.channels *
                                                    index{sizeof(typename Call::activations::type)});
  for (std::size_t t = 0; t < Taps; ++t) {
    const index y = top + static_cast<index>(t) * call.geometry.dilation_y;
    const bool inside = y >= 0 && y < image.height;
    rows.row[t] = inside ? reinterpret_cast<const std::byte*>(&image(n, y, x, first)) : outside;
    rows.step[t] = inside ? image.channels * index{sizeof(typename Call::activations::type)} : 0;
  }
  return rows;
}

/// Image columns [x, x + count) of image n for the outputs of V panels, in cells whose taps are rows top, top +
/// dilation, ... outside: a pixel of zero points. pads: the columns outside the image too.
template <class Call, std::size_t Taps, bool Flip, int V>
void put_columns(const Call& call, std::byte* to, index n, index top, index x, index count, index panel,
                 const std::byte* outside, bool pads) {
  using T = typename Call::activations::type;
  constexpr index bytes = strip_lanes * index{Taps * sizeof(T)};
  const index begin = clamped(-x, index{0}, count), end = clamped(call.image.width - x, begin, count);
  if (pads) {
    tap_rows<Taps> padding = {};
    for (auto& row : padding.row) row = outside;
    put_row<T, Flip, V>(to, padding, begin);
    put_row<T, Flip, V>(to + end * V * bytes, padding, count - end);
  }
  if (begin == end) return;
  to += begin * V * bytes;
  if (call.multiplier == 1 && (panel + V) * strip_lanes <= call.part.column_end) {
    const auto rows = rows_of_image<Taps>(call, outside, n, top, x + begin, panel * strip_lanes);
    return put_row<T, Flip, V>(to, rows, end - begin);
  }
  for (index v = 0; v < V; ++v, to += bytes) {
    const index output = (panel + v) * strip_lanes, lanes = smaller(strip_lanes, call.part.column_end - output);
    const auto rows = rows_of_image<Taps>(call, outside, n, top, x + begin, output / call.multiplier);
    put_gathered_row<T, Flip>(to, V * bytes, rows, end - begin, lanes, call.multiplier, output % call.multiplier);
  }
}
