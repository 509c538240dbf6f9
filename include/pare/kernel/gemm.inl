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
  static constexpr int rows = smaller(rows_for<tiled>(V), in_order ? 8 : 10);
};

/// A call whose dot has another, `rewritten`, for rows that its rewrite(to, row, k) changed, row_bytes(k) each. That
/// dot reads cell_step bytes a cell, and every sum of a row lacks the row's term, which rewrite returns.
template <class Call>
concept RewrittenCall =
    std::is_same_v<typename Call::structure, dense> && traits<Call>::choice::period == 0 && requires {
  typename traits<Call>::choice::type::rewritten;
};

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

#include "call_traits.inl"

#include "ahead.inl"
#include "step.inl"

/// total = sum, or total += sum if something was flushed before; sum = 0. Out of line: it runs once every few thousand
/// products, and inlined its addresses push the loop's out of registers.
template <class Dot>
__attribute__((noinline)) void flush(typename Dot::acc* sums, i64x16* totals, int count, bool flushed) {
  for (int i = 0; i < count; ++i) {
    const i64x16 wide = widen(Dot::result(sums[i]));
    totals[i] = flushed ? totals[i] + wide : wide;
    sums[i] = {};
  }
}

/// The same for sums in registers, which stay there: the copy is what has an address.
template <class Dot, int R, int V, class Total>
PARE_ALWAYS_INLINE void flush_registers(typename Dot::acc (&sum)[R][V], Total (&total)[R][V], bool flushed) {
  if constexpr (std::is_same_v<Total, i64x16>) {
    typename Dot::acc part[R][V];
    PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v) {
      part[r][v] = sum[r][v];
      sum[r][v] = {};
    }
    flush<Dot>(part[0], total[0], R * V, flushed);
  }
}

/// Cells that are changed by an operand as they are read.
template <class Walk>
struct flipping_walk : Walk {
  struct flipping_position : position {
    i32_reg flips;
  };
  i32_reg flips;
  PARE_ALWAYS_INLINE flipping_position here() const { return {this->at, flips}; }
};

/// Whether a tile has two loops, for copied rows and for others, or one that changes every cell by an operand, which
/// does nothing to copied ones.
template <class Traits, int R, int V>
inline constexpr bool loops_twice =
    R == Traits::template rows<V>&& R > 1 && 2 * V >= Traits::panels&& V <= Traits::panels;

/// Adds `count` strips of a walk. Twice: as loops_twice has it.
template <class Dot, index CellStep, bool Twice, int R, int V, class Walk>
PARE_ALWAYS_INLINE void add_strips(typename Dot::acc (&sum)[R][V], Walk& walk, index count, index row_bytes,
                                   index panel_bytes) {
  using single = typename single_dot<Dot>::type;
  using main = std::conditional_t<Walk::in_order, Dot, single>;
  [[maybe_unused]] index rest = count % main::strips;
  if constexpr (Walk::in_order && CopiedDot<main>) {
    if constexpr (R > 1) __asm__("" : "+r"(count));  // gcc 12 keeps sums in memory where it knows the count
    if constexpr (!Twice) {
      flipping_walk<Walk> flipping{walk, flips_for(walk.copied)};
      steps<typename main::either, R, V>(sum, flipping, count, cell_bytes, row_bytes, panel_bytes);
      walk = flipping;
    } else if (walk.copied) {
      steps<typename main::copied, R, V>(sum, walk, count, cell_bytes, row_bytes, panel_bytes);
    } else {
      steps<main, R, V>(sum, walk, count, cell_bytes, row_bytes, panel_bytes);
    }
  } else if constexpr (AheadDot<main>) {
    rest = steps_ahead<main, R, V>(sum, walk, count, row_bytes);
  } else {
    steps<main, R, V>(sum, walk, count / main::strips, CellStep, row_bytes, panel_bytes);
  }
  if constexpr (main::strips > 1)
    steps<single, R, V, 1>(sum, walk, rest / single::strips, CellStep, row_bytes, panel_bytes);
}

