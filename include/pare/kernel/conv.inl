// conv.inl: the loop over the runs of a convolution. Included in every target's
// namespace, after gemm.inl.

/// The current strip of a panel; the next steps' follow.
struct strip_cursor {
  const std::byte* strip;
  template <class Traits>
  PARE_ALWAYS_INLINE void advance(index steps) {
    strip += steps * Traits::strip_step;
  }
};
template <class View>
PARE_ALWAYS_INLINE strip_cursor start_strips(const View& w, index panel) {
  return {w.strips + panel * w.panel_bytes};
}

/// The same where places lie apart.
struct picked_cursor : strip_cursor {
  const std::byte* places;
  template <class Traits>
  PARE_ALWAYS_INLINE void advance(index steps) {
    strip_cursor::advance<Traits>(steps);
    places += steps * Traits::places_step;
  }
};
template <index N, index M>
PARE_ALWAYS_INLINE picked_cursor start_strips(const panel_view<n_of_m<N, M, strip_lanes>>& w, index panel) {
  const std::byte* const strip = w.strips + panel * w.panel_bytes;
  return {{strip}, strip + weights_bytes_of_panel(w.panel_bytes)};
}

/// A cell for a loop inside a loop.
template <class Dot, class Reader>
PARE_ALWAYS_INLINE typename Dot::cell broadcast_nested([[maybe_unused]] const Reader& reader, const std::byte* p) {
  if constexpr (std::is_same_v<Reader, Dot> && requires { Dot::broadcast_nested(p); }) {
    return Dot::broadcast_nested(p);
  } else {
    return reader.broadcast(p);
  }
}

/// sum[r][v] += cell r times strip v, as `step` does, for rows [First, Last), each of which has its own pointer; all
/// are read `at` bytes on.
template <class Dot, int First, int Last, int R, int V, class Cursor>
PARE_ALWAYS_INLINE void run_step(typename Dot::acc (&sum)[R][V], const std::byte* const (&row)[R], index at, Cursor w,
                                 index panel_bytes) {
  constexpr std::make_integer_sequence<int, Dot::parts> parts{};
  if constexpr (streams<Dot>) {
    const auto reader = reader_of<Dot>(w);
    typename Dot::cell x[R];
    PARE_UNROLL for (int r = First; r < Last; ++r) x[r] = broadcast_nested<Dot>(reader, row[r] + at);
    PARE_UNROLL for (int v = 0; v < V; ++v) each_part(
        [&](auto part) __attribute__((always_inline)) {
          const auto weights = part_at<Dot, part>(w, v * panel_bytes);
          PARE_UNROLL for (int r = First; r < Last; ++r) Dot::template mul_add<part>(sum[r][v], x[r], weights);
#if defined(__clang__)
          __asm__ volatile("" ::: "memory");  // as in `step`
#else
          __asm__ volatile("" : "+r"(w.strip));  // for what `step` does: in nested loops that would keep sums in memory
#endif
        },
        parts);
  } else {
    typename Dot::part weights[V][Dot::parts];
    PARE_UNROLL for (int v = 0; v < V; ++v) each_part(
        [&](auto part) __attribute__((always_inline)) { weights[v][part] = part_at<Dot, part>(w, v * panel_bytes); },
        parts);
    const auto reader = reader_of<Dot>(w);
    PARE_UNROLL for (int r = First; r < Last; ++r) {
      const auto x = broadcast_nested<Dot>(reader, row[r] + at);
      PARE_UNROLL for (int v = 0; v < V; ++v) each_part(
          [&](auto part)
              __attribute__((always_inline)) { Dot::template mul_add<part>(sum[r][v], x, weights[v][part]); },
          parts);
    }
  }
}

