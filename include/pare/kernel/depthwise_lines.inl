// depthwise_lines.inl: how a depthwise convolution is cut into lines, and which rows of cells each needs. Included by
// depthwise.inl.

/// Where the work of a call is cut, so that rows of cells fit their memory.
struct depthwise_cut {
  index panels = 0;  ///< at once; 0: the window is too large for rows of cells
  index pixels = 0;  ///< of an output row at once
};

template <class Call>
depthwise_cut cut_depthwise(const Call& call, index slots) {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  const index span = (call.window.width - 1) * g.dilation_x + 1;
  constexpr bool wide = Call::sum == value_kind::sum64;
  if constexpr (wide) {  // int32 sums of these few products cannot overflow
    if (call.window.width * call.window.height > max_depth<typename Call::activations, typename Call::weights_range>())
      return {};
  }
  if (slots > cell_rows::most_slots) return {};
  constexpr index height = info::template rows<info::panels>;
  for (index panels = std::min(index{4}, panel_count(call.part.column_end)); panels > 0; --panels) {
    const index columns = cell_rows::bytes / (panels * slots * info::cells_bytes);
    const index most =
        columns < span ? 0 : (columns - span) / g.stride_x + 1 - info::most_rows;  // a tile's rows beyond
    const index fit = most / height * height;
    if (fit < std::min(index{24}, call.extents.width) && (panels > 1 || fit <= 0)) continue;
    const index pieces = ceil_div(call.extents.width, fit);
    return {panels, std::min(fit, round_up(ceil_div(call.extents.width, pieces), height))};
  }
  return {};
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

/// Output pixels [x, x + count) of one output row, for panels [panel, last). `rows` may hold rows of cells from before.
template <class Call>
void depthwise_line(const Call& call, cell_rows& rows, index line, index x, index count, index panel, index last) {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  const index columns = (count - 1) * g.stride_x + (call.window.width - 1) * g.dilation_x + 1;
  const cells_under<Call> under(call, line);
  cell_row row[cell_rows::most_slots];
  index used = 0;
  for (index cell = 0; cell < under.count; ++cell) {
    const index padded = under.begin(call, cell), top = padded - g.pad_top;
    const index reach = (under.taps - 1) * g.dilation_y;
    if (!info::shifted && (top + reach < 0 || top >= call.image.height)) continue;  // zeros
    const index slot = g.dilation_y == 1 ? padded / under.shifts % rows.slots : cell;
    const index name = 1 + under.n * (call.extents.height * g.stride_y + call.window.height * g.dilation_y) + padded;
    if (rows.held[slot] != name) {
      rows.held[slot] = name;
      for (index p = panel; p < last; ++p)
        put_columns<Call, info::taps, info::flips>(call, rows.row(p - panel, slot), under.n, top,
                                                   x * g.stride_x - g.pad_left, columns, p);
    }
    row[used++] = {rows.row(0, slot), under.weights(call, cell)};
  }
  const tap_steps steps{call.window.width, g.stride_x * info::cells_bytes, g.dilation_x * info::cells_bytes,
                        rows.panel_bytes(), call.weights.panel_bytes};
  depthwise_panels<Call, info::panels>(call, row, used, steps, line * call.extents.width + x, count, panel, panel,
                                       last);
}

/// Any window, one pixel and tap at a time.
template <class Call>
void run_large_depthwise(const Call& call) {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  const index width = call.extents.width, height = call.extents.height;
  constexpr index taps{info::taps};
  for (index panel = 0; panel < panel_count(call.part.column_end); ++panel) {
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
          put_columns<Call, info::taps, info::flips>(call, cells, pixel / width / height, y + v * g.dilation_y,
                                                     x + u * g.dilation_x, 1, panel);
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
      store_tile<1, 1>(call, lane_stages(call), pixel, 1, panel * strip_lanes, [&](int, int) { return total; });
    }
  }
}

template <class Call>
void run_depthwise(const Call& call) noexcept {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  cell_rows rows;
  rows.slots = depthwise_slots(call);
  rows.cells_bytes = info::cells_bytes;
  const depthwise_cut cut = cut_depthwise(call, rows.slots);
  if (cut.panels == 0) return run_large_depthwise(call);
  rows.columns = (cut.pixels + info::most_rows - 1) * g.stride_x + (call.window.width - 1) * g.dilation_x + 1;
  const index panels = panel_count(call.part.column_end);
  for (index panel = 0; panel < panels; panel += cut.panels) {
    for (index x = 0; x < call.extents.width; x += cut.pixels) {
      std::fill_n(rows.held, rows.slots, index{0});
      for (index line = call.part.row_begin; line < call.part.row_end; ++line)
        depthwise_line(call, rows, line, x, std::min(cut.pixels, call.extents.width - x), panel,
                       std::min(panel + cut.panels, panels));
    }
  }
}
