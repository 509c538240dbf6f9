// depthwise_streamed.inl: windows of three columns, 64 channels at a time: a column's cells are made in registers and
// met by the outputs around it, so that none is stored, and outputs leave as whole lines of the cache, each once.
// Included by depthwise.inl.

/// Cells of a column: a register of each of four panels, or, where there are two, of two panels in each of two bands of
/// output rows, of which the second is so far below the first that it begins two image rows further.
struct cell_column {
  i32_reg panel[4];
};

/// What the output rows of four registers' panels share. Weights are copies, whose addresses take one register.
struct streamed_panels {
  alignas(strip_bytes) std::byte strips[2][4][3 * strip_bytes];  ///< [shift][register]
  cell_column padding;                                           ///< outside the image
  const std::byte* outside;                                      ///< a pixel of zero points
  index first;
};

/// The cells of a column. Rows: of the image; a template, because other targets have no quads_of_64.
template <bool Flip, int Bands, class Rows>
PARE_ALWAYS_INLINE void make_column(const Rows& rows, cell_column& column) {
  quads_of_64<Flip, Bands>(rows, column.panel);
}

/// The image rows from the window of output row `line` on, at column 0, and the bytes to the next column. Those from
/// the `used`-th on meet no weights.
template <class Call, int Rows>
PARE_ALWAYS_INLINE void find_streamed_rows(const Call& call, const streamed_panels& panels, index line, index used,
                                           const std::byte* (&row)[Rows], index (&step)[Rows]) {
  const auto& g = call.geometry;
  const index n = line / call.extents.height, top = (line - n * call.extents.height) * g.stride_y - g.pad_top;
  PARE_UNROLL for (int t = 0; t < Rows; ++t) {
    const index y = top + t * g.dilation_y;
    const bool inside = t < used && y >= 0 && y < call.image.height;
    row[t] =
        inside ? reinterpret_cast<const std::byte*>(&call.image(n, y, 0, panels.first * strip_lanes)) : panels.outside;
    step[t] = inside ? call.image.channels : 0;
  }
}

/// Outputs of four registers' panels at one pixel of each of `Lines` rows of a band, whose columns have these cells.
template <int Lines, int Bands, class Call, class To, class Stages, class Start>
PARE_ALWAYS_INLINE void streamed_pixel(const Call& call, const streamed_panels& panels, const cell_column (&cells)[3],
                                       const Start& start, const To& to, const Stages& stages, index pixel) {
  using info = depthwise_traits<Call>;
  using dot = typename info::dot;
  constexpr int wide = 4 / Bands;
  const index width = call.extents.width;
  index column = panels.first * strip_lanes;
  __asm__("" : "+r"(column));  // or each of four strips' addresses takes a register
  PARE_UNROLL for (int l = 0; l < Lines; ++l) {
    typename dot::acc sum[4][1];
    PARE_UNROLL for (int v = 0; v < 4; ++v) sum[v][0] = start[v][0];
    PARE_UNROLL for (int u = 0; u < 3; ++u) PARE_UNROLL for (int v = 0; v < 4; ++v) dot::template mul_add<0>(
        sum[v][0], cells_of<info>(cells[u].panel[v]), dot::template load<0>(panels.strips[l][v] + u * strip_bytes));
    end_sums<4, 1>(sum);
    const index row = pixel + l * width;
    store_at<Bands, wide, small_tiles<Call>>(
        to.out + row * to.out_stride + column, Lines * width * to.out_stride, stages, row, column,
        [&](int b, int v) __attribute__((always_inline)) {
          return lane_result(call, column + v * strip_lanes, sum[b * wide + v][0]);
        },
        Lines * width);
  }
}

/// What the sums of each register start at.
template <class Call, int Bands>
PARE_ALWAYS_INLINE void start_streamed(const Call& call, index column,
                                       typename depthwise_traits<Call>::dot::acc (&start)[4][1]) {
  constexpr int wide = 4 / Bands;
  typename depthwise_traits<Call>::dot::acc panel[wide][1] = {};
  start_lanes<Call, 1, wide>(call, column, panel);
  PARE_UNROLL for (int v = 0; v < 4; ++v) start[v][0] = panel[v % wide][0];
}