/// `count` steps from `at` on; moves `at` and `w` behind them.
template <class Traits, class Dot, int First, int Last, int R, int V, class Cursor>
PARE_ALWAYS_INLINE void run_steps(typename Dot::acc (&sum)[R][V], const std::byte* const (&row)[R], index count,
                                  index& at, Cursor& w, index panel_bytes) {
  __asm__("" : "+r"(count));  // as in `steps`
  for (; count > 0; --count) {
    run_step<Dot, First, Last>(sum, row, at, w, panel_bytes);
    at += Dot::strips * Traits::cell_step;
#if defined(__clang__)
    __asm__("" : "+r"(at));  // or every row would have a pointer that moves
#endif
    w.template advance<Traits>(Dot::strips);
  }
}

/// Copies of rows lie so far apart; they stay in the nearest cache.
inline constexpr index copy_bytes = 512;

/// `count` steps of R rows that begin anywhere, over copies of them.
template <class Dot, int R, int V>
PARE_ALWAYS_INLINE void copied_steps(typename Dot::acc (&sum)[R][V], const std::byte* const (&row)[R], index count,
                                     const std::byte*& strip, index panel_bytes) {
  alignas(64) std::byte cells[R * copy_bytes];
  constexpr index most = copy_bytes / cell_bytes;
  for (index done = 0; done < count; done += most) {
    const index now = smaller(count - done, most);
    for (index at = 0; at < now * cell_bytes; at += register_bytes)
      PARE_UNROLL for (int r = 0; r < R; ++r)
          Dot::copied::copy(cells + at + r * copy_bytes, row[r] + done * cell_bytes + at, now * cell_bytes - at);
    dense_walk walk{{cells, strip}, 0, 0};
    steps<typename Dot::copied, R, V>(sum, walk, now, cell_bytes, copy_bytes, panel_bytes);
    strip = walk.at.strip;
  }
}

/// Adds a run of `cells` cells to the sums of rows [First, Last). Where int32 could overflow, `sum` is
/// moved to `total` every `period` strips; `left` are those that still fit.
/// Returns whether anything was moved yet.
template <class Traits, int First, int Last, int R, int V, class Sum, class Total, class Cursor>
PARE_ALWAYS_INLINE bool add_run(Sum (&sum)[R][V], Total& total, const std::byte* const (&row)[R], index cells,
                                Cursor& w, index panel_bytes, index& left, bool flushed) {
  using dot = typename Traits::choice::type;
  using single = typename single_dot<dot>::type;
  constexpr index period = Traits::choice::period;
  if constexpr (period == 0 && CopiedDot<dot>) {
    // Unlikely: gcc 12 then keeps in registers what the other loop, which has more addresses, needs.
    if (copies_pay()) [[unlikely]] {
      copied_steps<dot, R, V>(sum, row, cells, w.strip, panel_bytes);
      return flushed;
    }
  }
  index at = 0;
  while (cells > 0) {
    if constexpr (period != 0) {
      if (left < smaller<index>(cells, dot::strips)) {
        flush_registers<dot>(sum, total, std::exchange(flushed, true));
        left = period;
      }
    }
    // Whole steps up to a flush: lines of windows are counted from where the run begins.
    const index now = period == 0 || cells <= left ? cells : left / dot::strips * dot::strips;
    run_steps<Traits, dot, First, Last>(sum, row, now / dot::strips, at, w, panel_bytes);
    if constexpr (dot::strips > 1)
      run_steps<Traits, single, First, Last>(sum, row, now % dot::strips, at, w, panel_bytes);
    cells -= now;
    left -= now;
  }
  return flushed;
}

#include "conv_runs.inl"

/// Output pixels [row, row + rows), R if that is less, of V panels; the pixels
/// are `at`, ... of the table.
template <class Call, int R, int V, conv_runs Runs, bool Whole, class Stages>
PARE_ALWAYS_INLINE void one_conv_tile(const Call& call, const Stages& stages, tap_table& taps, index row, index at,
                                      index rows, index panel) {
  using info = traits<Call>;
  const index column = panel * strip_lanes;
  using dot = typename info::choice::type;
  typename dot::acc sum[R][V] = {};
  if constexpr (starts_anywhere<Call>) {
    typename dot::acc starts[V];
    PARE_UNROLL for (int v = 0; v < V; ++v) starts[v] = started_at<dot>(column_start(call, column + v * strip_lanes));
    start_sums<Call>(call, starts, sum, row);
  }
  typename info::total total[R][V];
  const bool flushed = add_runs<info, R, V, Runs>(sum, total, taps, row, at, rows, call.weights, panel);
  store_tile<R, V, Whole>(
      call, stages, row, smaller<index>(rows, R), column, [&](int r, int v) __attribute__((always_inline)) {
        return finished_sum(call, column + v * strip_lanes, dot::result(sum[r][v]), total[r][v], flushed);
      });
}

