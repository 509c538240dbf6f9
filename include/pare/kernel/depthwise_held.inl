// depthwise_held.inl: depthwise tiles whose weights stay in registers: windows of three columns and one row of cells,
// one panel at a time. Included by depthwise.inl.

/// Windows whose taps fall into `cells` rows of cells, 3 strips each, at every `stride`-th column, in as many output
/// rows at once as meet the same rows of cells.
template <int Cells, int Lines, int Stride>
struct held_window {
  static constexpr int cells = Cells, lines = Lines, stride = Stride, width = 3, strips = cells * width;
};

/// R pixels of each line; cells lie at `at` bytes in their rows.
template <class Traits, class Window, int R, class Sum, class Weights>
PARE_ALWAYS_INLINE void add_held(Sum (&sum)[Window::lines][R], const Weights (&w)[Window::lines][Window::strips],
                                 const std::byte* const (&rows)[Window::cells], index at, index column_bytes) {
  PARE_UNROLL for (int c = 0; c < Window::cells; ++c) {
    const std::byte* third = rows[c] + at;
    PARE_UNROLL for (int column = 0; column < (R - 1) * Window::stride + Window::width; ++column) {
      if (column % 3 == 0 && column != 0) third += 3 * column_bytes;
      const auto cell = load_cells<Traits>(third + column % 3 * column_bytes);
      PARE_UNROLL for (int l = 0; l < Window::lines; ++l) PARE_UNROLL for (int r = 0; r < R; ++r) {
        const int tap = column - r * Window::stride;
        if (tap >= 0 && tap < Window::width)
          Traits::dot::template mul_add<0>(sum[l][r], cell, w[l][c * Window::width + tap]);
      }
    }
  }
}

/// A stretch of an output row, or of two, and the taps under it for its first panel.
template <class Window>
struct held_stretch {
  pixel_stretch row;
  index line_pixels;  ///< from a row to the next
  index column_bytes;
  const cell_tap* taps[Window::lines];
};

/// Pixels [i, i + tiles * R) of a stretch, of its v-th panel. Gives the first that is left.
template <class Call, class Window, int R>
__attribute__((noinline)) index held_tiles(const Call& call, const held_stretch<Window>& stretch, index i, index tiles,
                                           index panel, index v) {
  using info = depthwise_traits<Call>;
  using dot = typename info::dot;
  const index column = (panel + v) * strip_lanes, column_bytes = stretch.column_bytes;
  const std::byte* rows[Window::cells];
  decltype(dot::template load<0>(nullptr)) w[Window::lines][Window::strips];
  PARE_UNROLL for (int c = 0; c < Window::cells; ++c) rows[c] =
      stretch.taps[0][c * Window::width].cells + v * info::cells_bytes;
  PARE_UNROLL for (int l = 0; l < Window::lines; ++l) PARE_UNROLL for (int s = 0; s < Window::strips; ++s) w[l][s] =
      dot::template load<0>(stretch.taps[l][s].weights + v * call.weights.panel_bytes);
  // Copies, because a store of bytes may alias what they are made of, which would be read again for every tile.
  const auto stages = stages_for<1>(lane_stages(call), column);
  typename dot::acc start[1][1] = {};
  start_lanes<Call, 1, 1>(call, column, start);
  for (; tiles > 0; --tiles, i += R) {
    typename dot::acc sum[Window::lines][R];
    PARE_UNROLL for (int l = 0; l < Window::lines; ++l) PARE_UNROLL for (int r = 0; r < R; ++r) sum[l][r] = start[0][0];
    add_held<info, Window, R>(sum, w, rows, i * Window::stride * column_bytes, column_bytes);
    end_sums<Window::lines, R>(sum);
    PARE_UNROLL for (int l = 0; l < Window::lines; ++l) store_whole<R, 1, small_tiles<Call>>(
        call, stages, stretch.row.first + i + l * stretch.line_pixels,
        column, [&](int r, int) __attribute__((always_inline)) { return lane_result(call, column, sum[l][r]); });
  }
  return i;
}

/// V panels of a stretch: in fours of pixels, threes where that leaves none over, and ones. Pre: the rectangle holds
/// the panels' columns.
template <class Call, class Window, int V>
void held_panels(const Call& call, const held_stretch<Window>& stretch, index panel) {
  const index count = stretch.row.count, over = (4 - count % 4) % 4, threes = count >= 3 * over ? over : 0;
  const index fours = (count - 3 * threes) / 4;
  for (index v = 0; v < V; ++v) {
    index i = held_tiles<Call, Window, 4>(call, stretch, 0, fours, panel, v);
    if (threes > 0) i = held_tiles<Call, Window, 3>(call, stretch, i, threes, panel, v);
    if (i < count) held_tiles<Call, Window, 1>(call, stretch, i, count - i, panel, v);
  }
}

/// Whether a call's windows may be held: there are registers enough, and a strip of sums, cells or weights is one.
template <class Call>
inline constexpr bool holds_windows = i32_regs == 1 && depthwise_traits<Call>::dot::parts == 1 &&
                                      sizeof(typename depthwise_traits<Call>::dot::acc) == 64;
