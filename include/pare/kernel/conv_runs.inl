// conv_runs.inl: the sums of a tile of output pixels over all runs under their windows. Included by conv.inl.

/// How a tile finds its runs: all pointed at by the table, too many for it at once, one each, copied at a distance, or
/// by a list that all windows inside the image share.
enum class conv_runs { pointed, many, copied, inside };

/// The cells of windows inside the image.
template <index StripStep>
struct inside_walk {
  static constexpr bool in_order = false;
  static constexpr index tail = 0;
  const std::byte* window;
  const std::int32_t* distance;
  const std::byte* strip;
  index full;
  PARE_ALWAYS_INLINE position here() const { return {window + *distance, strip}; }
  PARE_ALWAYS_INLINE const std::byte* tail_cell(index) const { return nullptr; }
  PARE_ALWAYS_INLINE void move_to_tail(const std::byte*) {}
  PARE_ALWAYS_INLINE void advance(index, index) {
    ++distance;
    strip += StripStep;
  }
};

/// Whether tiles are cut for padding and for windows inside the image: padding beside the image, which adds nothing to
/// floats, is left out of the products of single pixels. Only where a strip is one register: with AVX2, whose tiles
/// have one panel, smaller ones cost more than that saves (7x7x512 took 1.05 times as long).
template <class Traits>
inline constexpr bool leaves_sides_out =
    i32_regs == 1 && Traits::in_order&& std::is_same_v<typename Traits::a_type, float>;

/// Whether runs of padding cost no more than one row of products: zeros none; zero points, which are all the same, one
/// cell that is read once, where registers are left for a row of plain sums.
template <class Traits, class Cursor>
inline constexpr bool shares_padding =
    !Traits::shifted ||
    (Traits::choice::period == 0 && std::is_same_v<Cursor, strip_cursor> && Traits::strip_step == strip_bytes &&
     registers > 16 && std::is_same_v<typename Traits::choice::type::acc, i32x16>);

/// Adds a run that lies in padding for all pixels of a tile.
template <class Traits, int R, int V, class Sum>
PARE_ALWAYS_INLINE void add_padding(Sum (&sum)[R][V], const std::byte* cells, index count, strip_cursor& w,
                                    index panel_bytes) {
  if constexpr (Traits::shifted) {
    using dot = typename single_dot<typename Traits::choice::type>::type;
    const auto x = broadcast_nested<dot>(dot{}, cells);
    Sum same[V] = {};
    __asm__("" : "+r"(count));  // as in `steps`
    for (; count > 0; --count, w.strip += strip_bytes) {
      const std::byte* strip = w.strip;
      PARE_UNROLL for (int v = 0; v < V; ++v, strip += panel_bytes) {
        each_part(
            [&](auto part) __attribute__((always_inline)) {
              dot::template mul_add<part>(same[v], x, dot::template load<part>(strip));
            },
            std::make_integer_sequence<int, dot::parts>{});
        __asm__("" : "+r"(strip));  // or each panel's distance would take a register
      }
    }
    PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v) sum[r][v] = sum[r][v] + same[v];
  } else {
    w.template advance<Traits>(count);
  }
}

