// cells_sums.inl: the sums of a tile of channels and pixels. Included by cells.inl.

/// The dot products of a tile are in flight together: each takes about four cycles, and two begin in one.
inline constexpr int sums_in_flight = 8;

/// Adds blocks of one channel, four at a time, whose weights are one load instead of four: products wait for loads.
/// Leaves what makes no four.
template <class Dot, int V, class Walk, class Sum>
PARE_ALWAYS_INLINE void add_fours(Sum (&sum)[1][V], Sum (&other)[1][V], Walk& walk) {
  index fours = walk.full / 4;
  __asm__("" : "+r"(fours));  // as in `steps`
  for (; fours > 0; --fours) {
    const i32_reg four = broadcast_16(walk.block);
    each_part(
        [&](auto i) __attribute__((always_inline)) {
          const typename Dot::cell w = Dot::spread(four, i);
          const std::byte* const strip = walk.strip + walk.places(walk.listed[i]);
          PARE_UNROLL for (int v = 0; v < V; ++v) Dot::template mul_add<0>(
              (i % 2 == 0 ? sum : other)[0][v], w, Dot::template load<0>(strip + v * strip_bytes));
        },
        std::make_integer_sequence<int, 4>{});
    walk.listed += 4;
    walk.block += 4 * cell_bytes;
  }
  walk.full %= 4;
}

/// Dots that multiply strips by one of four cells in a register: those of a block of four channels.
template <class Dot>
concept LaneDot = sizeof(i32_reg) == 4 * cell_bytes&& requires(typename Dot::acc& sum, i32_reg x) {
  Dot::template mul_add_lane<0, 0>(sum, x, x);
};

/// sum[r] += block's cell r times strip.
template <class Dot, int... Parts>
PARE_ALWAYS_INLINE void block_by_lane(typename Dot::acc (&sum)[4][1], const std::byte* block, const std::byte* strip,
                                      std::integer_sequence<int, Parts...>) {
  __asm__("" : "+r"(strip));  // one address for all parts
  const i32_reg four = load_register(block);
  const typename Dot::part a[] = {Dot::template load<Parts>(strip)...};
  (Dot::template mul_add_lane<Parts, 0>(sum[0][0], four, a[Parts]), ...);
  (Dot::template mul_add_lane<Parts, 1>(sum[1][0], four, a[Parts]), ...);
  (Dot::template mul_add_lane<Parts, 2>(sum[2][0], four, a[Parts]), ...);
  (Dot::template mul_add_lane<Parts, 3>(sum[3][0], four, a[Parts]), ...);
}
/// Adds blocks of four channels, whose weights are one load instead of four.
template <class Dot, class Walk>
PARE_ALWAYS_INLINE void add_by_lane(typename Dot::acc (&sum)[4][1], Walk& walk) {
  index pairs = walk.full / 2;
  __asm__("" : "+r"(pairs));  // as in `steps`
  for (; pairs > 0; --pairs) {
    const position first = walk.here();
    walk.advance(1, 0);
    const position second = walk.here();
    walk.advance(1, 0);
    block_by_lane<Dot>(sum, first.cell, first.strip, parts_of<Dot>);
    block_by_lane<Dot>(sum, second.cell, second.strip, parts_of<Dot>);
  }
  if (walk.full % 2 != 0) block_by_lane<Dot>(sum, walk.here().cell, walk.here().strip, parts_of<Dot>);
}

/// Adds the blocks of `walk` to `sum`; where these are too few sums to hide how long a dot takes, every other block
/// goes to sums of its own.
template <class Info, int R, int V, class Walk, class Sum, class Total>
PARE_ALWAYS_INLINE bool accumulate_blocks(Sum (&sum)[R][V], Total& total, Walk& walk, index row_bytes,
                                          index panel_bytes) {
  using dot = typename Info::dot;
  if constexpr (Info::choice::period == 0 && R == 4 && V == 1 && LaneDot<dot>) {
    add_by_lane<dot>(sum, walk);
    return false;
  } else if constexpr (Info::choice::period == 0 && R * V * registers_of<Sum> < sums_in_flight &&
                       requires(Sum x) { x + x; }) {
    Sum other[R][V] = {};
    if constexpr (Info::in_fours) add_fours<dot, V>(sum, other, walk);
    index pairs = walk.full / 2;
    __asm__("" : "+r"(pairs));
    for (; pairs > 0; --pairs) {
      step<dot, R, V>(sum, walk.here(), row_bytes, panel_bytes, parts_of<dot>);
      walk.advance(1, 0);
      step<dot, R, V>(other, walk.here(), row_bytes, panel_bytes, parts_of<dot>);
      walk.advance(1, 0);
    }
    if (walk.full % 2 != 0) step<dot, R, V>(sum, walk.here(), row_bytes, panel_bytes, parts_of<dot>);
    PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v) sum[r][v] = sum[r][v] + other[r][v];
    return false;
  } else {
    return accumulate<Info, R, V>(sum, total, walk, row_bytes, panel_bytes);
  }
}

/// The sums of R channels from `channel` on and of V strips of pixels; finish(r, v, sum) is called with each.
template <class Call, int V, class Finish>
PARE_ALWAYS_INLINE void cells_sums(const Call& call, [[maybe_unused]] const std::int32_t* starts, index pixel,
                                   index channel, const Finish& finish) {
  using info = cells_traits<Call>;
  constexpr int R = info::rows;
  typename info::dot::acc sum[R][V] = {};
  if constexpr (info::starts) {
    PARE_UNROLL for (int r = 0; r < R; ++r) {
      const auto start = fill<i32x16>(starts[r]);
      PARE_UNROLL for (int v = 0; v < V; ++v) {
        sum[r][v] = start;
        keep_apart(sum[r][v]);
      }
    }
  }
  typename info::total total[R][V];
  const std::uint32_t* const list = call.weights.first + channel / R;
  const auto first = static_cast<index>(list[0]), last = static_cast<index>(list[1]);
  blocks_walk<R, decltype(places_of(call))> walk{reinterpret_cast<const std::byte*>(call.a) + pixel * cell_bytes,
                                                 places_of(call), call.weights.cells + first,
                                                 call.weights.strips + first * R * cell_bytes, last - first};
  const bool flushed = accumulate_blocks<info, R, V>(sum, total, walk, cell_bytes, strip_bytes);
  PARE_UNROLL for (int r = 0; r < R; ++r) {
    PARE_UNROLL for (int v = 0; v < V; ++v) {
      const auto x = sum_with(info::dot::result(sum[r][v]), total[r][v], flushed);
      if constexpr (sizeof(typename info::a_type) == 1 && !info::starts) {
        finish(r, v, x + channel_correction<std::remove_cvref_t<decltype(x)>>(call, channel + r));
      } else {
        finish(r, v, x);
      }
    }
  }
}
