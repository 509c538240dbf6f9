// depthwise_cells.inl: rows of cells for the depthwise convolution: made from one or two image rows. Included by
// depthwise.inl.

typedef std::int16_t eight_halves __attribute__((vector_size(16)));

/// 8 bytes or halves less the zero point, as int16.
template <class T>
PARE_ALWAYS_INLINE eight_halves load_centered(const T* p, eight_halves zero_points) {
  typedef T eight_elements __attribute__((vector_size(8 * sizeof(T))));
  eight_elements x;
  std::memcpy(&x, p, sizeof x);
  return __builtin_convertvector(x, eight_halves) - zero_points;
}

/// The cells of 16 channels of one pixel pair.
template <class T>
PARE_ALWAYS_INLINE void put_cells(std::byte* to, const T* top, const T* bottom, eight_halves zero_points) {
  PARE_UNROLL for (int half = 0; half < 2; ++half) {
    const eight_halves a = load_centered(top + 8 * half, zero_points);
    const eight_halves b = load_centered(bottom + 8 * half, zero_points);
    const eight_halves low = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
    const eight_halves high = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
    std::memcpy(to + 32 * half, &low, sizeof low);
    std::memcpy(to + 32 * half + 16, &high, sizeof high);
  }
}
PARE_ALWAYS_INLINE void put_cells(std::byte* to, const float* top, const float*, eight_halves) {
  store_lanes(reinterpret_cast<float*>(to), load_lanes<f32x16>(top));
}

/// Two image rows, from the first of 16 channels of a pixel on; elements from a pixel to the next. A row outside the
/// image is a row of zero points with step 0.
template <class T>
struct row_pair {
  const T *top, *bottom;
  index top_step, bottom_step;
};

/// `count` pixels of 16 channels.
template <class T>
__attribute__((noinline)) void put_row(std::byte* to, row_pair<T> rows, index count, std::int32_t zero_point) {
  const eight_halves zero_points = eight_halves{} + static_cast<std::int16_t>(zero_point);
  for (; count > 0; --count, to += strip_bytes, rows.top += rows.top_step, rows.bottom += rows.bottom_step)
    put_cells(to, rows.top, rows.bottom, zero_points);
}

/// The same for `lanes` channels of which `multiplier` each read one channel, the first of them the `first`-th of its
/// input channel's.
template <class T>
__attribute__((noinline)) void put_gathered_row(std::byte* to, row_pair<T> rows, index count, std::int32_t zero_point,
                                                index lanes, index multiplier, index first) {
  T top[strip_lanes] = {}, bottom[strip_lanes] = {};
  for (; count > 0; --count, to += strip_bytes, rows.top += rows.top_step, rows.bottom += rows.bottom_step) {
    for (index lane = 0; lane < lanes; ++lane) {
      const index channel = (first + lane) / multiplier;
      top[lane] = rows.top[rows.top_step == 0 ? 0 : channel];
      bottom[lane] = rows.bottom[rows.bottom_step == 0 ? 0 : channel];
    }
    put_row<T>(to, {top, bottom, 0, 0}, 1, zero_point);
  }
}

/// Image columns [x, x + count) of rows `top` and `bottom` of an image, for the 16 outputs of `panel`, with padding.
template <class Call>
void put_columns(const Call& call, std::byte* to, index n, index top, index bottom, index x, index count, index panel) {
  using T = typename Call::activations::type;
  const auto& image = call.image;
  alignas(64) T outside[strip_lanes];
  std::fill_n(outside, strip_lanes, static_cast<T>(call.zero_point));
  const index begin = std::clamp(-x, index{0}, count), end = std::clamp(image.width - x, begin, count);
  std::memset(to, 0, static_cast<std::size_t>(begin * strip_bytes));
  std::memset(to + end * strip_bytes, 0, static_cast<std::size_t>((count - end) * strip_bytes));
  if (begin == end) return;
  const index output = panel * strip_lanes, first = output / call.multiplier;
  const index lanes = std::min(strip_lanes, call.part.column_end - output);
  const auto row = [&](index y) {
    return y >= 0 && y < image.height ? &image(n, y, x + begin, first) : static_cast<const T*>(outside);
  };
  row_pair<T> rows{row(top), row(bottom), 0, 0};
  if (rows.top != outside) rows.top_step = image.channels;
  if (rows.bottom != outside) rows.bottom_step = image.channels;
  std::byte* const inside = to + begin * strip_bytes;
  if (call.multiplier == 1 && lanes == strip_lanes) {
    put_row(inside, rows, end - begin, call.zero_point);
  } else {
    put_gathered_row(inside, rows, end - begin, call.zero_point, lanes, call.multiplier, output % call.multiplier);
  }
}
