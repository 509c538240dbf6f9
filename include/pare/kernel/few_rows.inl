// few_rows.inl: products of a few rows whose dot or walk is another than that of many rows. Included by gemm.inl.

/// `rows` rows, all there are and R at most, of as many panels as make whole tiles. Gives the first that is left.
template <class Call, int R>
PARE_ALWAYS_INLINE index run_far_rows(const Call& call, index row, index rows, index panel, index last_panel) {
  if constexpr (R > 1) {
    if (rows < R) return run_far_rows<Call, R - 1>(call, row, rows, panel, last_panel);
  }
  using far = far_call<Call>;
  constexpr int V = larger(widest_for<Call, R>, traits<Call>::panels);
  static constexpr tile_table<far> table = bare_table<far>();
  static constexpr tile_set<far> set = [] {
    tile_set<far> all{V, R, nullptr, {}};
    all.up_to[R] = {R, kernel_of<far, R, V>()};
    return all;
  }();
  const index end = panel + (last_panel - panel) / V * V;
  run_tiles(far{call}, table, &set, row, row + R, panel, end);
  return end;
}

/// Runs calls of few rows whose dot or walk is another; false elsewhere.
template <class Call>
bool run_few_rows([[maybe_unused]] const Call& call) noexcept {
  const rectangle& part = call.part;
  [[maybe_unused]] const index rows = part.row_end - part.row_begin, panel = part.column_begin / strip_lanes;
  [[maybe_unused]] const index last_panel = panel_count(part.column_end);
  if constexpr (fetches<Call>) {
    constexpr index far_bytes = 512 * 1024;
    constexpr int most = registers > 16 ? 4 : 2;
    if (rows <= most && (last_panel - panel) * call.weights.panel_bytes > far_bytes) {
      const index left = run_far_rows<Call, most>(call, part.row_begin, rows, panel, last_panel);
      run_rows_from(call, table_of<Call>, part.row_begin, part.row_end, left);
      return true;
    }
  }
  if constexpr (HasLoneDot<Call>) {
    using lone = lone_call<Call>;
    constexpr int V = widest_for<Call, 1>;
    if constexpr (V > traits<Call>::panels) {
      if (rows == 1 && call.k <= traits<Call>::choice::type::lone_depth) {
        static constexpr tile_table<lone> table = [] {
          tile_table<lone> all = bare_table<lone>();
          all.sets = low_tile_sets<lone, 1, widest_for<Call, 1>>;
          return all;
        }();
        run_rows(lone{call}, table, part.row_begin, part.row_end);
        return true;
      }
    }
  }
  return false;
}