/// `Lines` output rows of each band, which meet the same cells.
template <class Call, int Stride, int Lines, int Bands>
__attribute__((noinline)) void streamed_lines(const Call& call, const streamed_panels& panels, index line) {
  using info = depthwise_traits<Call>;
  constexpr int lines = Bands * Lines, rows = Bands == 1 ? Lines + 2 : (lines - 1) * Stride + 3;
  const index width = call.extents.width, columns = call.image.width;
  const auto stages = stages_for<4 / Bands>(lane_stages(call), panels.first * strip_lanes);  // as in held_tiles
  const auto to = destination_of(call);
  const std::byte* row[rows];
  index steps[rows], x = -call.geometry.pad_left;
  find_streamed_rows(call, panels, line, call.window.height + rows - 3, row, steps);
  const index* step = steps;
  __asm__("" : "+r"(step) : : "memory");  // or gcc 12 keeps pointers in vector registers, for want of others
  typename info::dot::acc start[4][1] = {};
  start_streamed<Call, Bands>(call, panels.first * strip_lanes, start);
  const auto next = [&](cell_column & cells) __attribute__((always_inline)) {
    if (x >= 0 && x < columns) {
      make_column<info::flips, Bands>(row, cells);
      PARE_UNROLL for (int t = 0; t < rows; ++t) row[t] += step[t];
    } else {
      PARE_UNROLL for (int v = 0; v < 4; ++v) cells.panel[v] = panels.padding.panel[v];  // clang 14 copies in memory
    }
    ++x;
  };
  cell_column cells[3];
  PARE_UNROLL for (int u = 0; u < 3 - Stride; ++u) next(cells[u]);
  for (index pixel = line * width, end = pixel + width; pixel < end; ++pixel) {
    PARE_UNROLL for (int u = 3 - Stride; u < 3; ++u) next(cells[u]);
    streamed_pixel<Lines, Bands>(call, panels, cells, start, to, stages, pixel);
    PARE_UNROLL for (int u = 0; u < 3 - Stride; ++u) PARE_UNROLL for (int v = 0; v < 4; ++v) cells[u].panel[v] =
        cells[u + Stride].panel[v];
  }
}

/// The output rows of four panels.
template <class Call>
void streamed_rows(const Call& call, const streamed_panels& panels) {
  const auto& g = call.geometry;
  for (index line = call.part.row_begin; line < call.part.row_end; ++line) {
    if (g.stride_x == 2) {
      streamed_lines<Call, 2, 1, 1>(call, panels, line);
    } else if (g.stride_y == 1 && g.dilation_y == 1 && line + 1 < call.part.row_end &&
               (line + 1) % call.extents.height != 0) {
      streamed_lines<Call, 1, 2, 1>(call, panels, line++);
    } else {
      streamed_lines<Call, 1, 1, 1>(call, panels, line);
    }
  }
}

/// How many output rows two bands have, if these make up the output; 0: they do not.
template <class Call>
index rows_of_bands(const Call& call) {
  const auto& g = call.geometry;
  const index rows = g.stride_x == 1 ? 4 : 2;
  const bool fills = g.stride_y == g.stride_x && g.dilation_y == 1 && call.extents.height % rows == 0 &&
                     call.part.row_begin % rows == 0 && call.part.row_end % rows == 0;
  return fills ? rows : 0;
}

/// Panels from `first` on: `count` of them, over and over.
template <class Call>
void choose_panels(const Call& call, streamed_panels& panels, index first, int count) {
  panels.first = first;
  for (int v = 0; v < 4; ++v) {
    const std::byte* strips = call.weights.strips + (first + v % count) * call.weights.panel_bytes;
    for (int shift = 0; shift < 2; ++shift)
      std::memcpy(panels.strips[shift][v], strips + shift * 3 * strip_bytes, 3 * strip_bytes);
  }
}

/// Gives the first panel that was not streamed: four at a time are, and then two, if bands are filled, as long as the
/// window has three columns, at every one or second one, and its rows lie in one cell, whatever row of the image it
/// begins at.
template <class Call>
index depthwise_streamed(const Call& call, const std::byte* outside) {
  using info = depthwise_traits<Call>;
  const auto& g = call.geometry;
  index panel = call.part.column_begin / strip_lanes;
  if (g.stride_x > 2 || call.window.width != 3 || g.dilation_x != 1 || call.multiplier != 1 ||
      depthwise_cells<typename Call::weights_range>(call.window.height, 1) != 1)
    return panel;
  // Held tiles prepare the constants of a long epilogue once for many pixels, which here are prepared for each.
  constexpr bool prepares = ends_in_wide_product<decltype(Call::epilogue)>;
  if (prepares && g.stride_x == 1 && call.extents.width >= 24) return panel;
  streamed_panels panels;
  const std::byte* const all_outside[] = {outside, outside, outside, outside};
  make_column<info::flips, 1>(all_outside, panels.padding);
  panels.outside = outside;
  for (; holds_tile(call, panel * strip_lanes, 4); panel += 4) {
    choose_panels(call, panels, panel, 4);
    streamed_rows(call, panels);
  }
  if (const index rows = rows_of_bands(call); rows != 0 && holds_tile(call, panel * strip_lanes, 2)) {
    choose_panels(call, panels, panel, 2);
    for (index line = call.part.row_begin; line < call.part.row_end; line += rows) {
      if (rows == 4) {
        streamed_lines<Call, 1, 2, 2>(call, panels, line);
      } else {
        streamed_lines<Call, 2, 1, 2>(call, panels, line);
      }
    }
    panel += 2;
  }
  return panel;
}