/// Adds the whole walk to `sum`: the partial cells of the rows, from a copy that zeros complete, and then all whole
/// ones. Where int32 could overflow, `sum` is moved to `total` every `period` strips. Returns whether it was.
template <class Traits, int R, int V, class Walk, class Sum, class Total>
PARE_ALWAYS_INLINE bool accumulate(Sum (&sum)[R][V], Total& total, const Walk& whole, index row_bytes,
                                   index panel_bytes) {
  using dot = typename Traits::choice::type;
  constexpr int rows = R * rows_in_cell<dot>;
  constexpr index period = Traits::choice::period, room = room_of<typename single_dot<dot>::type>;
  [[maybe_unused]] const index most = period_for<typename Traits::choice>(whole.tail != 0);
  alignas(8) std::byte cells[rows * room];
  bool flushed = false, in_tail = whole.tail != 0;
  Walk walk = whole;
  index step_bytes = row_bytes;
  if (in_tail) {
    copy_tails(cells, room, rows, walk.tail_cell(Traits::cell_step), walk.tail * index{sizeof(typename Traits::a_type)},
               row_bytes);
    walk.move_to_tail(cells);
    step_bytes = room;
  }
  for (index left = in_tail ? single_dot<dot>::type::strips : walk.full;;) {
    const index now = period != 0 && left > most ? most : left;
    add_strips<dot, Traits::cell_step, (R > 1)>(sum, walk, now, step_bytes, panel_bytes);
    left -= now;
    if (left == 0) {
      if (!in_tail) return flushed;
      in_tail = false;
      walk = whole;
      left = walk.full;
      step_bytes = row_bytes;
    } else if constexpr (period != 0) {
      flush_registers<dot>(sum, total, std::exchange(flushed, true));
    }
  }
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

#include "groups.inl"

/// Rows [row, end) of V panels, R at a time: the most frequent tiles, by a function that does it all. Whole: as
/// store_tile has it. Pre: R divides end - row; if Whole, all columns are stored, and what small_tiles leave out is not
/// needed.
template <class Call, int R, int V, bool Whole>
__attribute__((noinline)) void frequent_tiles(const typename base_call<Call>::type& call, index row, index end,
                                              index panel, const void* starts) {
  using info = traits<Call>;
  using dot = typename info::choice::type;
  constexpr int rows = rows_in_cell<dot>, cells = static_cast<int>(ceil_div(R, rows));
  const index column = panel * strip_lanes;
  const auto stages = stages_for<(Whole ? V : 0)>(stages_left(call), column);
  for (; row < end; row += R) {
    auto walk = start_walk(call, call.weights, row, panel);
    // A lone row is both rows of its cells.
    index row_bytes = R < rows ? 0 : call.a_stride * index{sizeof(typename info::a_type)};
    copy_tile(call, copy_function_of<Call>(), R, walk, row_bytes);
    typename dot::acc sum[cells][V] = {};
    if constexpr (starts_anywhere<Call>)
      start_sums<Call>(call, static_cast<const typename dot::acc*>(starts), sum, row);
    typename info::total total[cells][V];
    const bool flushed = accumulate<info, cells, V>(sum, total, walk, row_bytes, panel_distance(call.weights));
    end_sums<cells, V>(sum);
    store_tile<R, V, Whole>(
        call, stages, row, R, column, [&](int r, int v) __attribute__((always_inline)) {
          return finished_sum(call, column + v * strip_lanes, row_result<dot>(sum[r / rows][v], r % rows),
                              total[r / rows][v], flushed);
        });
  }
}

#include "tile_table.inl"

#include "few_rows.inl"

template <class Call>
void run(const Call& call) noexcept {
  const auto& [row, row_end, column, column_end] = call.part;
  if (column >= column_end || row >= row_end) return;
  if constexpr (i32_regs == 1 && !is_grouped<typename Call::structure>) {
    // What surrounds tiles of all sizes would take longer than this one.
    const index panel = column / strip_lanes;
    if (row_end - row == 1 && (column_end - 1) / strip_lanes == panel) {
      typename traits<Call>::choice::type::acc start;
      start_panels(call, panel, 1, &start);
      return frequent_tiles<Call, 1, 1, false>(call, row, row_end, panel, &start);
    }
  }
  if constexpr (RewrittenCall<Call>) {
    if (run_rewritten(call, rewriting_of<Call>)) return;
  }
  if (!run_few_rows(call)) run_product(call, table_of<Call>);
}
