// tile.inl: which dot multiplies two formats on this target, and how many rows and panels fit its registers.

/// Whether 16-bit weights are split into two bytes: it pays below 64 strips between two flushes of Wide sums.
template <class A, class W, bool Wide>
inline constexpr bool splits_weights = sizeof(typename W::type) == 2 && Wide&& exact_strips<A, W>(2, 0) < 64;

/// A dot of two ranges, and how many strips it sums before Wide sums are moved to int64.
template <class Dot, class A, class W, bool Wide>
struct flushed_dot {
  using type = Dot;
  using summed = std::conditional_t<splits_weights<A, W, Wide>, integer_range<std::int16_t, -255, 255>, W>;
  static constexpr index exact = exact_strips<A, summed>(Dot::depth, Dot::offset);
  /// Strips between two flushes, leaving room for the partial cell at the end; 0: none is ever needed.
  static constexpr index period = Wide ? (exact - 1) / Dot::strips * Dot::strips : 0;
  static_assert(!Wide || period > 0);
  /// The same where no row ends in a partial cell.
  static constexpr index whole_period = Wide ? exact / Dot::strips * Dot::strips : 0;
};

template <class A, class W, bool Wide>
auto select_dot() {
  if constexpr (bits_of<W> == 4) {
    return std::type_identity<dot_nibbles>{};
  } else if constexpr (sizeof(typename A::type) == 1) {
    return std::type_identity<dot_for_bytes<A, W>>{};
  } else {
    return std::type_identity<dot_for_halves<W, splits_weights<A, W, Wide>>>{};
  }
}
template <class A, class W, bool Wide>
struct choose_dot : flushed_dot<typename decltype(select_dot<A, W, Wide>())::type, A, W, Wide> {};
template <>
struct choose_dot<f32, f32, false> {
  using type = dot_for_floats;
  static constexpr index period = 0;
};
template <>
struct choose_dot<f32, f16, false> {
  using type = dot_stored_halves;
  static constexpr index period = 0;
};

/// Strips between two flushes, for rows that end in a partial cell or do not.
template <class Choice>
constexpr index period_for(bool partial) {
  if constexpr (requires { Choice::whole_period; }) {
    return partial ? Choice::period : Choice::whole_period;
  } else {
    return Choice::period;
  }
}

/// Stands for the int64 totals of a reduction that fits int32.
struct no_total {};
template <class Choice>
using total_of = std::conditional_t<Choice::period == 0, no_total, i64x16>;

/// How many registers a T takes.
template <class T>
inline constexpr int registers_of = sizeof(T) < sizeof(i32_reg) ? 1 : static_cast<int>(sizeof(T) / sizeof(i32_reg));

/// How many rows of activations a cell holds.
template <class Dot>
inline constexpr int rows_in_cell = 1;
template <class Dot>
requires requires { Dot::rows_in_cell; }
inline constexpr int rows_in_cell<Dot> = Dot::rows_in_cell;

/// Whether a step reads the cells of all rows and lets the strip stream by part by part, instead of holding the strip
/// and reading a cell per row: where the target says so, and where a strip would take more than a quarter of the
/// registers.
template <class Dot>
inline constexpr bool streams = cells_first || 4 * Dot::parts* registers_of<typename Dot::part> > registers;

/// The most rows whose accumulators stay in registers beside what a step holds, unless the dot says how many.
template <class Dot>
constexpr int rows_for(int panels) {
  if constexpr (requires { Dot::tile_rows; }) return Dot::tile_rows / panels;
  constexpr int part = registers_of<typename Dot::part>, cell = registers_of<typename Dot::cell>;
  const int shared = Dot::scratch + (streams<Dot> ? 2 * part : panels * Dot::parts * part + cell);
  const int per_row = panels * registers_of<typename Dot::acc> + (streams<Dot> ? cell : 0);
  const int rows = (registers - shared) / per_row;
  return rows < 1 ? 1 : rows;
}

/// A dot whose sums are moved to totals of floats, for rows_for to count both.
template <class Dot>
struct with_totals : Dot {
  struct acc {
    typename Dot::acc sum;
    f32x16 total;
  };
};

/// Panels side by side: as many as leave six rows, the squarest tiles.
template <class Dot>
constexpr int panels_for() {
  return rows_for<Dot>(4) >= 6 ? 4 : rows_for<Dot>(2) >= 6 ? 2 : 1;
}

/// Bytes that a dot of one strip may read of a row.
template <class Dot>
inline constexpr index room_of = 8;

/// A dot with another, `copied`, for cells that its copy(to, from, bytes) changed: a register of them, or fewer bytes.
template <class Dot>
concept CopiedDot = requires(std::byte* to) {
  Dot::copied::copy(to, to, index{});
};
