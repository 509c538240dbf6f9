// cells.inl: the loop of gemm.inl with pixels in lanes: strips of activations, listed cells of weights.

/// The blocks that a group of R output channels keeps.
template <index R>
struct blocks_walk {
  static constexpr bool in_order = false;
  static constexpr index tail = 0;  // both sides are padded to whole cells
  const std::byte* strip;
  index plane_bytes;
  const std::uint16_t* listed;
  const std::byte* block;
  index full;
  PARE_ALWAYS_INLINE position here() const { return {block, strip + index{*listed} * plane_bytes}; }
  PARE_ALWAYS_INLINE position tail_position(index) const { return here(); }
  PARE_ALWAYS_INLINE void advance(index, index) {
    ++listed;
    block += R * cell_bytes;
  }
};

/// What the loop needs to know of a call at compile time.
template <class Call>
struct cells_traits {
  struct choice {
    using rows_in_order =
        choose_dot<typename Call::activations, typename Call::weights_range, Call::sum == value_kind::sum64>;
    using type = exchanged<typename single_dot<typename rows_in_order::type>::type>;
    static constexpr index period = rows_in_order::period;
  };
  using dot = typename choice::type;
  using a_type = typename Call::activations::type;
  using sums = std::remove_cvref_t<decltype(dot::result(std::declval<const typename dot::acc&>()))>;
  using total = std::conditional_t<choice::period == 0, no_total, i64x16>;
  static constexpr index cell_step = cell_bytes;
  static constexpr int rows = static_cast<int>(Call::structure::rows);
  /// Output channels in one cell, and how many are finished together.
  static constexpr int depth = static_cast<int>(channel_depth<std::remove_pointer_t<decltype(Call::out)>>);
  static constexpr int channels = std::max(rows, depth);
  /// Strips side by side: as many as keep the sums of `rows` channels in registers, at most 4.
  static constexpr int strips = rows_for<dot>(4) >= rows ? 4 : rows_for<dot>(2) >= rows ? 2 : 1;
};

/// What takes zero points and the dot's offset out of a channel's sums again.
template <class Sums, class Call>
PARE_ALWAYS_INLINE Sums channel_correction(const Call& call, index channel) {
  using lane = std::conditional_t<std::is_same_v<Sums, i64x16>, std::int64_t, std::int32_t>;
  using unsigned_lane = std::make_unsigned_t<lane>;
  const auto factor = static_cast<unsigned_lane>(-lane{call.zero_point} - cells_traits<Call>::dot::offset);
  return fill<Sums>(static_cast<lane>(factor * static_cast<unsigned_lane>(lane{call.weights.sums[channel]})));
}

