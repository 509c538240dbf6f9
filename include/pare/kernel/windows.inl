// windows.inl: the walk over weights of which N of every M stay: window after window of a row. Included by gemm.inl.

/// A window whose places lie apart from its strip.
struct picked_position : position {
  const std::byte* places;
};

template <class Structure>
struct windows_walk {
  static constexpr bool in_order = true, shared = shares_places<Structure>;
  static constexpr index depth = window_depth<Structure>, strip_step = window_bytes<Structure>;
  using window = std::conditional_t<shared, picked_position, position>;
  window at;
  index full;  ///< whole windows
  index tail;  ///< elements in the last, partial window, or 0
  PARE_ALWAYS_INLINE window here() const { return at; }
  PARE_ALWAYS_INLINE window tail_position(index) const {
    windows_walk end = *this;
    end.advance(full, 0);
    return end.at;
  }
  PARE_ALWAYS_INLINE void advance(index windows, index) {
    at.cell += windows * depth;
    at.strip += windows * strip_step;
    if constexpr (shared) at.places += windows * cell_bytes;
  }
};

template <class Call, index N, index M, index Shared>
PARE_ALWAYS_INLINE auto start_walk(const Call& call, const panel_view<n_of_m<N, M, Shared>>& w, index row,
                                   index panel) {
  using walk = windows_walk<n_of_m<N, M, Shared>>;
  const position at{start_of_row(call, row), w.strips + panel * w.panel_bytes};
  const index full = call.k / walk::depth, tail = call.k % walk::depth;
  if constexpr (walk::shared) {
    return walk{{at, at.strip + (full + (tail != 0)) * strip_bytes}, full, tail};
  } else {
    return walk{at, full, tail};
  }
}
template <index N, index M, index Shared>
PARE_ALWAYS_INLINE index panel_distance(const panel_view<n_of_m<N, M, Shared>>& w) {
  return w.panel_bytes;
}

template <class Dot>
requires requires { Dot::window; }
inline constexpr index room_of<Dot> = Dot::window;

/// Lines of activations are held, windows of weights stream by.
template <class Dot>
requires requires { Dot::line; }
inline constexpr bool streams<Dot> = true;

/// dot_for_windows, or for calls on lines the dot that picks out of them.
template <class Call>
struct window_dot {
  using type = dot_for_windows<typename Call::activations, typename Call::weights_range,
                               static_cast<int>(window_depth<typename Call::structure>),
                               shares_places<typename Call::structure>>;
};
template <class Call>
struct window_dot<line_call<Call>> {
  using type = typename window_dot<Call>::type::of_lines;
};

/// Cells are picked for one panel; windows are read for all of them, so that four pay from one row less on than those
/// of dense weights. (Lines with five rows of them would leave gcc 12 too few registers.)
template <class Dot>
constexpr int window_panels() {
  if constexpr (requires { typename Dot::picker; }) {
    return 1;
  } else if constexpr (requires { Dot::line; }) {
    return panels_for<Dot>();
  } else {
    return rows_for<Dot>(4) >= 5 ? 4 : panels_for<Dot>();
  }
}

template <class Call>
requires(window_depth<typename Call::structure> != 0) struct traits<Call> {
  static_assert(
      Call::sum == value_kind::sum32,
      "pare: weights of which N of every M stay are summed in int32; state a smaller depth (see kernel/plan.hpp)");
  struct choice {
    using type = typename window_dot<Call>::type;
    static constexpr index period = 0;
  };
  using a_type = typename Call::activations::type;
  using total = no_total;
  static constexpr index cell_step = window_depth<typename Call::structure>;
  static constexpr index strip_step = window_bytes<typename Call::structure>;
  static constexpr bool shifted = true, in_order = true;
  static constexpr int panels = window_panels<typename choice::type>();
  template <int V>
  static constexpr int rows = std::min(rows_for<typename choice::type>(V), 8);
};
