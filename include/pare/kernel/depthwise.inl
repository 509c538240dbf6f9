// depthwise.inl: the loops of the depthwise convolution. Included in every target's namespace, after conv.inl.

#include "depthwise_cells.inl"

/// Pixels of a tile: as many as leave registers for a strip of weights and a product.
inline constexpr int depthwise_rows = std::clamp((registers - 2 - i32_regs) / i32_regs, 1, 8);
inline constexpr int depthwise_half = depthwise_rows > 2 ? depthwise_rows / 2 + 1 : 1;

PARE_ALWAYS_INLINE void add_products(i32x16& sum, const i32x16& cells, const i32x16& weights) {
  PARE_UNROLL for (int i = 0; i < i32_regs; ++i) sum.r[i] = madd_add(sum.r[i], cells.r[i], weights.r[i]);
}
PARE_ALWAYS_INLINE void add_products(f32x16& sum, const f32x16& cells, const f32x16& weights) {
  PARE_UNROLL for (int i = 0; i < i32_regs; ++i) sum.r[i] = fma_add(sum.r[i], cells.r[i], weights.r[i]);
}
template <class Call>
using lane_sums = std::conditional_t<IntegerRange<typename Call::weights_range>, i32x16, f32x16>;

/// A row of cells and the strips of weights that it meets.
struct cell_row {
  const std::byte *cells, *weights;
};

/// Rows of cells of some panels and some columns: [panel][slot][column].
struct cell_rows {
  static constexpr index bytes = 24 * 1024, most_slots = 32;
  index slots = 0, columns = 0;
  index held[most_slots] = {};  ///< which row lies in a slot; 0: none
  alignas(strip_bytes) std::byte memory[bytes];

  std::byte* row(index panel, index slot) noexcept { return memory + (panel * slots + slot) * columns * strip_bytes; }
};

/// What a tile needs to know beside its rows of cells.
struct tap_steps {
  index pixel_bytes, tap_bytes, taps;  ///< in a row of cells: from pixel to pixel, from tap to tap, how many taps
};

/// The sums of R pixels; cells lie at `at` bytes in their rows.
template <class Sums, int R>
PARE_ALWAYS_INLINE void add_rows(Sums (&sum)[R], const cell_row* row, const cell_row* end, index at,
                                 const tap_steps& steps) {
  const index pixel_bytes = steps.pixel_bytes, tap_bytes = steps.tap_bytes;
  for (; row != end; ++row) {
    const std::byte *cells = row->cells + at, *weights = row->weights;
    index taps = steps.taps;
    __asm__("" : "+r"(taps));  // as in `steps`
    for (; taps > 0; --taps, cells += tap_bytes, weights += strip_bytes) {
      const Sums w = load_lanes<Sums>(weights);
      PARE_UNROLL for (int r = 0; r < R; ++r) add_products(sum[r], load_lanes<Sums>(cells + r * pixel_bytes), w);
    }
  }
}

/// A sum as the epilogue takes it.
template <class Call, class Sums>
PARE_ALWAYS_INLINE auto lane_result(const Sums& sum) {
  if constexpr (Call::sum == value_kind::sum64) {
    return widen(sum);
  } else {
    return sum;
  }
}

/// Output pixels [pixel, pixel + rows), rows <= R, of one panel.
template <class Call, int R>
__attribute__((noinline)) void depthwise_tile(const Call& call, const cell_row* row, const cell_row* end, index at,
                                              const tap_steps& steps, index pixel, index rows, index panel) {
  lane_sums<Call> sum[R] = {};
  add_rows<lane_sums<Call>, R>(sum, row, end, at, steps);
  store_tile<R, 1>(
      call, call.epilogue, pixel, std::min<index>(rows, R),
      panel * strip_lanes, [&](int r, int) __attribute__((always_inline)) { return lane_result<Call>(sum[r]); });
}

/// `count` output pixels of one row and panel, the first at the first column of the rows of cells.
template <class Call>
void depthwise_pixels(const Call& call, const cell_row* row, const cell_row* end, const tap_steps& steps, index pixel,
                      index count, index panel) {
  constexpr index most = depthwise_rows, half = depthwise_half;
  const index tall = tall_rows(count, most, half);
  for (index i = 0; i < count;) {
    if (i < tall) {
      depthwise_tile<Call, most>(call, row, end, i * steps.pixel_bytes, steps, pixel + i, count - i, panel);
      i += most;
    } else {
      depthwise_tile<Call, half>(call, row, end, i * steps.pixel_bytes, steps, pixel + i, count - i, panel);
      i += half;
    }
  }
}

/// Where the work of a call is cut, so that rows of cells fit their memory.
struct depthwise_cut {
  index panels = 0;  ///< at once; 0: the window is too large for rows of cells
  index pixels = 0;  ///< of an output row at once
};

