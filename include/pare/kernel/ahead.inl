// ahead.inl: steps for cores that run instructions in the order they are in: whatever a product needs is loaded between
// products before it, one instruction after each of them. Included by gemm.inl.
//
// Such a dot has load_cell(cell, row, at), move<By>(at), and for registers of weights that are on their way (of type
// coming): load_high<Part>, load_low<Part>, join. Each is one instruction that compilers leave in its place.

template <class Dot>
concept AheadDot = requires {
  typename Dot::coming;
};

enum class ahead { join, high, low, next_cells, next_strips, count_down };
struct ahead_task {
  ahead what;
  int part;
};
/// What follows the products of a part, in this order: loads of weights, two parts ahead or more. The last part of a
/// step loads cells; so the parts before it do its loads of weights, too.
template <int Parts>
struct ahead_plan {
  ahead_task tasks[5];
  int count = 0;
  constexpr void add(ahead what, int part) { tasks[count++] = {what, part}; }
  constexpr explicit ahead_plan(int part) : tasks{} {
    const int left = Parts - 1 - part, load = left == 1 ? part + 3 : part + 2;
    if (left == 0) return;
    add(ahead::join, part + 1);
    add(ahead::high, load);
    if (left == 1) add(ahead::join, part + 2);
    add(ahead::low, load);
    if (left == 2) {
      add(ahead::high, load + 1);
      add(ahead::low, load + 1);
    }
    if (left == 1) add(ahead::next_strips, 0);
    if (part == 0) add(ahead::next_cells, 0);
    if (part == 1) add(ahead::count_down, 0);
  }
};

/// Registers of weights that are on their way or in use.
inline constexpr int coming_registers = 4;

/// The products of a part with R cells, and what follows them.
template <class Dot, int R, int Part>
PARE_ALWAYS_INLINE void part_ahead(typename Dot::acc (&sum)[R][1], typename Dot::cell (&x)[R],
                                   typename Dot::coming (&w)[coming_registers], const std::byte* const (&rows)[R],
                                   index& at, const std::byte*& strip, index& steps) {
  constexpr ahead_plan<Dot::parts> plan(Part);
  each_part(
      [&](auto i) __attribute__((always_inline)) {
        if constexpr (i < R) Dot::template mul_add<Part>(sum[i][0], x[i], w[Part % coming_registers].w);
        if constexpr (i < R && Part == Dot::parts - 1) Dot::load_cell(x[i], rows[i], at);
        if constexpr (i < plan.count) {
          constexpr ahead_task task = plan.tasks[i];
          auto& to = w[task.part % coming_registers];
          if constexpr (task.what == ahead::join) Dot::join(to);
          if constexpr (task.what == ahead::high) Dot::template load_high<task.part>(to, strip);
          if constexpr (task.what == ahead::low) Dot::template load_low<task.part>(to, strip);
          if constexpr (task.what == ahead::next_cells) Dot::template move<Dot::strips * cell_bytes>(at);
          if constexpr (task.what == ahead::count_down) Dot::template move<-1>(steps);
          if constexpr (task.what == ahead::next_strips) Dot::template move<Dot::strips * strip_bytes>(strip);
        }
      },
      std::make_integer_sequence<int, larger(R, plan.count)>{});
}

/// All steps of `count` strips but the last, which would load what is not there; returns how many strips are left.
template <class Dot, int R, int V>
PARE_ALWAYS_INLINE index steps_ahead(typename Dot::acc (&sum)[R][V], dense_walk& walk, index count, index row_bytes) {
  static_assert(V == 1 && Dot::parts % coming_registers == 0);
  index steps = count / Dot::strips - 1;
  if (steps <= 0) return count;
  const index done = steps * Dot::strips;
  const std::byte* rows[R];
  typename Dot::cell x[R] = {};
  typename Dot::coming w[coming_registers] = {};
  index at = 0;
  PARE_UNROLL for (int r = 0; r < R; ++r) {
    rows[r] = walk.at.cell + r * row_bytes;
    Dot::load_cell(x[r], rows[r], at);
  }
  const std::byte* strip = walk.at.strip;
  Dot::template load_high<0>(w[0], strip);
  Dot::template load_low<0>(w[0], strip);
  Dot::join(w[0]);
  Dot::template load_high<1>(w[1], strip);
  Dot::template load_low<1>(w[1], strip);
  do {
    each_part(
        [&](auto part) __attribute__((always_inline)) { part_ahead<Dot, R, part>(sum, x, w, rows, at, strip, steps); },
        std::make_integer_sequence<int, Dot::parts>{});
  } while (steps != 0);
  walk.at.cell += at;
  walk.at.strip = strip;
  return count - done;
}
