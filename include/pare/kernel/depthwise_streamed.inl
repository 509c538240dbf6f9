// depthwise_streamed.inl: windows of three columns at every second column, 64 channels at a time: a column's cells are
// made in registers and met by the outputs on both of its sides, so that none is stored. Included by depthwise.inl.

/// The image rows under an output row, at a column, and the bytes to the next column.
struct streamed_rows {
  const std::byte* row[4];
  index step[4];
};

/// Cells of a column, of each of four panels.
struct cell_column {
  i32_reg panel[4];
};

/// The cells of a column. Rows: streamed_rows; a template, because other targets have no quads_of_64.
template <bool Flip, class Rows>
PARE_ALWAYS_INLINE void make_column(const Rows& rows, cell_column& column) {
  quads_of_64<Flip>(rows.row, column.panel);
}

/// `count` output pixels from `pixel` on, of four panels. column: their first, and then the first of the pixel after
/// them; rows: at the column after it. weights: of the first panel, three strips each.
template <class Call>
__attribute__((noinline)) void streamed_pixels(const Call& call, streamed_rows rows, cell_column& column, index pixel,
                                               index count, index panel, const std::byte* weights) {
  using info = depthwise_traits<Call>;
  using dot = typename info::dot;
  const std::remove_cvref_t<decltype(lane_stages(call))> stages = lane_stages(call);  // as in held_tiles
  alignas(strip_bytes) std::byte strips[4][3 * strip_bytes];  // copies, whose addresses take no registers
  PARE_UNROLL for (int v = 0; v < 4; ++v)
      std::memcpy(strips[v], weights + v * call.weights.panel_bytes, sizeof strips[v]);
  typename dot::acc start[4][1] = {};
  start_lanes<Call, 1, 4>(call, panel * strip_lanes, start);
  cell_column first = column;
  for (; count > 0; --count, ++pixel) {
    typename dot::acc sum[4][1];
    PARE_UNROLL for (int v = 0; v < 4; ++v) sum[v][0] = start[v][0];
    const auto add = [&](const cell_column& cells, int u) __attribute__((always_inline)) {
      PARE_UNROLL for (int v = 0; v < 4; ++v) dot::template mul_add<0>(
          sum[v][0], cells_of<info>(cells.panel[v]), dot::template load<0>(strips[v] + u * strip_bytes));
    };
    const auto next = [&](cell_column & cells) __attribute__((always_inline)) {
      make_column<info::flips>(rows, cells);
      PARE_UNROLL for (int t = 0; t < 4; ++t) rows.row[t] += rows.step[t];
    };
    cell_column middle;
    add(first, 0);
    next(middle);
    add(middle, 1);
    next(first);
    add(first, 2);
    end_sums<4, 1>(sum);
    store_whole<1, 4, small_tiles<Call>>(
        call, stages, pixel, panel * strip_lanes, [&](int, int v) __attribute__((always_inline)) {
          return lane_result(call, (panel + v) * strip_lanes, sum[v][0]);
        });
  }
  column = first;
}

/// Two columns of image rows, those outside the image as zero points.
struct padded_columns {
  alignas(strip_bytes) std::byte memory[4][2][4 * strip_lanes];

  /// From column x on; `rows` are at column 0.
  streamed_rows at(const streamed_rows& rows, const std::byte* outside, index x, index width) {
    streamed_rows copy;
    for (int t = 0; t < 4; ++t) {
      for (index u = 0; u < 2; ++u) {
        const bool inside = x + u >= 0 && x + u < width;
        std::memcpy(memory[t][u], inside ? rows.row[t] + (x + u) * rows.step[t] : outside, sizeof memory[t][u]);
      }
      copy.row[t] = memory[t][0];
      copy.step[t] = sizeof memory[t][0];
    }
    return copy;
  }
};

/// One output row of four panels. rows: at column 0.
template <class Call>
void streamed_line(const Call& call, const streamed_rows& rows, const std::byte* outside, index line, index panel,
                   const std::byte* weights) {
  const index width = call.extents.width, columns = call.image.width, pad = call.geometry.pad_left;
  padded_columns padded;
  cell_column column;
  make_column<depthwise_traits<Call>::flips>(padded.at(rows, outside, -pad, columns), column);
  for (index i = 0, count; i < width; i += count) {
    const index x = 2 * i + 1 - pad;
    count = x < 0 ? 0 : std::min((columns - x) / 2, width - i);  // those whose columns are inside
    streamed_rows from = rows;
    if (count > 0) {
      for (int t = 0; t < 4; ++t) from.row[t] += x * from.step[t];
    } else {
      from = padded.at(rows, outside, x, columns);
      count = 1;
    }
    streamed_pixels(call, from, column, line * width + i, count, panel, weights);
  }
}

/// Gives the first panel that was not streamed: four at a time are, as long as the window has three columns, at every
/// second one, and its rows lie in one cell, whatever row of the image it begins at.
template <class Call>
index depthwise_streamed(const Call& call, const std::byte* outside) {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  index panel = call.part.column_begin / strip_lanes;
  if (g.stride_x != 2 || call.window.width != 3 || g.dilation_x != 1 || call.multiplier != 1 ||
      depthwise_cells<typename Call::weights_range>(call.window.height, 1) != 1)
    return panel;
  for (; holds_tile<4>(call, panel * strip_lanes); panel += 4) {
    for (index line = call.part.row_begin; line < call.part.row_end; ++line) {
      const cells_under<Call> under(call, line);
      const index top = under.begin(call, 0) - g.pad_top;
      const auto image = rows_of_image<info::taps>(call, outside, under.n, top, 0, panel * strip_lanes);
      streamed_rows rows;
      for (int t = 0; t < 4; ++t) {
        const bool used = t >= under.shift && t - under.shift < call.window.height;  // others would meet zeros
        rows.row[t] = used ? image.row[t] : outside;
        rows.step[t] = used ? image.step[t] : 0;
      }
      streamed_line(call, rows, outside, line, panel, under.weights(call, 0) + panel * call.weights.panel_bytes);
    }
  }
  return panel;
}