/// 16 pixels of one output cell: codes side by side, lowest channel first, or sums and reals as they are.
PARE_ALWAYS_INLINE i32x16 join_codes(const i32x16 (&x)[4]) {
  return each(
      [&](i32_reg a, i32_reg b, i32_reg c, i32_reg d) {
        return (i32_reg)((a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | (i32_reg)((u32_reg)d << 24));
      },
      x[0], x[1], x[2], x[3]);
}
PARE_ALWAYS_INLINE i32x16 join_codes(const i32x16 (&x)[2]) {
  return each([&](i32_reg a, i32_reg b) { return (i32_reg)((a & 0xffff) | (i32_reg)((u32_reg)b << 16)); }, x[0], x[1]);
}
template <class X>
PARE_ALWAYS_INLINE const X& join_codes(const X (&x)[1]) {
  return x[0];
}

template <class Out, class X>
PARE_ALWAYS_INLINE void store_cells(Out* out, const X& x) {
  if constexpr (sizeof(Out) < 4) {
    store_lanes(reinterpret_cast<std::int32_t*>(out), x);
  } else {
    store_lanes(out, x);
  }
}

/// Channels [channel, channel + Traits::channels) of V strips of pixels from `pixel` on.
template <class Call, int V>
PARE_ALWAYS_INLINE void cells_tile(const Call& call, index pixel, index channel) {
  using info = cells_traits<Call>;
  constexpr int R = info::rows, D = info::depth;
  constexpr bool corrected = sizeof(typename info::a_type) == 1;
  constexpr bool starts = corrected && info::choice::period == 0 && std::is_same_v<typename info::dot::acc, i32x16>;
  using value = decltype(sum_with(info::dot::result(std::declval<const typename info::dot::acc&>()),
                                  std::declval<const typename info::total&>(), false));
  using plain = std::remove_cvref_t<value>;
  using finished_value = std::remove_cvref_t<decltype(apply(call.epilogue, std::declval<plain>(), upright_place{}))>;
  finished_value finished[info::channels / D][V][D];
  const auto* const a = reinterpret_cast<const std::byte*>(call.a) + pixel * cell_bytes;
  for (int group = 0; group < info::channels; group += R) {
    typename info::dot::acc sum[R][V] = {};
    if constexpr (starts) {
      PARE_UNROLL for (int r = 0; r < R; ++r) {
        const auto start = channel_correction<i32x16>(call, channel + group + r);
        PARE_UNROLL for (int v = 0; v < V; ++v) {
          sum[r][v] = start;
          keep_apart(sum[r][v]);
        }
      }
    }
    typename info::total total[R][V];
    const std::uint32_t* const first = call.weights.first + (channel + group) / R;
    blocks_walk<R> walk{a, call.a_plane * index{sizeof(typename info::a_type)}, call.weights.cells + first[0],
                        call.weights.strips + index{first[0]} * R * cell_bytes, index{first[1]} - index{first[0]}};
    const bool flushed = accumulate<info, R, V>(sum, total, walk, cell_bytes, strip_bytes);
    PARE_UNROLL for (int r = 0; r < R; ++r) {
      const index c = channel + group + r;
      PARE_UNROLL for (int v = 0; v < V; ++v) {
        const index row = pixel + v * strip_lanes;
        const index pixels = c < call.part.column_end ? std::min(call.part.row_end - row, strip_lanes) : 0;
        plain x = sum_with(info::dot::result(sum[r][v]), total[r][v], flushed);
        if constexpr (corrected && !starts) x = x + channel_correction<plain>(call, c);
        finished[(group + r) / D][v][(group + r) % D] =
            apply(call.epilogue, x, upright_place{call.first_pixel + row, c, static_cast<int>(pixels)});
      }
    }
  }
  auto* out = call.out + channel / D * call.out_plane + pixel * D;
  for (int plane = 0; plane < info::channels / D && channel + plane * D < call.part.column_end; ++plane) {
    PARE_UNROLL for (int v = 0; v < V; ++v) store_cells(out + v * strip_lanes * D, join_codes(finished[plane][v]));
    out += call.out_plane;
  }
}

/// All channels of V strips of pixels.
template <class Call, int V>
__attribute__((noinline)) void cells_channels(const Call& call, index pixel) {
  for (index channel = call.part.column_begin; channel < call.part.column_end; channel += cells_traits<Call>::channels)
    cells_tile<Call, V>(call, pixel, channel);
}

/// The strips of pixels from `pixel` on, V at a time, then fewer.
template <class Call, int V>
PARE_ALWAYS_INLINE void cells_strips(const Call& call, index pixel) {
  for (; pixel + (V - 1) * strip_lanes < call.part.row_end; pixel += V * strip_lanes)
    cells_channels<Call, V>(call, pixel);
  if constexpr (V > 1) {
    if (pixel < call.part.row_end) cells_strips<Call, V / 2>(call, pixel);
  }
}

template <class Call>
void run_cells(const Call& call) noexcept {
  cells_strips<Call, cells_traits<Call>::strips>(call, call.part.row_begin);
}

#include "transpose.inl"
