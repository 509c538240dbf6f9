// tiles.hpp: how a product is cut into tiles, and what happens around their loops: once for all targets, which list
// their functions in tables.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>

#include "../core/standard.hpp"
#include "row_copies.hpp"
#include "walk.hpp"

namespace pare::inline PARE_UNIT {

template <class Call>
using walk_of = decltype(start_walk(std::declval<const Call&>(), std::declval<const Call&>().weights, 0, 0));

/// Rows [row, end) of as many panels as the function is for, from `panel` on, whose sums start at `starts`.
template <class Call>
using tile_function = void (*)(const Call& call, index row, index end, index panel, const void* starts);

/// sums = starts + the first `count` strips of a walk. The sums of a row of a tile, or of cells of some rows, lie side
/// by side, and so do starts; the next row's starts are `start_step` on. Sums are what the target's dot makes them.
template <class Call>
using microkernel = void (*)(void* sums, const void* starts, index start_step, const walk_of<Call>& walk, index count,
                             index row_bytes, index panel_bytes);

/// What makes a tile of `rows` rows: a microkernel, or, of grouped weights, a function that does it all.
template <class Call, bool Grouped = is_grouped<typename Call::structure>>
struct tile_height {
  int rows;
  microkernel<Call> kernel;
};
template <class Call>
struct tile_height<Call, true> {
  int rows;
  tile_function<Call> kernel;
};

/// Tiles of as many panels side by side.
template <class Call>
struct tile_set {
  static constexpr int most_rows = 10;
  int panels, rows;                        ///< rows: those of the highest; panels 0: there is no such set
  tile_function<Call> frequent;            ///< the highest, by a function that does it all; null if there is none
  tile_height<Call> up_to[most_rows + 1];  ///< [r]: the highest of r rows at most
};
/// Sets of 4, 2 and 1 panels, or the last ones or the first of them.
template <class Call>
using tile_sets = std::array<tile_set<Call>, 3>;

/// The functions of a target for a call. They take sums and totals of a tile as microkernels leave them.
template <class Call>
struct tile_table {
  tile_sets<Call> sets;
  const tile_set<Call>*one_row, *two_rows;  ///< those of calls that have no more rows; null: the same
  bool (*suits)(const Call& call);          ///< whether frequent tiles can run it; null if they can run every call
  bool whole;                               ///< whether they store all their columns, and rectangles may cut them
  void (*start)(const Call& call, index panel, int panels, void* starts);  ///< null for grouped weights
  /// sums = starts, and what the rows' sums lack; null where they lack nothing.
  void (*start_rows)(const Call& call, index row, int rows, int panels, const void* starts, void* sums);
  /// total = sum, or total += sum if something was flushed before; sum = 0.
  void (*flush)(void* sums, void* totals, int count, bool flushed);
  void (*store)(const Call& call, index row, int rows, index panel, int panels, void* sums, const void* totals,
                bool flushed);
  copy_function copy;          ///< null where the dot reads rows in place
  bool copies_pay;             ///< that few products read, on every CPU
  int rows_of_cell;            ///< 1 or 2
  index tail_strips;           ///< that partial cells meet
  index cell_step, room;       ///< room: bytes that may be read of a partial cell
  index period, whole_period;  ///< strips between two flushes, for rows that end in a partial cell, or do not
};

/// A tile has no more sums than a target has registers, and no more bytes of each than this.
inline constexpr int most_sums = 33, most_sum_bytes = 128;

/// Memory of a tile.
template <class Call>
struct tile_memory {
  static constexpr index total_bytes = 128;
  alignas(64) std::byte starts[4 * most_sum_bytes];
  alignas(64) std::byte sums[most_sums * most_sum_bytes];
  alignas(64) std::byte totals[Call::sum == value_kind::sum64 ? most_sums * total_bytes : 1];
  alignas(64) std::byte cells[tile_set<Call>::most_rows * strip_bytes];
};

/// The sums of a tile. Partial cells come first, from a copy that zeros complete. Returns whether anything was moved to
/// m.totals.
template <class Call>
PARE_ALWAYS_INLINE bool sum_tile(const Call& call, const tile_table<Call>& table, const tile_height<Call>& height,
                                 index row, index panel, int panels, tile_memory<Call>& m) noexcept {
  const int cells = table.rows_of_cell == 1 ? height.rows : (height.rows + 1) / 2, rows = cells * table.rows_of_cell;
  const index panel_bytes = panel_distance(call.weights);
  walk_of<Call> walk = start_walk(call, call.weights, row, panel);
  // A lone row is both rows of its cells.
  index row_bytes = height.rows < rows ? 0 : call.a_stride * index{sizeof(*call.a)};
  copy_tile(call, table.copy, rows, walk, row_bytes);
  const std::byte* starts = m.starts;
  index start_step = 0;
  const auto add = [&](const walk_of<Call>& from, index count, index step_bytes) {
    height.kernel(m.sums, starts, start_step, from, count, step_bytes, panel_bytes);
    starts = m.sums;
    start_step = panels;
  };
  if (table.start_rows != nullptr) {
    table.start_rows(call, row, rows, panels, m.starts, m.sums);
    starts = m.sums;
    start_step = panels;
  }
  [[maybe_unused]] index most = table.whole_period, left = walk.full;
  if (walk.tail != 0) {
    copy_tails(m.cells, table.room, rows, walk.tail_cell(table.cell_step), walk.tail * index{sizeof(*call.a)},
               row_bytes);
    auto tail = walk;
    tail.move_to_tail(m.cells);
    add(tail, table.tail_strips, table.room);
    most = table.period;
  }
  bool flushed = false;
  if constexpr (Call::sum == value_kind::sum64) {
    for (; left > most; left -= most) {
      add(walk, most, row_bytes);
      walk.advance(most, table.cell_step);
      table.flush(m.sums, m.totals, cells * panels, std::exchange(flushed, true));
    }
  }
  add(walk, left, row_bytes);
  return flushed;
}

/// Rows [begin, end) in tiles of one height, which divides their number.
template <class Call>
struct tile_rows {
  index begin, end;
  const tile_height<Call>* height;
};

/// Some rows of some panels.
template <class Call>
PARE_ALWAYS_INLINE void run_rows_of_panels(const Call& call, [[maybe_unused]] const tile_table<Call>& table,
                                           const tile_rows<Call>* rows, const tile_rows<Call>* last, index panel,
                                           [[maybe_unused]] int panels,
                                           [[maybe_unused]] tile_memory<Call>& m) noexcept {
  if constexpr (is_grouped<typename Call::structure>) {
    for (; rows < last; ++rows) rows->height->kernel(call, rows->begin, rows->end, panel, nullptr);
  } else {
    for (; rows < last; ++rows) {
      const tile_height<Call>& height = *rows->height;
      for (index row = rows->begin; row < rows->end; row += height.rows) {
        const bool flushed = sum_tile(call, table, height, row, panel, panels, m);
        table.store(call, row, height.rows, panel, panels, m.sums, m.totals, flushed);
      }
    }
  }
}

/// Whether a rectangle cuts the columns of some panels.
template <class Call>
PARE_ALWAYS_INLINE bool cuts_columns(const rectangle& part, index panel, int panels) noexcept {
  return !whole_columns<Call, strip_lanes> &&
         (panel * strip_lanes < part.column_begin || (panel + panels) * strip_lanes > part.column_end);
}

/// Frequent tiles that a rectangle cuts: into memory, and from there what it holds.
template <class Call>
__attribute__((noinline)) void run_cut_tiles(const Call& call, const tile_set<Call>& set, index begin, index end,
                                             index panel, const void* starts) noexcept {
  using out_type = std::remove_pointer_t<decltype(call.out)>;
  alignas(64) out_type tile[tile_set<Call>::most_rows * 4 * strip_lanes];
  out_type* const memory = tile;
  const index column = panel * strip_lanes, first = larger(call.part.column_begin, column);
  const index last = smaller(call.part.column_end, column + set.panels * strip_lanes);
  const auto bytes = static_cast<std::size_t>(last - first) * sizeof(out_type);
  Call cut = call;
  cut.out_stride = set.panels * strip_lanes;
  for (index row = begin; row < end; row += set.rows) {
    cut.out = memory - (row * cut.out_stride + column);
    set.frequent(cut, row, row + set.rows, panel, starts);
    for (index r = row; r < row + set.rows; ++r)
      std::memcpy(call.out + r * call.out_stride + first, cut.out + r * cut.out_stride + first, bytes);
  }
}

/// How the rows of a call are cut: at most full tiles, tiles of fewer and fewer rows, and a lone row.
template <class Call>
struct row_plan {
  tile_rows<Call> rows[6];
  tile_rows<Call>* last = rows;

