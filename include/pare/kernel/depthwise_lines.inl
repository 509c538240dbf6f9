// depthwise_lines.inl: how a depthwise convolution is cut into lines, and which rows of cells each needs. Included by
// depthwise.inl.

/// How many pixels of an output row are done at once, so that rows of cells of V panels fit their memory; 0: none.
template <class Call, int V>
index pixels_at_once(const Call& call, index slots) {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  const index span = (call.window.width - 1) * g.dilation_x + 1;
  if constexpr (Call::sum == value_kind::sum64) {  // int32 sums of these few products cannot overflow
    if (call.window.width * call.window.height > max_depth<typename Call::activations, typename Call::weights_range>())
      return 0;
  }
  if (slots > cell_rows::most_slots) return 0;
  const index columns = cell_rows::bytes / (V * slots * info::cells_bytes);
  const index most = columns < span ? 0 : (columns - span) / g.stride_x + 1 - info::most_rows;  // a tile's rows beyond
  constexpr index height = info::template rows<V>;
  const index fit = most / height * height;
  if (fit <= 0 || (V > 1 && fit < smaller(index{24}, call.extents.width))) return 0;
  return smaller(fit, round_up(ceil_div(call.extents.width, ceil_div(call.extents.width, fit)), height));
}

/// Rows of cells that may be needed at once: they begin at every depthwise_shifts-th row, a window's lie a cell apart.
template <class Call>
index depthwise_slots(const Call& call) {
  using W = typename Call::weights_range;
  constexpr index shifts = depthwise_shifts<W>;
  const index cells = depthwise_cells<W>(call.window.height, shifts - 1);
  return call.geometry.dilation_y == 1 ? (cells - 1) * (depthwise_taps<W> / shifts) + 1 : cells;
}

/// The rows of cells under one output row.
template <class Call>
struct cells_under {
  using W = typename Call::weights_range;
  static constexpr index taps = depthwise_taps<W>, shifts = depthwise_shifts<W>;
  index n, y, shift, count;  ///< image, row of the window in the padded image, which weights, how many
  cells_under(const Call& call, index line)
      : n(line / call.extents.height),
        y(line % call.extents.height * call.geometry.stride_y),
        shift(call.geometry.dilation_y == 1 ? y % shifts : 0),
        count(depthwise_cells<W>(call.window.height, shift)) {}
  /// The row of the padded image where a cell begins.
  index begin(const Call& call, index cell) const { return y + (cell * taps - shift) * call.geometry.dilation_y; }
  /// The strips of the first panel that it meets.
  const std::byte* weights(const Call& call, index cell) const {
    const index before = shift == 0 ? 0 : depthwise_cells<W>(call.window.height, 0);
    return call.weights.strips + (before + cell) * call.window.width * strip_bytes;
  }
};

/// The taps under output pixels [x, x + count) of one output row, for panels [panel, panel + V), in rows of cells,
/// which may be there from before. Gives where they end.
template <class Call, int V>
cell_tap* depthwise_taps_under(const Call& call, cell_rows& rows, index line, index x, index count, index panel,
                               cell_tap* tap) {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  const index columns = (count - 1) * g.stride_x + (call.window.width - 1) * g.dilation_x + 1;
  const cells_under<Call> under(call, line);
  for (index cell = 0; cell < under.count; ++cell) {
    const index padded = under.begin(call, cell), top = padded - g.pad_top;
    const index reach = (under.taps - 1) * g.dilation_y;
    if (!info::shifted && (top + reach < 0 || top >= call.image.height)) continue;  // zeros
    const index slot = rows.slots == 1 ? 0 : g.dilation_y == 1 ? padded / under.shifts % rows.slots : cell;
    const index name = 1 + under.n * (call.extents.height * g.stride_y + call.window.height * g.dilation_y) + padded;
    if (rows.held[slot] != name) {
      put_columns<Call, info::taps, info::flips, V>(call, rows.row(slot), under.n, top, x * g.stride_x - g.pad_left,
                                                    columns, panel, rows.outside, rows.held[slot] == 0);
      rows.held[slot] = name;
    }
    const std::byte* cells = rows.row(slot);
    const std::byte* weights = under.weights(call, cell) + panel * call.weights.panel_bytes;
    for (index u = 0; u < call.window.width; ++u, weights += strip_bytes)
      *tap++ = {cells + u * g.dilation_x * rows.column_bytes, weights};
  }
  return tap;
}

/// Panels from `first` on, any window, one pixel and tap at a time.
template <class Call>
void run_large_depthwise(const Call& call, index first) {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  const index width = call.extents.width, height = call.extents.height;
  constexpr index taps{info::taps};
  alignas(strip_bytes) std::byte outside[strip_bytes];
  fill_pixel<typename Call::activations::type>(outside, sizeof outside, call.zero_point);
  for (index panel = first; panel < panel_count(call.part.column_end); ++panel) {
    for (index pixel = call.part.row_begin * width; pixel < call.part.row_end * width; ++pixel) {
      const index x = pixel % width * g.stride_x - g.pad_left;
      const index y = pixel / width % height * g.stride_y - g.pad_top;
      const std::byte* weights = call.weights.strips + panel * call.weights.panel_bytes;
      typename info::dot::acc start[1][1] = {};
      start_lanes<Call, 1, 1>(call, panel * strip_lanes, start);
      auto total = lane_result(call, panel * strip_lanes, start[0][0]);
      for (index v = 0; v < call.window.height; v += taps) {
        for (index u = 0; u < call.window.width; ++u, weights += strip_bytes) {
          alignas(strip_bytes) std::byte cells[info::cells_bytes];
          put_columns<Call, info::taps, info::flips, 1>(call, cells, pixel / width / height, y + v * g.dilation_y,
                                                        x + u * g.dilation_x, 1, panel, outside, true);
          typename info::dot::acc sum[1] = {};
          add_tap<info, 1>(sum, cells, weights, 0);
          const auto product = info::dot::result(sum[0]);
          if constexpr (Call::sum == value_kind::sum64) {
            total = total + widen(product);
          } else {
            total = total + product;
          }
        }
      }
      store_tile<1, 1, false>(call, lane_stages(call), pixel, 1, panel * strip_lanes, [&](int, int) { return total; });
    }
  }
}