/// Adds all runs of pixels `at`, ... of the table to `sum`. Returns whether
/// anything was moved to `total`. Many: a call in the loop costs the sums their
/// registers.
template <class Traits, int R, int V, conv_runs Runs, class Sum, class Total, class View>
PARE_ALWAYS_INLINE bool add_runs(Sum (&sum)[R][V], Total& total, tap_table& taps, index row, index at, index rows,
                                 const View& w, index panel) {
  auto weights = start_strips(w, panel);
  const index panel_bytes = w.panel_bytes;
  if constexpr (Runs == conv_runs::copied) {
    dense_walk walk{{taps.window(at), weights.strip}, taps.read(0) / Traits::cell_step, 0};
    return accumulate<Traits, R, V>(sum, total, walk, taps.window_step(), panel_bytes);
  }
  if constexpr (Runs == conv_runs::inside) {
    inside_walk<Traits::strip_step> walk{taps.inside.first_cell(at), taps.inside.distances(), weights.strip,
                                         taps.inside.cells()};
    return accumulate<Traits, R, V>(sum, total, walk, taps.inside.step(), panel_bytes);
  }
  index left = Traits::choice::period;
  bool flushed = false;
  const index some = taps.runs_at_once(), runs = taps.runs();
  for (index run = 0; run < runs; ++run) {
    if constexpr (Runs == conv_runs::many) {
      if (run % some == 0) taps.point(row, smaller<index>(rows, R), run, smaller(run + some, runs));
    }
    const std::byte* const* const pointers = taps.at(run, at);
    const std::byte* cells[R];
    PARE_UNROLL for (int r = 0; r < R; ++r) cells[r] = pointers[r];
    const index count = taps.read(run) / Traits::cell_step;
    if constexpr (shares_padding<Traits, decltype(weights)>) {
      bool outside = true;
      PARE_UNROLL for (int r = 0; r < R; ++r) outside &= taps.is_outside(cells[r]);
      if (outside) {
        add_padding<Traits, R, V>(sum, cells[0], count, weights, panel_bytes);
        continue;
      }
    }
    if constexpr (leaves_sides_out<Traits> && Runs == conv_runs::pointed && R > 1) {
      const bool first = taps.is_outside(cells[0]), last = taps.is_outside(cells[R - 1]);
      if (first && !last) {
        add_run<Traits, 1, R>(sum, total, cells, count, weights, panel_bytes, left, flushed);
        continue;
      }
      if (last && !first) {
        add_run<Traits, 0, R - 1>(sum, total, cells, count, weights, panel_bytes, left, flushed);
        continue;
      }
    }
    flushed = add_run<Traits, 0, R>(sum, total, cells, count, weights, panel_bytes, left, flushed);
  }
  return flushed;
}

/// Adds `count` listed cells of one run, whose first cell is number `begin`.
template <class Traits, int R, class Sum, class Total>
PARE_ALWAYS_INLINE bool add_listed(Sum (&sum)[R][1], Total& total, const std::byte* const (&row)[R],
                                   const std::uint16_t*& cell, index count, index begin, const std::byte*& strip,
                                   index& left, bool flushed) {
  using dot = typename Traits::choice::type;
  constexpr index period = Traits::choice::period;
  const std::byte* cells[R];  // where cell 0 of the list would lie
  PARE_UNROLL for (int r = 0; r < R; ++r) cells[r] = row[r] - begin * Traits::cell_step;
  while (count > 0) {
    if constexpr (period != 0) {
      if (left == 0) {
        flush_registers<dot>(sum, total, std::exchange(flushed, true));
        left = period;
      }
    }
    index now = period != 0 ? smaller(count, left) : count;
    count -= now;
    left -= now;
    __asm__("" : "+r"(now));  // as in `steps`
    for (; now > 0; --now, ++cell, strip += strip_bytes)
      run_step<typename single_dot<dot>::type, 0, R>(sum, cells, index{*cell} * Traits::cell_step, strip_cursor{strip},
                                                     0);
  }
  return flushed;
}

/// The same for weights of which only some cells are kept: the list counts
/// cells through all runs.
template <class Traits, int R, int V, conv_runs Runs, class Sum, class Total, index C>
PARE_ALWAYS_INLINE bool add_runs(Sum (&sum)[R][V], Total& total, tap_table& taps, index row, index at, index rows,
                                 const panel_view<block<16, C>>& w, index panel) {
  static_assert(V == 1, "every panel has a list of its own");
  constexpr index cell_step = Traits::cell_step;
  const std::uint16_t *cell = w.cells + w.first[panel], *const last = w.cells + w.first[panel + 1];
  const std::byte* strip = w.strips + static_cast<index>(w.first[panel]) * strip_bytes;
  if constexpr (Runs == conv_runs::copied) {
    listed_walk<cell_step> walk{taps.window(at), cell, strip, last - cell, 0};
    return accumulate<Traits, R, V>(sum, total, walk, taps.window_step(), 0);
  }
  index left = Traits::choice::period;
  bool flushed = false;
  const index some = taps.runs_at_once(), runs = taps.runs();
  for (index run = 0, begin = 0; cell != last; ++run) {
    if constexpr (Runs == conv_runs::many) {
      if (run % some == 0) taps.point(row, smaller<index>(rows, R), run, smaller(run + some, runs));
    }
    const index end = begin + taps.read(run) / cell_step;
    index count = 0;
    while (cell + count != last && cell[count] < end) ++count;
    if (count != 0) {
      const std::byte* const* const pointers = taps.at(run, at);
      const std::byte* cells[R];
      PARE_UNROLL for (int r = 0; r < R; ++r) cells[r] = pointers[r];
      flushed = add_listed<Traits, R>(sum, total, cells, cell, count, begin, strip, left, flushed);
    }
    begin = end;
  }
  return flushed;
}
