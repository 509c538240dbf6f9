// gemm.inl: the loop, once for every format, structure, epilogue and target.

#include "epilogue.inl"
#include "tile.inl"

/// What the loop needs to know of a call at compile time.
template <class Call>
struct traits {
  using choice = choose_dot<typename Call::activations, typename Call::weights_range, Call::sum == value_kind::sum64>;
  using a_type = typename Call::activations::type;
  using total = total_of<choice>;
  static constexpr index cell_step = step_depth<typename Call::weights_range> * index{sizeof(a_type)};
  static constexpr index strip_step = step_bytes<typename Call::weights_range>;
  /// 8-bit activations have a zero point, and a dot may add its offset to them.
  static constexpr bool shifted = sizeof(a_type) == 1;
  static constexpr bool grouped = is_grouped<typename Call::structure>;
  static constexpr bool in_order = grouped || std::is_same_v<typename Call::structure, dense>;
  using tiled = std::conditional_t<grouped, with_totals<typename choice::type>, typename choice::type>;
  static constexpr int panels = in_order ? panels_for<tiled>() : 1;
  /// A lone panel multiplies each cell once: more rows keep the multiplier busier than the loads.
  template <int V>
  static constexpr int rows = std::min(rows_for<tiled>(V), in_order ? 8 : 10);
};

/// A call whose dot has another, `rewritten`, for rows that its rewrite(to, row, k) changed, row_bytes(k) each. That
/// dot reads cell_step bytes a cell, and every sum of a row lacks the row's term, which rewrite returns.
template <class Call>
concept RewrittenCall =
    std::is_same_v<typename Call::structure, dense> && traits<Call>::choice::period == 0 && requires {
  typename traits<Call>::choice::type::rewritten;
};

#include "walk.inl"
#include "windows.inl"

template <class Call>
struct traits<in_order_call<Call>> : traits<Call> {
  struct choice : traits<Call>::choice {
    using type = typename traits<Call>::choice::type::in_order;
  };
  static constexpr int panels = panels_for<typename choice::type>();
  template <int V>
  static constexpr int rows = rows_for<typename choice::type>(V);
};

#include "ahead.inl"
#include "step.inl"

#include "row_copies.inl"

/// The partial cell of every row, completed with zeros.
template <class Dot, int R, int V, class Position>
PARE_ALWAYS_INLINE void tail_step(typename Dot::acc (&sum)[R][V], Position at, index tail_bytes, index row_bytes,
                                  index panel_bytes) {
  constexpr index room = room_of<Dot>;
  constexpr int rows = R * rows_in_cell<Dot>;
  alignas(8) std::byte cells[rows][room] = {};
  copy_tails(cells[0], room, rows, at.cell, tail_bytes, row_bytes);
  at.cell = cells[0];
  step<Dot, R, V>(sum, at, room, panel_bytes, parts_of<Dot>);
}

/// total = sum, or total += sum if something was flushed before. Out of line: it runs once every few thousand products,
/// and inlined its addresses push the loop's out of registers.
template <class Dot, int R, int V>
__attribute__((noinline)) void flush(const typename Dot::acc (&sum)[R][V], i64x16 (&total)[R][V], bool flushed) {
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v) {
      const i64x16 wide = widen(Dot::result(sum[r][v]));
      total[r][v] = flushed ? total[r][v] + wide : wide;
    }
  }
}