template <class Call>
depthwise_cut cut_depthwise(const Call& call, index slots) {
  const auto& g = call.geometry;
  const index span = (call.window.width - 1) * g.dilation_x + 1;
  constexpr bool wide = Call::sum == value_kind::sum64;
  if constexpr (wide) {  // int32 sums of these few products cannot overflow
    if (call.window.width * call.window.height > max_depth<typename Call::activations, typename Call::weights_range>())
      return {};
  }
  if (slots > cell_rows::most_slots) return {};
  for (index panels = std::min(index{4}, panel_count(call.part.column_end)); panels > 0; --panels) {
    const index columns = cell_rows::bytes / (panels * slots * strip_bytes);
    const index fit = columns < span ? 0 : ((columns - span) / g.stride_x + 1) / depthwise_rows * depthwise_rows;
    if (fit < std::min(index{24}, call.extents.width) && (panels > 1 || fit == 0)) continue;
    const index pieces = ceil_div(call.extents.width, fit);
    return {panels, std::min(fit, round_up(ceil_div(call.extents.width, pieces), depthwise_rows))};
  }
  return {};
}

/// Output pixels [x, x + count) of one output row, for panels [panel, last). `rows` may hold rows of cells from before.
template <class Call>
void depthwise_line(const Call& call, cell_rows& rows, index line, index x, index count, index panel, index last) {
  using W = typename Call::weights_range;
  constexpr index taps = depthwise_taps<W>;
  const auto& g = call.geometry;
  const index n = line / call.extents.height, y = line % call.extents.height * g.stride_y;  // in the padded image
  const index shift = g.dilation_y == 1 ? y % taps : 0, cells = depthwise_cells<W>(call.window.height, shift);
  const index shift_strips = shift == 0 ? 0 : depthwise_cells<W>(call.window.height, 0) * call.window.width;
  cell_row row[cell_rows::most_slots];
  index slot_of[cell_rows::most_slots], used = 0;
  for (index cell = 0; cell < cells; ++cell) {
    const index padded = y + (cell * taps - shift) * g.dilation_y;
    const index top = padded - g.pad_top, bottom = top + g.dilation_y;
    const bool inside =
        (top >= 0 && top < call.image.height) || (taps > 1 && bottom >= 0 && bottom < call.image.height);
    if (!inside) continue;
    const index slot = g.dilation_y == 1 ? padded / taps % rows.slots : cell;
    const index name = 1 + n * (call.extents.height * g.stride_y + call.window.height * g.dilation_y) + padded;
    if (rows.held[slot] != name) {
      rows.held[slot] = name;
      for (index p = panel; p < last; ++p)
        put_columns(call, rows.row(p - panel, slot), n, top, bottom, x * g.stride_x - g.pad_left, rows.columns, p);
    }
    slot_of[used] = slot;
    row[used++].weights = call.weights.strips + (shift_strips + cell * call.window.width) * strip_bytes;
  }
  const tap_steps steps{g.stride_x * strip_bytes, g.dilation_x * strip_bytes, call.window.width};
  for (index p = panel; p < last; ++p) {
    cell_row mine[cell_rows::most_slots];
    for (index i = 0; i < used; ++i)
      mine[i] = {rows.row(p - panel, slot_of[i]), row[i].weights + p * call.weights.panel_bytes};
    depthwise_pixels(call, mine, mine + used, steps, line * call.extents.width + x, count, p);
  }
}

/// Any window, one pixel and tap at a time.
template <class Call>
void run_large_depthwise(const Call& call) {
  using W = typename Call::weights_range;
  constexpr index taps = depthwise_taps<W>;
  const auto& g = call.geometry;
  const index width = call.extents.width, height = call.extents.height;
  for (index panel = 0; panel < panel_count(call.part.column_end); ++panel) {
    for (index pixel = call.part.row_begin * width; pixel < call.part.row_end * width; ++pixel) {
      const index x = pixel % width * g.stride_x - g.pad_left;
      const index y = pixel / width % height * g.stride_y - g.pad_top;
      const std::byte* weights = call.weights.strips + panel * call.weights.panel_bytes;
      auto sum = lane_result<Call>(lane_sums<Call>{});
      for (index v = 0; v < call.window.height; v += taps) {
        for (index u = 0; u < call.window.width; ++u, weights += strip_bytes) {
          alignas(strip_bytes) std::byte cells[strip_bytes];
          const index top = y + v * g.dilation_y;
          put_columns(call, cells, pixel / width / height, top, top + g.dilation_y, x + u * g.dilation_x, 1, panel);
          lane_sums<Call> product = {};
          add_products(product, load_lanes<lane_sums<Call>>(cells), load_lanes<lane_sums<Call>>(weights));
          sum = sum + lane_result<Call>(product);
        }
      }
      store_tile<1, 1>(call, call.epilogue, pixel, 1, panel * strip_lanes, [&](int, int) { return sum; });
    }
  }
}

template <class Call>
void run_depthwise(const Call& call) noexcept {
  using W = typename Call::weights_range;
  const auto& g = call.geometry;
  cell_rows rows;
  rows.slots = depthwise_cells<W>(call.window.height, depthwise_taps<W> - 1);
  const depthwise_cut cut = cut_depthwise(call, rows.slots);
  if (cut.panels == 0) return run_large_depthwise(call);
  const index pixels = round_up(cut.pixels, depthwise_rows);
  rows.columns = (pixels - 1) * g.stride_x + (call.window.width - 1) * g.dilation_x + 1;
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
