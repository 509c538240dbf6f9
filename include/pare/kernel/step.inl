// step.inl: one step of the loop: some cells of every row times the strips they meet. Included by gemm.inl.

/// The dot that consumes one strip at a time: the leftovers of one that consumes several, and what a list needs.
template <class Dot>
struct single_dot {
  using type = Dot;
};
template <class Dot>
requires(Dot::strips > 1) struct single_dot<Dot> {
  using type = typename Dot::single;
};

template <class F, int... I>
PARE_ALWAYS_INLINE void each_part(F f, std::integer_sequence<int, I...>) {
  (f(std::integral_constant<int, I>{}), ...);
}

/// How a step makes cells of what lies in rows: dots that pick theirs read the places once for all rows.
template <class Dot, class Position>
PARE_ALWAYS_INLINE auto reader_of(const Position& at) {
  if constexpr (requires { typename Dot::picker; }) {
    return typename Dot::picker(at.places);
  } else if constexpr (requires { at.flips; }) {
    return typename Dot::flipper{at.flips};
  } else {
    return Dot{};
  }
}
/// A part of a panel's strip, with its places where they lie apart.
template <class Dot, int Part, class Position>
PARE_ALWAYS_INLINE auto part_at(const Position& at, index panel_bytes) {
  if constexpr (requires { Dot::template load<Part>(at.strip, at.places); }) {
    return Dot::template load<Part>(at.strip + panel_bytes, at.places + panel_bytes);
  } else {
    return Dot::template load<Part>(at.strip + panel_bytes);
  }
}

/// The cell at p, of as many rows as the dot wants in one.
template <class Dot, class Reader>
PARE_ALWAYS_INLINE typename Dot::cell read_cell([[maybe_unused]] const Reader& reader, const std::byte* p,
                                                [[maybe_unused]] index row_bytes) {
  if constexpr (rows_in_cell<Dot> != 1) {
    return Dot::broadcast(p, row_bytes);
  } else {
    return reader.broadcast(p);
  }
}

template <class Dot>
inline constexpr std::make_integer_sequence<int, Dot::parts> parts_of{};

/// sum[r][v] += cell r times strip v, for Dot::strips consecutive cells and strips. The last argument is parts_of<Dot>.
template <class Dot, int R, int V, class Position, int... Parts>
PARE_ALWAYS_INLINE void step(typename Dot::acc (&sum)[R][V], const Position& at, index row_bytes, index panel_bytes,
                             std::integer_sequence<int, Parts...> parts) {
  if constexpr (streams<Dot>) {
    const auto reader = reader_of<Dot>(at);
    typename Dot::cell x[R];
    PARE_UNROLL for (int r = 0; r < R; ++r) x[r] =
        read_cell<Dot>(reader, at.cell + r * rows_in_cell<Dot> * row_bytes, row_bytes);
    each_part(
        [&](auto part) __attribute__((always_inline)) {
          PARE_UNROLL for (int v = 0; v < V; ++v) {
            const auto w = part_at<Dot, part>(at, v * panel_bytes);
            PARE_UNROLL for (int r = 0; r < R; ++r) Dot::template mul_add<part>(sum[r][v], x[r], w);
            __asm__ volatile("" ::: "memory");  // or compilers load every part before they use the first, and spill
          }
        },
        parts);
  } else {
    typename Dot::part w[V][Dot::parts];
    PARE_UNROLL for (int v = 0; v < V; ++v)((w[v][Parts] = part_at<Dot, Parts>(at, v * panel_bytes)), ...);
    const auto reader = reader_of<Dot>(at);
    const std::byte* third = at.cell;  // every third row: x86 addresses reach the two after it
    PARE_UNROLL for (int r = 0; r < R; ++r) {
      if (r % 3 == 0 && r != 0) {
        third += 3 * row_bytes;
        if constexpr (R > 8) __asm__("" : "+r"(third));
      }
      const auto x = reader.broadcast(third + r % 3 * row_bytes);
      PARE_UNROLL for (int v = 0; v < V; ++v)(Dot::template mul_add<Parts>(sum[r][v], x, w[v][Parts]), ...);
    }
  }
}

/// In how many sets a lone row keeps its sums. Where products of a step wait for each other and sums are few, one set
/// would leave the multiplier idle. (So it does for the last few rows of narrow products, which take less time than
/// their sets take to compile.)
template <class Dot, int R, int V>
constexpr int sets_of() {
  if constexpr (R == 1 && requires { Dot::chain; }) {
    return clamped(registers / (4 * V * registers_of<typename Dot::acc>), 1, 4);
  } else {
    return 1;
  }
}

/// `count` steps. Sets of sums take turns and are added up at the end. The empty asm hides trip counts from gcc 12,
/// which otherwise clones the loop and spills.
template <class Dot, int R, int V, int Sets = sets_of<Dot, R, V>(), class Walk>
PARE_ALWAYS_INLINE void steps(typename Dot::acc (&sum)[R][V], Walk& walk, index count, index cell_step, index row_bytes,
                              index panel_bytes) {
  if constexpr (Sets > 1) {
    typename Dot::acc others[Sets - 1][R][V] = {};
    for (; count >= Sets; count -= Sets) {
      step<Dot, R, V>(sum, walk.here(), row_bytes, panel_bytes, parts_of<Dot>);
      walk.advance(Dot::strips, cell_step);
      PARE_UNROLL for (int s = 0; s < Sets - 1; ++s) {
        step<Dot, R, V>(others[s], walk.here(), row_bytes, panel_bytes, parts_of<Dot>);
        walk.advance(Dot::strips, cell_step);
      }
    }
    PARE_UNROLL for (int s = 0; s < Sets - 1; ++s) PARE_UNROLL for (int r = 0; r < R; ++r)
        PARE_UNROLL for (int v = 0; v < V; ++v) sum[r][v] = sum[r][v] + others[s][r][v];
  }
  __asm__("" : "+r"(count));
  for (; count > 0; --count) {
    fetch_strips<Walk, V>(walk, panel_bytes);
    step<Dot, R, V>(sum, walk.here(), row_bytes, panel_bytes, parts_of<Dot>);
    walk.advance(Dot::strips, cell_step);
  }
}
