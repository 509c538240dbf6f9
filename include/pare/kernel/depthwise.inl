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
  /// Registers for weights, cells and products.
  static constexpr int held = i32_regs == 1 && dot::parts == 1 ? 3 + registers_of<typename dot::cell> : 6;
  template <int V>
  static constexpr int rows = clamped((registers - held) / (registers_of<typename dot::acc> * V), 1,
                                      V == 4 ? 7 : most_rows);
};

/// Cells under the first pixel of a row of the output, and the strips that they meet, for one tap or as many as a cell
/// has.
struct cell_tap {
  const std::byte *cells, *weights;
};

/// Rows of cells of some panels side by side and some columns: [slot][column][panel].
struct cell_rows {
  static constexpr index bytes = 24 * 1024, most_slots = 32, most_taps = 128;
  index slots = 0, columns = 0, column_bytes = 0;
  alignas(strip_bytes) std::byte outside[4 * strip_bytes];  ///< a pixel of zero points, of all panels
  index held[most_slots] = {};                              ///< which row lies in a slot; 0: none
  alignas(strip_bytes) std::byte memory[bytes];

  std::byte* row(index slot) noexcept { return memory + slot * columns * column_bytes; }
};

/// A register of cells as the dot takes it.
template <class Traits>
PARE_ALWAYS_INLINE auto cells_of(i32_reg x) {
  if constexpr (Traits::flips) {
    return x;
  } else {
    return Traits::dot::as_cell(x);
  }
}
template <class Traits>
PARE_ALWAYS_INLINE auto load_cells(const std::byte* p) {
  return cells_of<Traits>(load_register(p));
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

/// The sums of R pixels of V panels; cells lie at `at` bytes behind the first pixel's.
template <class Traits, int R, int V, class Sum>
PARE_ALWAYS_INLINE void add_taps(Sum (&sum)[V][R], const cell_tap* tap, const cell_tap* end, index at,
                                 index pixel_bytes, index weights_panel_bytes) {
  for (; tap != end; ++tap) {
    const std::byte *cells = tap->cells + at, *weights = tap->weights;
    PARE_UNROLL for (int v = 0; v < V; ++v)
        add_tap<Traits, R>(sum[v], cells + v * Traits::cells_bytes, weights + v * weights_panel_bytes, pixel_bytes);
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

/// Output pixels [pixel, pixel + R) of V panels, or `rows` of them if not Whole.
template <class Call, int R, int V, bool Whole, class Stages>
PARE_ALWAYS_INLINE void one_depthwise_tile(const Call& call, const Stages& stages, const cell_tap* tap,
                                           const cell_tap* end, index at, index pixel_bytes, index pixel, index rows,
                                           index panel) {
  using info = depthwise_traits<Call>;
  const index column = panel * strip_lanes;
  typename info::dot::acc sum[V][R] = {};
  start_lanes<Call, R, V>(call, column, sum);
  add_taps<info, R, V>(sum, tap, end, at, pixel_bytes, call.weights.panel_bytes);
  end_sums<V, R>(sum);
  const auto value = [&](int r, int v) __attribute__((always_inline)) {
    return lane_result(call, column + v * strip_lanes, sum[v][r]);
  };
  store_tile<R, V, Whole>(call, stages, pixel, smaller<index>(rows, R), column, value);
}

/// A stretch of an output row: its first pixel, and how many.
struct pixel_stretch {
  index first, count;
};

/// Pixels [i, end) of a stretch, R at a time. Gives the first that is left. With both ways to store in one function, or
/// without the loop in it, gcc 12 keeps the sums in memory.
template <class Call, int R, int V, bool Whole>
__attribute__((noinline)) index depthwise_tiles(const Call& call, const cell_tap* taps, const cell_tap* taps_end,
                                                const pixel_stretch& row, index i, index end, index panel) {
  const index pixel_bytes = call.geometry.stride_x * V * depthwise_traits<Call>::cells_bytes;
  const auto stages = stages_for<(Whole ? V : 0)>(lane_stages(call), panel * strip_lanes);
  for (; i < end; i += R)
    one_depthwise_tile<Call, R, V, Whole>(call, stages, taps, taps_end, i * pixel_bytes, pixel_bytes, row.first + i,
                                          row.count - i, panel);
  return i;
}

/// A stretch of V panels, its first pixel at the first column of the rows of cells.
template <class Call, int V>
void depthwise_pixels(const Call& call, const cell_tap* taps, const cell_tap* end, const pixel_stretch& row,
                      index panel) {
  constexpr int most = depthwise_traits<Call>::template rows<V>, half = most / 2 + 1;
  const index tall = smaller(tall_rows(row.count, most, half), row.count);
  index i = 0;
  if (holds_tile(call, panel * strip_lanes, V))
    i = depthwise_tiles<Call, most, V, true>(call, taps, end, row, 0, tall / most * most, panel);
  if (i < tall) i = depthwise_tiles<Call, most, V, false>(call, taps, end, row, i, tall, panel);
  if (i < row.count) depthwise_tiles<Call, half, V, false>(call, taps, end, row, i, row.count, panel);
}

#include "depthwise_held.inl"
#include "depthwise_in_place.inl"
#include "depthwise_lines.inl"
