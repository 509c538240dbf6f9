// depthwise.inl: the loops of the depthwise convolution. Included in every target's namespace, after conv.inl.

#include "depthwise_cells.inl"

/// What the loops need to know of a call at compile time.
template <class Call>
struct depthwise_traits {
  using A = typename Call::activations;
  using W = typename Call::weights_range;
  using a_type = typename A::type;
  static auto select() {
    if constexpr (!IntegerRange<W>) {
      return std::type_identity<dot_floats>{};
    } else if constexpr (sizeof(a_type) == 1) {
      return std::type_identity<dot_by_vector<A, W>>{};
    } else {
      return std::type_identity<dot_widened>{};
    }
  }
  using dot = typename decltype(select())::type;
  static constexpr bool shifted = sizeof(a_type) == 1;
  static constexpr bool starts = std::is_same_v<typename dot::acc, i32x16> && Call::sum == value_kind::sum32;
  static constexpr bool starts_corrected = shifted && starts;
  static constexpr bool starts_biased = starts && leading_bias<decltype(Call::epilogue)>::found;
  static constexpr std::size_t taps = std::size_t{depthwise_taps<W>};
  static constexpr index cells_bytes = strip_lanes * index{taps * sizeof(a_type)};  ///< of 16 channels
  /// Whether cells are changed when they are made, instead of when they are read.
  static constexpr bool flips = std::is_same_v<typename dot::cell, i32_reg> && dot::offset != 0;
  /// Panels side by side where the target stores four strips at once.
  static constexpr int panels = i32_regs == 1 ? 4 : 1, most_rows = 8;
  /// Pixels of a tile of V panels: the images of networks are multiples of 7, strips leave in fours.
  static constexpr int held = i32_regs == 1 ? 4 : 6;  ///< registers for weights, cells and products
  template <int V>
  static constexpr int rows = std::clamp((registers - held) / (registers_of<typename dot::acc> * V), 1,
                                         V == 4 ? 7 : most_rows);
};

/// A row of cells and the strips of weights that it meets.
struct cell_row {
  const std::byte *cells, *weights;
};

/// Rows of cells of some panels and some columns: [panel][slot][column].
struct cell_rows {
  static constexpr index bytes = 24 * 1024, most_slots = 32;
  index slots = 0, columns = 0, cells_bytes = 0;
  index held[most_slots] = {};  ///< which row lies in a slot; 0: none
  alignas(strip_bytes) std::byte memory[bytes];

  index panel_bytes() const noexcept { return slots * columns * cells_bytes; }
  std::byte* row(index panel, index slot) noexcept {
    return memory + panel * panel_bytes() + slot * columns * cells_bytes;
  }
};

/// What a tile needs to know beside its rows of cells: how many taps of a row, and bytes from pixel to pixel, from tap
/// to tap and from panel to panel.
struct tap_steps {
  index taps, pixel_bytes, tap_bytes, panel_bytes, weights_panel_bytes;
};

/// A register of cells as the dot takes it.
template <class Traits>
PARE_ALWAYS_INLINE auto load_cells(const std::byte* p) {
  if constexpr (Traits::flips) {
    return load_register(p);
  } else {
    return Traits::dot::as_cell(load_register(p));
  }
}

/// Adds one strip of weights of a panel to the sums of R pixels.
template <class Traits, int R, class Sum>
PARE_ALWAYS_INLINE void add_tap(Sum (&sum)[R], const std::byte* cells, const std::byte* weights, index pixel_bytes) {
  using dot = typename Traits::dot;
  each_part(
      [&](auto part) __attribute__((always_inline)) {
        const auto w = dot::template load<part>(weights);
        const std::byte* third = cells + part * register_bytes;  // as in `step`
        PARE_UNROLL for (int r = 0; r < R; ++r) {
          if (r % 3 == 0 && r != 0) third += 3 * pixel_bytes;
          dot::template mul_add<part>(sum[r], load_cells<Traits>(third + r % 3 * pixel_bytes), w);
        }
      },
      std::make_integer_sequence<int, dot::parts>{});
}

/// The sums of R pixels of V panels; cells lie at `at` bytes in their rows.
template <class Traits, int R, int V, class Sum>
PARE_ALWAYS_INLINE void add_rows(Sum (&sum)[V][R], const cell_row* row, const cell_row* end, index at,
                                 const tap_steps& steps) {
  const index pixel_bytes = steps.pixel_bytes, tap_bytes = steps.tap_bytes, panel_bytes = steps.panel_bytes,
              weights_panel_bytes = steps.weights_panel_bytes;
  for (; row != end; ++row) {
    const std::byte *cells = row->cells + at, *weights = row->weights;
    index taps = steps.taps;
    __asm__("" : "+r"(taps));  // as in `steps`
    for (; taps > 0; --taps, cells += tap_bytes, weights += strip_bytes) {
      PARE_UNROLL for (int v = 0; v < V; ++v)
          add_tap<Traits, R>(sum[v], cells + v * panel_bytes, weights + v * weights_panel_bytes, pixel_bytes);
    }
  }
}

