// tile_table.inl: this target's functions for a call, as tiles.hpp lists them. Included by gemm.inl.

/// The microkernel of R rows, or cells of rows, by V panels.
template <class Dot, class Walk, index CellStep, bool Twice, int R, int V>
void tile_loop(void* to, const void* from, index start_step, const Walk& begin, index count, index row_bytes,
               index panel_bytes) {
  using acc = typename Dot::acc;
  static_assert(R * V <= most_sums && sizeof(acc) <= most_sum_bytes);
  const auto* starts = static_cast<const acc*>(from);
  auto* sums = static_cast<acc*>(to);
  acc sum[R][V];
  PARE_UNROLL for (int r = 0; r < R; ++r, starts += start_step) PARE_UNROLL for (int v = 0; v < V; ++v) sum[r][v] =
      starts[v];
  Walk walk = begin;
  add_strips<Dot, CellStep, Twice>(sum, walk, count, row_bytes, panel_bytes);
  PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v)* sums++ = sum[r][v];
}
template <class Call, int R, int V>
constexpr auto kernel_of() {
  if constexpr (is_grouped<typename Call::structure>) {
    return &grouped_tiles<Call, R, V, false>;
  } else {
    using info = traits<Call>;
    using dot = typename info::choice::type;
    constexpr int cells = static_cast<int>(ceil_div(R, rows_in_cell<dot>));
    return &tile_loop<dot, walk_of<typename base_call<Call>::type>, info::cell_step, loops_twice<info, R, V>, cells, V>;
  }
}
/// What the tables of a call, or of its rewritten rows, list.
template <class Call>
using tile_set_of = tile_set<typename base_call<Call>::type>;

template <class Call, int R, int V, bool Whole>
constexpr auto frequent_tiles_of() {
  if constexpr (is_grouped<typename Call::structure>) {
    return &grouped_tiles<Call, R, V, Whole>;
  } else {
    return &frequent_tiles<Call, R, V, Whole>;
  }
}

/// Whether the highest tiles of V panels are frequent. (Where a lane is a register, none is faster than another; single
/// rows of windows leave SSE4.1 no register for what surrounds their loop.)
template <class Call, int V>
inline constexpr bool frequent_set = 2 * V >= traits<Call>::panels&& i32_regs < 16 &&
                                     (window_depth<typename Call::structure> == 0 ||
                                      traits<Call>::template rows<V> > 1);

/// Whether a microkernel of their height is called for nevertheless: where they leave out what some calls need, or
/// where rectangles cut them, and columns that are not stored cannot be finished either.
template <class Call>
inline constexpr bool needs_highest = small_tiles<Call> ||
                                      (stores_from_registers<Call> && !whole_columns<Call, strip_lanes> &&
                                       reads_operands<decltype(Call::epilogue)>);

/// Adds tiles of R rows, which fewer than `above` take, and of 8, 4, 2 and 1: every height more takes time to compile,
/// and gains little (49 rows in tiles of 6 and one of 1 take a hundredth longer than in tiles of 6, 4 and 3).
template <class Call, int R, int V>
constexpr void add_heights(tile_set_of<Call>& set, int above) {
  constexpr int grain = rows_in_cell<typename traits<Call>::choice::type>;
  constexpr int less = R <= grain ? 0 : static_cast<int>(std::bit_floor(static_cast<unsigned>(R - grain)));
  if constexpr (R < traits<Call>::template rows<V> || !frequent_set<Call, V> || needs_highest<Call>)
    for (int r = R; r < above; ++r) set.up_to[r] = {R, kernel_of<Call, R, V>()};
  if constexpr (less > 0) {
    add_heights<Call, less, V>(set, R);
  } else if constexpr (R > 1) {
    set.up_to[1] = {1, kernel_of<Call, 1, V>()};
  }
}
/// V panels side by side, then fewer.
template <class Call, int V>
constexpr void add_tile_sets(tile_set_of<Call>* set) {
  constexpr int rows = traits<Call>::template rows<V>;
  *set = {V, rows, nullptr, {}};
  if constexpr (frequent_set<Call, V>) set->frequent = frequent_tiles_of<Call, rows, V, stores_from_registers<Call>>();
  add_heights<Call, rows, V>(*set, rows + 1);
  if constexpr (V > 1 && !whole_columns<Call, V * strip_lanes>) add_tile_sets<Call, V / 2>(set + 1);
}
/// The same for products of R rows.
template <class Call, int R, int V>
constexpr void add_low_tile_sets(tile_set_of<Call>* set) {
  *set = {V, R, nullptr, {}};
  set->up_to[R] = {R, kernel_of<Call, R, V>()};
  if constexpr (V > 1) add_low_tile_sets<Call, R, V / 2>(set + 1);
}

template <class Call, int R, int V>
inline constexpr auto low_tile_sets = [] {
  tile_sets<typename base_call<Call>::type> sets{};
  add_low_tile_sets<Call, R, V>(sets.data());
  return sets;
}();

