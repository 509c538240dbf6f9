// groups.inl: tiles over weights with a scale per group of k. Included by gemm.inl.

PARE_ALWAYS_INLINE f32x16 load_scales(const float* p) { return load_lanes<f32x16>(p); }
PARE_ALWAYS_INLINE f32x16 load_scales(const bfloat16* p) {
  f32x16 x;
  const auto* from = reinterpret_cast<const std::byte*>(p);
  PARE_UNROLL for (int i = 0; i < i32_regs; ++i) x.r[i] =
      load_upper_halves(from + i * static_cast<int>(sizeof(i32_reg) / 2));
  return x;
}

/// Sums of a group that start at their rows' terms, or, where they are no int32 lanes yet, at zero.
template <class Dot, int R, int V>
PARE_ALWAYS_INLINE void start_group(typename Dot::acc (&sum)[R][V], const std::int32_t* terms, index groups) {
  PARE_UNROLL for (int r = 0; r < R; ++r) {
    const auto start = fill<i32x16>(terms[r * groups]);
    PARE_UNROLL for (int v = 0; v < V; ++v) {
      if constexpr (starts<Dot>) {
        sum[r][v] = start;
        keep_apart(sum[r][v]);
      } else {
        sum[r][v] = {};
      }
    }
  }
}

/// total += sum * scale for a finished group.
template <class Dot, int R, int V, class Scale>
PARE_ALWAYS_INLINE void add_group(const typename Dot::acc (&sum)[R][V], f32x16 (&total)[R][V],
                                  const std::int32_t* terms, const Scale* scales, index groups) {
  PARE_UNROLL for (int v = 0; v < V; ++v) {
    const f32x16 scale = load_scales(scales + v * groups * strip_lanes);
    PARE_UNROLL for (int r = 0; r < R; ++r) {
      i32x16 whole = Dot::result(sum[r][v]);
      if constexpr (!starts<Dot>) whole = whole + fill<i32x16>(terms[r * groups]);
      total[r][v] = total[r][v] + to_float(whole) * scale;
    }
  }
}

/// The partial cell of every row, completed with zeros.
template <class Dot, int R, int V>
PARE_ALWAYS_INLINE void tail_step(typename Dot::acc (&sum)[R][V], position at, index tail_bytes, index row_bytes,
                                  index panel_bytes) {
  alignas(8) std::byte cells[R * room_of<Dot>];
  copy_tails(cells, room_of<Dot>, R, at.cell, tail_bytes, row_bytes);
  at.cell = cells;
  step<Dot, R, V>(sum, at, room_of<Dot>, panel_bytes, parts_of<Dot>);
}

template <class Call, int R, int V, bool Whole>
PARE_ALWAYS_INLINE void grouped_tile(const Call& call, index row, index panel) {
  using info = traits<Call>;
  using dot = typename info::choice::type;
  constexpr index strips = Call::structure::group / dot::depth;
  const auto& w = call.weights;
  const index groups = w.groups, row_bytes = call.a_stride * index{sizeof(typename info::a_type)};
  dense_walk walk = start_walk(call, panel_view<dense>{w.strips, nullptr, w.panel_bytes}, row, panel);
  const std::int32_t* terms = call.terms + row * groups;
  const auto* scales = w.scales + panel * groups * strip_lanes;
  f32x16 total[R][V] = {};
  const index whole = walk.full / strips, rest = walk.full % strips;
  for (index g = 0; g < whole; ++g, ++terms, scales += strip_lanes) {
    typename dot::acc sum[R][V];
    start_group<dot, R, V>(sum, terms, groups);
    steps<dot, R, V, 1>(sum, walk, strips, info::cell_step, row_bytes, w.panel_bytes);
    add_group<dot, R, V>(sum, total, terms, scales, groups);
  }
  if (rest != 0 || walk.tail != 0) {
    typename dot::acc sum[R][V];
    start_group<dot, R, V>(sum, terms, groups);
    steps<dot, R, V, 1>(sum, walk, rest, info::cell_step, row_bytes, w.panel_bytes);
    if (walk.tail != 0)
      tail_step<dot, R, V>(sum, walk.here(), walk.tail * index{sizeof(typename info::a_type)}, row_bytes,
                           w.panel_bytes);
    add_group<dot, R, V>(sum, total, terms, scales, groups);
  }
  store_tile<R, V, Whole>(
      call, call.epilogue, row, R,
      panel * strip_lanes, [&](int r, int v) __attribute__((always_inline)) { return total[r][v]; });
}

/// Rows [row, end) of V panels, R at a time.
template <class Call, int R, int V, bool Whole>
__attribute__((noinline)) void grouped_tiles(const Call& call, index row, index end, index panel, const void*) {
  for (; row < end; row += R) grouped_tile<Call, R, V, Whole>(call, row, panel);
}
