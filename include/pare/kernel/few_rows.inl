// few_rows.inl: tiles for products of a few rows, which take weights as fast as they come. Included by gemm.inl.

/// How many panels side by side leave half the registers when R rows are all there are: one panel's products would wait
/// for each other, and its weights come in one stream. Only where weights are multiplied as they lie in memory, and so
/// need no registers, or are halves, which need one each, or 4-bit ones where a strip is one register and needs two.
/// Rows that are rewritten elsewhere have too few products here.
template <class Call, int R>
inline constexpr int widest_for = [] {
  using dot = typename traits<Call>::choice::type;
  constexpr bool whole_parts = sizeof(typename dot::part) == sizeof(i32_reg) && dot::parts == i32_regs;
  constexpr bool nibbles = std::is_same_v<dot, dot_nibbles> && i32_regs == 1;
  if constexpr (cells_first || i32_regs > 4 || !(whole_parts || nibbles) || !traits<Call>::in_order ||
                traits<Call>::choice::period != 0 || window_depth<typename Call::structure> != 0 ||
                RewrittenCall<Call>) {
    return 1;
  } else {
    constexpr int sums = R * registers_of<typename traits<Call>::tiled::acc>;
    constexpr int held = nibbles ? 2 : std::is_same_v<typename Call::weights_range, f16> ? dot::parts : 0;
    const auto fits = [](int panels) { return 2 * panels * sums <= registers && panels * (sums + held) < registers; };
    return fits(4) ? 4 : fits(2) ? 2 : 1;
  }
}();

/// R rows, all there are, V panels at a time, then fewer.
template <class Call, int R, int V>
PARE_ALWAYS_INLINE void few_rows(const Call& call, index row, index panel, index last_panel) {
  for (; panel + V <= last_panel; panel += V) tiles<Call, R, V>(call, row, row + R, panel);
  if constexpr (V > 1) {
    if (panel < last_panel) few_rows<Call, R, V / 2>(call, row, panel, last_panel);
  }
}

template <class Call>
struct traits<far_call<Call>> : traits<Call> {};

/// A call of one row, whose dot has another for it, `lone`, which is exact for `lone_depth` elements.
template <class Call>
struct lone_call : Call {};
template <class Call>
struct traits<lone_call<Call>> : traits<Call> {
  struct choice : traits<Call>::choice {
    using type = typename traits<Call>::choice::type::lone;
  };
};
template <class Call>
concept HasLoneDot = requires {
  typename traits<Call>::choice::type::lone;
};

/// Whether few rows have a walk of their own for weights that come from far: floats do, whose bytes are multiplied in
/// less time than they take to come; codes of 8 bits gained nothing.
template <class Call>
inline constexpr bool fetches =
    !cells_first && i32_regs <= 2 && traits<Call>::in_order && std::is_same_v<typename Call::activations, f32>;

/// `rows` rows, all there are and R at most, of as many panels as make whole tiles. Gives the first that is left.
template <class Call, int R>
PARE_ALWAYS_INLINE index far_rows(const Call& call, index row, index rows, index panel, index last_panel) {
  if constexpr (R > 1) {
    if (rows < R) return far_rows<Call, R - 1>(call, row, rows, panel, last_panel);
  }
  constexpr int V = std::max(widest_for<Call, R>, traits<Call>::panels);
  for (; panel + V <= last_panel; panel += V) tile<far_call<Call>, R, V, false>({call}, row, row + R, panel);
  return panel;
}

/// Rows [begin, end), all panels.
template <class Call>
PARE_ALWAYS_INLINE void run_rows(const Call& call, index begin, index end) {
  index panel = call.part.column_begin / strip_lanes;
  const index last_panel = panel_count(call.part.column_end);
  if constexpr (fetches<Call>) {
    constexpr index far_bytes = 512 * 1024;
    constexpr int most = registers > 16 ? 4 : 2;
    if (end - begin <= most && (last_panel - panel) * call.weights.panel_bytes > far_bytes)
      panel = far_rows<Call, most>(call, begin, end - begin, panel, last_panel);
  }
  if (end - begin == 1) {
    constexpr int V = std::max(widest_for<Call, 1>, traits<Call>::panels);
    if constexpr (V > traits<Call>::panels && HasLoneDot<Call>) {
      if (call.k <= traits<Call>::choice::type::lone_depth)
        return few_rows<lone_call<Call>, 1, V>({call}, begin, panel, last_panel);
    } else {
      return few_rows<Call, 1, V>(call, begin, panel, last_panel);
    }
  }
  if constexpr (widest_for < Call, 2 >> traits<Call>::panels) {
    if (end - begin == 2) return few_rows<Call, 2, widest_for<Call, 2>>(call, begin, panel, last_panel);
  }
  panels<Call, traits<Call>::panels>(call, begin, end, panel, last_panel);
}