template <class Call>
void start_panels(const Call& call, index panel, int panels, void* to) {
  using dot = typename traits<Call>::choice::type;
  for (int v = 0; v < panels; ++v) {
    auto& start = static_cast<typename dot::acc*>(to)[v];
    if constexpr (starts_anywhere<Call>) {
      start = started_at<dot>(column_start(call, (panel + v) * strip_lanes));
    } else {
      start = {};
    }
  }
}
/// Of rewritten rows.
template <class Call>
void start_rows(const Call& call, index row, int rows, int panels, const void* from, void* to) {
  auto* sum = static_cast<i32x16*>(to);
  for (int r = 0; r < rows; ++r)
    for (int v = 0; v < panels; ++v)
      *sum++ = start_of_row_sums<rewritten_call<Call>>(call, row + r, static_cast<const i32x16*>(from)[v]);
}
template <class Call>
void flush_sums(void* sums, void* totals, int count, bool flushed) {
  using dot = typename traits<Call>::choice::type;
  flush<dot>(static_cast<typename dot::acc*>(sums), static_cast<i64x16*>(totals), count, flushed);
}

/// The epilogue of a tile's sums.
template <class Call>
void store_sums(const Call& call, index row, int rows, index panel, int panels, void* from, const void* flushed_to,
                bool flushed) {
  using info = traits<Call>;
  using dot = typename info::choice::type;
  constexpr int grain = rows_in_cell<dot>;
  const index column = panel * strip_lanes;
  auto* sums = static_cast<typename dot::acc*>(from);
  const auto* totals = static_cast<const typename info::total*>(flushed_to);
  const auto value = [&](int r, int v) __attribute__((always_inline)) {
    const int i = r / grain * panels + v;
    return finished_sum(call, column + v * strip_lanes, row_result<dot>(sums[i], r % grain), totals[i], flushed);
  };
  using value_type = decltype(value(0, 0));
  if constexpr (std::is_same_v<value_type, typename dot::acc> && info::choice::period == 0 &&
                (!info::shifted || starts_corrected<Call>)) {
    store_rows(destination_of(call), stages_left(call), row, rows, column, panels, sums);
  } else {
    value_type values[grain * most_sums];
    for (int r = 0; r < rows; ++r)
      for (int v = 0; v < panels; ++v) values[r * panels + v] = value(r, v);
    store_rows(destination_of(call), stages_left(call), row, rows, column, panels, values);
  }
}

/// Whether frequent tiles leave out nothing that a call needs.
template <class Call>
bool suits_small_tiles(const Call& call) {
  return stays_small(last_codes<decltype(Call::epilogue)>::stage(call.epilogue));
}

/// The table without its tiles.
template <class Call>
constexpr tile_table<Call> bare_table() {
  using info = traits<Call>;
  using dot = typename info::choice::type;
  tile_table<Call> table{};
  if constexpr (small_tiles<Call>) table.suits = &suits_small_tiles<Call>;
  table.whole = stores_from_registers<Call>;
  table.rows_of_cell = rows_in_cell<dot>;
  if constexpr (!is_grouped<typename Call::structure>) {
    using choice = typename info::choice;
    table.start = &start_panels<Call>;
    if constexpr (choice::period != 0) table.flush = &flush_sums<Call>;
    table.store = &store_sums<Call>;
    table.copy = copy_function_of<Call>();
    table.copies_pay = i32_regs > 1;
    table.tail_strips = single_dot<dot>::type::strips;
    table.cell_step = info::cell_step;
    table.room = room_of<typename single_dot<dot>::type>;
    if constexpr (choice::period != 0) {
      table.period = period_for<choice>(true);
      table.whole_period = period_for<choice>(false);
    }
  }
  return table;
}
template <class Call>
constexpr auto table_with_tiles() {
  constexpr int panels = traits<Call>::panels, one = widest_for<Call, 1>, two = widest_for<Call, 2>;
  auto table = bare_table<typename base_call<Call>::type>();
  add_tile_sets<Call, panels>(table.sets.data());
  if constexpr (one > panels && !HasLoneDot<Call>) table.one_row = low_tile_sets<Call, 1, one>.data();
  if constexpr (two > panels) table.two_rows = low_tile_sets<Call, 2, two>.data();
  return table;
}
template <class Call>
inline constexpr tile_table<Call> table_of = table_with_tiles<Call>();

template <class Dot>
void rewrite_rows(std::byte* to, std::int32_t* terms, const std::byte* from, index rows, index stride, index k) {
  for (; rows > 0; --rows, to += Dot::row_bytes(k), from += stride) *terms++ = Dot::rewrite(to, from, k);
}
/// The table of a call over its rewritten rows, whose sums are those of its own dot but for the rows' terms.
template <class Call>
inline constexpr tile_table<Call> rewritten_table_of = [] {
  using dot = typename traits<Call>::choice::type;
  static_assert(std::is_same_v<typename dot::acc, typename dot::rewritten::acc> &&
                dot::offset == dot::rewritten::offset && dot::depth == dot::rewritten::depth);
  tile_table<Call> table = table_with_tiles<rewritten_call<Call>>();
  table.copy = nullptr;
  table.start_rows = &start_rows<Call>;
  return table;
}();
template <class Call>
inline constexpr row_rewriting<Call> rewriting_of = [] {
  using dot = typename traits<Call>::choice::type::rewritten;
  return row_rewriting<Call>{&dot::row_bytes, &rewrite_rows<dot>, &rewritten_table_of<Call>};
}();