  /// Rows up to `end`, fewer than the highest tile has, in as few tiles as there are heights for.
  PARE_ALWAYS_INLINE void add(const tile_set<Call>& set, index row, index end) noexcept {
    while (row < end) {
      const auto& height = set.up_to[smaller<index>(end - row, set.rows)];
      index next = row + height.rows;
      while (next + height.rows <= end) next += height.rows;
      *last++ = {row, next, &height};
      row = next;
    }
  }
};

/// Rows [begin, end) of panels [panel, last_panel), by sets of fewer and fewer of them.
template <class Call>
__attribute__((noinline)) void run_tiles(const Call& call, const tile_table<Call>& table, const tile_set<Call>* set,
                                         index begin, index end, index panel, index last_panel) noexcept {
  const index odd = table.rows_of_cell == 1 ? 0 : (end - begin) % 2, rows = end - begin - odd;
  for (; panel < last_panel; ++set) {
    if (panel + set->panels > last_panel) continue;
    // Full tiles, then lower and lower ones, or two of one height where a full one and the rest would take three, then
    // a row that fills no cell.
    const index most = set->rows, over = rows % most, half = (most + over) / 2;
    const bool halves =
        rows > most && 2 * half == most + over && set->up_to[over].rows < over && set->up_to[half].rows == half;
    const index full = rows < most ? 0 : rows - over - (halves ? most : 0);
    row_plan<Call> plan;
    if (full != 0) *plan.last++ = {begin, begin + full, &set->up_to[most]};
    if (halves) *plan.last++ = {begin + full, begin + rows, &set->up_to[half]};
    plan.add(*set, halves ? begin + rows : begin + full, begin + rows);
    const bool frequent = full != 0 && set->frequent != nullptr && (table.suits == nullptr || table.suits(call));
    if (odd != 0) *plan.last++ = {end - 1, end, &set->up_to[1]};
    for (; panel + set->panels <= last_panel; panel += set->panels) {
      const bool cut = table.whole && cuts_columns<Call>(call.part, panel, set->panels);
      const bool by_frequent = frequent && !(cut && reads_operands<decltype(Call::epilogue)>);
      tile_memory<Call> m;
      if (table.start != nullptr) table.start(call, panel, set->panels, m.starts);
      if (by_frequent && cut) {
        run_cut_tiles(call, *set, begin, begin + full, panel, m.starts);
      } else if (by_frequent) {
        set->frequent(call, begin, begin + full, panel, m.starts);
      }
      const tile_rows<Call>* const others = plan.rows + by_frequent;
      if (others != plan.last) run_rows_of_panels(call, table, others, plan.last, panel, set->panels, m);
    }
  }
}

/// Rows [begin, end), all panels from `panel` on.
template <class Call>
PARE_ALWAYS_INLINE void run_rows_from(const Call& call, const tile_table<Call>& table, index begin, index end,
                                      index panel) noexcept {
  const index rows = end - begin;
  const tile_set<Call>* const low = rows == 1 ? table.one_row : rows == 2 ? table.two_rows : nullptr;
  run_tiles(call, table, low != nullptr ? low : table.sets.data(), begin, end, panel,
            panel_count(call.part.column_end));
}
template <class Call>
PARE_ALWAYS_INLINE void run_rows(const Call& call, const tile_table<Call>& table, index begin, index end) noexcept {
  run_rows_from(call, table, begin, end, call.part.column_begin / strip_lanes);
}

}  // namespace pare::inline PARE_UNIT