/// A stretch of output row `line`, by windows that are held, for panels [panel, panel + V). Gives how many output rows
/// were done: none if the window is another.
template <class Call, int V>
index depthwise_held_lines(const Call& call, index column_bytes, index line, const pixel_stretch& row, index panel,
                           const cell_tap* taps, const cell_tap* end) {
  constexpr int strips = 3;
  const auto& g = call.geometry;
  const index height = call.extents.height, width = call.extents.width;
  if (call.window.width != 3 || g.dilation_x != 1 || end - taps != strips || !holds_tile(call, panel * strip_lanes, V))
    return 0;
  const bool shared = depthwise_cells<typename Call::weights_range>(call.window.height, 1) == 1;
  if (shared && g.stride_x == 1 && g.stride_y == 1 && g.dilation_y == 1 && line + 1 < call.part.row_end) {
    const index y = line % height;
    if (y % 2 == 0 && y + 1 < height) {
      cell_tap next[strips];  // the same cells; the weights for a shift follow those for none
      for (int u = 0; u < strips; ++u) next[u] = {taps[u].cells, taps[u].weights + strips * strip_bytes};
      held_panels<Call, held_window<1, 2, 1>, V>(call, {row, width, column_bytes, {taps, next}}, panel);
      return 2;
    }
  }
  if (g.stride_x != 2) return 0;
  held_panels<Call, held_window<1, 1, 2>, V>(call, {row, width, column_bytes, {taps}}, panel);
  return 1;
}

/// Output pixels [x, x + count) of output row `line` and, maybe, of the next, for panels [panel, panel + V). Gives how
/// many output rows were done.
template <class Call, int V>
index depthwise_lines(const Call& call, cell_rows& rows, index line, index x, index count, index panel) {
  cell_tap taps[cell_rows::most_taps];
  const cell_tap* end = depthwise_taps_under<Call, V>(call, rows, line, x, count, panel, taps);
  const pixel_stretch row{line * call.extents.width + x, count};
  if constexpr (holds_windows<Call> && IntegerRange<typename Call::weights_range>)
    if (const index done = depthwise_held_lines<Call, V>(call, rows.column_bytes, line, row, panel, taps, end);
        done > 0)
      return done;
  depthwise_pixels<Call, V>(call, taps, end, row, panel);
  return 1;
}

/// Panels from `first` on, V at a time while there are as many, then fewer.
template <class Call, int V>
void run_depthwise_panels(const Call& call, cell_rows& rows, index first) {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  const index panels = panel_count(call.part.column_end), width = call.extents.width;
  const index pixels = first + V <= panels ? pixels_at_once<Call, V>(call, rows.slots) : 0;
  if (pixels > 0) {
    rows.column_bytes = V * info::cells_bytes;
    rows.columns = (pixels + info::most_rows - 1) * g.stride_x + (call.window.width - 1) * g.dilation_x + 1;
    for (; first + V <= panels; first += V) {
      for (index x = 0; x < width; x += pixels) {
        const index count = smaller(pixels, width - x);
        fill_elements(rows.held, rows.slots, index{0});
        for (index line = call.part.row_begin; line < call.part.row_end;)
          line += depthwise_lines<Call, V>(call, rows, line, x, count, first);
      }
    }
  }
  if (first == panels) return;
  if constexpr (V > 1) {
    run_depthwise_panels<Call, V / 2>(call, rows, first);
  } else {
    run_large_depthwise(call, first);
  }
}

#include "depthwise_streamed.inl"

/// Panels from `first` on, by rows of cells. Out of line: what runs in place has no use for their memory.
template <class Call>
__attribute__((noinline)) void depthwise_by_rows(const Call& call, index first) noexcept {
  using W = typename Call::weights_range;
  cell_rows rows;
  fill_pixel<typename Call::activations::type>(rows.outside, sizeof rows.outside, call.zero_point);
  if constexpr (holds_windows<Call> && sizeof(typename Call::activations::type) == 1)
    first = depthwise_streamed(call, rows.outside);
  if (first == panel_count(call.part.column_end)) return;
  rows.slots = depthwise_slots(call);
  if (depthwise_cells<W>(call.window.height, depthwise_shifts<W> - 1) * call.window.width > cell_rows::most_taps)
    return run_large_depthwise(call, first);
  run_depthwise_panels<Call, depthwise_traits<Call>::panels>(call, rows, first);
}

template <class Call>
void run_depthwise(const Call& call) noexcept {
  const index first = depthwise_in_place(call);
  if (first != panel_count(call.part.column_end)) depthwise_by_rows(call, first);
}