/// Adds the whole walk to `sum`; where int32 could overflow, `sum` is moved to `total` every `period` strips.
/// Returns whether it was. The partial cell comes first, while no register is taken.
template <class Traits, int R, int V, class Walk, class Sum, class Total>
PARE_ALWAYS_INLINE bool accumulate(Sum (&sum)[R][V], Total& total, Walk& walk, index row_bytes, index panel_bytes) {
  using dot = typename Traits::choice::type;
  using single = typename single_dot<dot>::type;
  using main = std::conditional_t<Walk::in_order, dot, single>;
  constexpr index period = Traits::choice::period;
  [[maybe_unused]] const index most = period_for<typename Traits::choice>(walk.tail != 0);
  if (walk.tail != 0)
    tail_step<single, R, V>(sum, walk.tail_position(Traits::cell_step),
                            walk.tail * index{sizeof(typename Traits::a_type)}, row_bytes, panel_bytes);
  [[maybe_unused]] bool flushed = false;
  for (index left = walk.full;;) {
    index now = period != 0 && left > most ? most : left;
    [[maybe_unused]] index rest = now % main::strips;
    if constexpr (Walk::in_order && CopiedDot<main>) {
      if constexpr (R > 1) __asm__("" : "+r"(now));  // gcc 12 keeps sums in memory where it knows the count
      if (walk.copied)
        steps<typename main::copied, R, V>(sum, walk, now, cell_bytes, row_bytes, panel_bytes);
      else
        steps<main, R, V>(sum, walk, now, cell_bytes, row_bytes, panel_bytes);
    } else if constexpr (AheadDot<main>) {
      rest = steps_ahead<main, R, V>(sum, walk, now, row_bytes);
    } else {
      steps<main, R, V>(sum, walk, now / main::strips, Traits::cell_step, row_bytes, panel_bytes);
    }
    if constexpr (main::strips > 1)
      steps<single, R, V, 1>(sum, walk, rest / single::strips, Traits::cell_step, row_bytes, panel_bytes);
    left -= now;
    if (period == 0 || left == 0) break;
    if constexpr (period != 0) {
      Sum part[R][V];
      PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v) {
        part[r][v] = sum[r][v];
        sum[r][v] = Sum{};
      }
      flush<dot>(part, total, std::exchange(flushed, true));
    }
  }
  return flushed;
}

PARE_ALWAYS_INLINE const i32x16& sum_with(const i32x16& sum, no_total, bool) { return sum; }
PARE_ALWAYS_INLINE const f32x16& sum_with(const f32x16& sum, no_total, bool) { return sum; }
template <class Sum>
PARE_ALWAYS_INLINE i64x16 sum_with(const Sum& sum, const i64x16& total, bool flushed) {
  return flushed ? widen(sum) + total : widen(sum);
}

/// What takes zero points and the dot's offset out of a column's sums again, in lanes as wide as theirs.
template <class Dot, class Sums, class Call>
PARE_ALWAYS_INLINE Sums correction(const Call& call, index column) {
  using lane = std::conditional_t<std::is_same_v<Sums, i64x16>, std::int64_t, std::int32_t>;
  const i32x16 weights = load_lanes<i32x16>(call.weights.sums + column);
  const auto factor = fill<Sums>(static_cast<lane>(-(call.zero_point + Dot::offset)));
  if constexpr (std::is_same_v<Sums, i64x16>) {
    return widen(weights) * factor;
  } else {
    return weights * factor;
  }
}

#include "store.inl"

#include "sums.inl"

/// Rows [row, end) of V panels, R at a time: tiles of R x V 16-lane outputs, the first panel is `panel`. Whole: as
/// store_tile has it. Pre: R divides end - row.
template <class Call, int R, int V, bool Whole>
__attribute__((noinline)) void tile(const Call& call, index row, index end, index panel) {
  using info = traits<Call>;
  using dot = typename info::choice::type;
  constexpr int rows = rows_in_cell<dot>, cells = static_cast<int>(ceil_div(R, rows));
  const index column = panel * strip_lanes;
  // Computed once for all tiles, and read from memory, because tiles leave no registers.
  column_starts<Call, V> starts(call, column);
  __asm__("" : "+m"(starts));
  for (; row < end; row += R) {
    auto walk = start_walk(call, call.weights, row, panel);
    // A lone row is both rows of its cells.
    index row_bytes = R < rows ? 0 : call.a_stride * index{sizeof(typename info::a_type)};
    copy_tile<R>(call, walk, row_bytes);
    typename dot::acc sum[cells][V] = {};
    start_sums<cells, V>(call, starts, sum, row);
    typename info::total total[cells][V];
    const bool flushed = accumulate<info, cells, V>(sum, total, walk, row_bytes, panel_distance(call.weights));
    end_sums<cells, V>(sum);
    store_tile<R, V, Whole>(
        call, stages_left(call), row, R, column, [&](int r, int v) __attribute__((always_inline)) {
          return finished_sum(call, column + v * strip_lanes, row_result<dot>(sum[r / rows][v], r % rows),
                              total[r / rows][v], flushed);
        });
  }
}

#include "groups.inl"