/// Sums of V panels and R pixels before their first tap: where they are plain lanes they start at what is added to
/// them.
template <class Call, int R, int V, class Sum>
PARE_ALWAYS_INLINE void start_lanes(const Call& call, index column, Sum (&sum)[V][R]) {
  using info = depthwise_traits<Call>;
  if constexpr (info::starts_corrected || info::starts_biased) {
    PARE_UNROLL for (int v = 0; v < V; ++v, column += strip_lanes) {
      i32x16 start{};
      if constexpr (info::starts_corrected) start = correction<typename info::dot, i32x16>(call, column);
      if constexpr (info::starts_biased)
        start = start + load_lanes<i32x16>(leading_bias<decltype(Call::epilogue)>::values(call.epilogue) + column);
      PARE_UNROLL for (int r = 0; r < R; ++r) {
        sum[v][r] = start;
        keep_apart(sum[v][r]);
      }
    }
  }
}
/// The stages that are left.
template <class Call>
PARE_ALWAYS_INLINE decltype(auto) lane_stages(const Call& call) {
  if constexpr (depthwise_traits<Call>::starts_biased) {
    return leading_bias<decltype(Call::epilogue)>::rest(call.epilogue);
  } else {
    return (call.epilogue);
  }
}

/// A sum as the epilogue takes it.
template <class Call, class Sum>
PARE_ALWAYS_INLINE auto lane_result(const Call& call, index column, const Sum& sum) {
  using info = depthwise_traits<Call>;
  const auto plain = info::dot::result(sum);
  if constexpr (info::shifted && !info::starts_corrected) {
    return plain + correction<typename info::dot, i32x16>(call, column);
  } else if constexpr (Call::sum == value_kind::sum64) {
    return widen(plain);
  } else {
    return plain;
  }
}

/// Output pixels [pixel, pixel + rows), rows <= R, of V panels.
template <class Call, int R, int V>
__attribute__((noinline)) void depthwise_tile(const Call& call, const cell_row* row, const cell_row* end, index at,
                                              const tap_steps& steps, index pixel, index rows, index panel) {
  typename depthwise_traits<Call>::dot::acc sum[V][R] = {};
  start_lanes<Call, R, V>(call, panel * strip_lanes, sum);
  add_rows<depthwise_traits<Call>, R, V>(sum, row, end, at, steps);
  const index column = panel * strip_lanes;
  const auto value = [&](int r, int v) __attribute__((always_inline)) {
    return lane_result(call, column + v * strip_lanes, sum[v][r]);
  };
  if (R == depthwise_traits<Call>::template rows<V> && rows >= R && holds_columns<V>(call, column))
    return store_whole<R, V>(call, lane_stages(call), pixel, column, value);
  std::remove_cvref_t<decltype(value(0, 0))> values[R][V];
  PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v) values[r][v] = value(r, v);
  store_rows<V>(call, lane_stages(call), pixel, std::min<index>(rows, R), column, values);
}

/// `count` output pixels of one row and of V panels, the first at the first column of the rows of cells.
template <class Call, int V>
void depthwise_pixels(const Call& call, const cell_row* row, const cell_row* end, const tap_steps& steps, index pixel,
                      index count, index panel) {
  constexpr int most = depthwise_traits<Call>::template rows<V>, half = most / 2 + 1;
  const index tall = tall_rows(count, most, half);
  for (index i = 0; i < count;) {
    if (i < tall) {
      depthwise_tile<Call, most, V>(call, row, end, i * steps.pixel_bytes, steps, pixel + i, count - i, panel);
      i += most;
    } else {
      depthwise_tile<Call, half, V>(call, row, end, i * steps.pixel_bytes, steps, pixel + i, count - i, panel);
      i += half;
    }
  }
}

/// The same for panels [panel, last), V at a time, then fewer. `row` is that of panel `first`.
template <class Call, int V>
void depthwise_panels(const Call& call, const cell_row* row, index used, const tap_steps& steps, index pixel,
                      index count, index first, index panel, index last) {
  for (; panel + V <= last; panel += V) {
    cell_row mine[cell_rows::most_slots];
    for (index i = 0; i < used; ++i)
      mine[i] = {row[i].cells + (panel - first) * steps.panel_bytes,
                 row[i].weights + panel * steps.weights_panel_bytes};
    depthwise_pixels<Call, V>(call, mine, mine + used, steps, pixel, count, panel);
  }
  if constexpr (V > 1) {
    if (panel < last) depthwise_panels<Call, V / 2>(call, row, used, steps, pixel, count, first, panel, last);
  }
}

#include "depthwise_lines.inl"