/// Rows of a tile of V panels: no more than the table repeats its last pixel; one less where places take a pointer of
/// their own, which x86 has no register for.
template <class Call, int V>
inline constexpr int conv_rows = smaller<int>(traits<Call>::template rows<V>,
                                              tap_table::most_rows - shares_places<typename Call::structure>);

/// Output pixels [row, row + rows), R at a time, the last tile cut. The loop is
/// here because gcc 12 keeps the sums in memory, and loads and stores them
/// around every run, where a tile is a function by itself.
template <class Call, int R, int V, conv_runs Runs, bool Whole>
__attribute__((noinline)) void conv_tile_loop(const Call& call, tap_table& taps, index row, index at, index rows,
                                              index panel) {
  if constexpr (Whole) {
    const auto stages = stages_for<V>(stages_left(call), panel * strip_lanes);
    for (; rows > 0; row += R, at += R, rows -= R)
      one_conv_tile<Call, R, V, Runs, true>(call, stages, taps, row, at, rows, panel);
  } else {
    for (; rows > 0; row += R, at += R, rows -= R)
      one_conv_tile<Call, R, V, Runs, false>(call, stages_left(call), taps, row, at, rows, panel);
  }
}
/// The same, the most frequent tiles by functions of their own.
template <class Call, int R, int V, bool Frequent>
PARE_ALWAYS_INLINE void conv_tiles(const Call& call, tap_table& taps, index row, index at, index rows, index panel) {
  if constexpr (Frequent) {
    if (const index whole = holds_tile(call, panel * strip_lanes, V) ? rows / R * R : 0; whole > 0) {
      constexpr bool may_copy = window_depth<typename Call::structure> == 0 && !leaves_sides_out<traits<Call>>;
      const bool copied = may_copy && taps.copies_windows();
      if constexpr (may_copy) {
        if (copied) conv_tile_loop<Call, R, V, conv_runs::copied, true>(call, taps, row, at, whole, panel);
      }
      if (!copied) conv_tile_loop<Call, R, V, conv_runs::pointed, true>(call, taps, row, at, whole, panel);
      row += whole, at += whole, rows -= whole;
    }
  }
  if (rows <= 0) return;
  if (taps.copies_windows()) taps.point_windows(at, rows);
  conv_tile_loop<Call, R, V, conv_runs::pointed, false>(call, taps, row, at, rows, panel);
}

/// The same for windows whose runs do not fit the table at once.
template <class Call>
__attribute__((noinline)) void large_conv_tiles(const Call& call, tap_table& taps, index row, index rows, index panel,
                                                index last_panel) {
  constexpr index some = conv_rows<Call, 1> / 2 + 1;
  for (; panel < last_panel; ++panel)
    for (index i = 0; i < rows; i += some)
      conv_tile_loop<Call, some, 1, conv_runs::many, false>(call, taps, row + i, 0, smaller(some, rows - i), panel);
}

#include "conv_lines.inl"

template <class Call>
void run_conv(const Call& call) noexcept {
  const rectangle& part = call.part;
  if (part.column_begin >= part.column_end || part.row_begin >= part.row_end) return;
  tap_table taps(call.walk);
  if constexpr (leaves_sides_out<traits<Call>>) {
    if (taps.runs_at_once() == taps.runs()) taps.inside.list_cells();
    if (taps.inside.cells() != 0) return conv_mostly_inside(call, taps);
  }
  conv_by_table(call, taps);
}