/// The same, the most frequent tiles by a function of their own.
template <class Call, int R, int V>
PARE_ALWAYS_INLINE void tiles(const Call& call, index row, index end, index panel) {
  constexpr bool frequent = R == traits<Call>::template rows<V> && V <= traits<Call>::panels &&
                            2 * V >= traits<Call>::panels && stores_from_registers<Call>;
  if constexpr (frequent) {
    if (holds_tile<V>(call, panel * strip_lanes)) return tile<Call, R, V, true>(call, row, end, panel);
  }
  if constexpr (!frequent || !whole_columns<Call, strip_lanes>) tile<Call, R, V, false>(call, row, end, panel);
}

/// Whether V panels are fewer than most tiles have, what is left of wide products, or narrow ones, or rows too short to
/// be rewritten: they have tiles of every second height or fewer, which take less time to compile.
template <class Call, int V>
inline constexpr bool narrow_tiles = V < traits<Call>::panels || RewrittenCall<Call>;

/// Rows [row, row + rows) of V panels, in tiles of R rows and fewer.
template <class Call, int R, int V>
PARE_ALWAYS_INLINE void last_tiles(const Call& call, index row, index rows, index panel) {
  constexpr int grain = rows_in_cell<typename traits<Call>::choice::type>;
  constexpr int less = narrow_tiles<Call, V> ? R / 2 / grain * grain : R - grain;
  if (rows >= R) {
    const index left = rows % R, end = row + rows - left;
    tiles<Call, R, V>(call, row, end, panel);
    row = end;
    rows = left;
  }
  if constexpr (less > 0) {
    if (rows > 0) last_tiles<Call, less, V>(call, row, rows, panel);
  }
}

/// Rows [begin, end), V panels at a time, then fewer.
template <class Call, int V>
PARE_ALWAYS_INLINE void panels(const Call& call, index begin, index end, index panel, index last_panel) {
  constexpr int most = traits<Call>::template rows<V>;
  constexpr index grain = rows_in_cell<typename traits<Call>::choice::type>;
  // Full tiles, then two of nearly equal height, which beat a full one and a sliver; then a row that fills no cell.
  const index odd = (end - begin) % grain, rows = end - begin - odd;
  const index full = rows % most == 0 ? rows : std::max(rows / most - !narrow_tiles<Call, V>, index{0}) * most;
  const index rest = rows - full, first = rest > most ? round_up(ceil_div(rest, 2), grain) : rest;
  for (; panel + V <= last_panel; panel += V) {
    if (full != 0) tiles<Call, most, V>(call, begin, begin + full, panel);
    if (first != 0) last_tiles<Call, most, V>(call, begin + full, first, panel);
    if (rest > first) last_tiles<Call, most, V>(call, begin + full + first, rest - first, panel);
    if constexpr (grain != 1)
      if (odd != 0) tiles<Call, 1, V>(call, end - 1, end, panel);
  }
  if constexpr (V > 1 && !whole_columns<Call, V * strip_lanes>) {
    if (panel < last_panel) panels<Call, V / 2>(call, begin, end, panel, last_panel);
  }
}

/// How many rows all panels are run over before the next rows. Lists jump within their rows, which must therefore stay
/// in the first-level cache; in order, rows stream well from the second level.
template <class Call>
PARE_ALWAYS_INLINE index rows_at_once(const Call& call, index rows) {
  if constexpr (traits<Call>::in_order) {
    return rows;
  } else {
    constexpr index first_level_bytes = 32 * 1024, most = traits<Call>::template rows<1>;
    const index row_bytes = std::max<index>(call.k * index{sizeof(*call.a)}, 1);
    return std::max(first_level_bytes / row_bytes / most, index{1}) * most;
  }
}

#include "few_rows.inl"

template <class Call>
void run_in_place(const Call& call) noexcept {
  const rectangle& part = call.part;
  const index step = rows_at_once(call, part.row_end - part.row_begin);
  for (index row = part.row_begin; row < part.row_end; row += step)
    run_rows(call, row, std::min(row + step, part.row_end));
}

#include "copied_rows.inl"
#include "rewritten.inl"

template <class Call>
void run(const Call& call) noexcept {
  if (call.part.column_begin >= call.part.column_end || call.part.row_begin >= call.part.row_end) return;
  if constexpr (CopiedDot<typename traits<Call>::choice::type> && std::is_same_v<typename Call::structure, dense>) {
    if (runs_copied(call)) return;
  }
  if constexpr (RewrittenCall<Call>) {
    if (run_rewritten(call)) return;
  }
  run_in_place(call);
}
