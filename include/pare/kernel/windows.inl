// windows.inl: the walk over weights of which N of every M stay: window after window of a row. Included by gemm.inl.

/// A window whose places lie apart from its strip.
struct picked_position : position {
  const std::byte* places;
};

template <class Call>
struct windows_walk {
  using info = traits<Call>;
  static constexpr bool in_order = true, shared = shares_places<typename Call::structure>;
  static constexpr index depth = window_depth<typename Call::structure>;
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
    at.cell += windows * info::cell_step;
    at.strip += windows * info::strip_step;
    if constexpr (shared) at.places += windows * info::places_step;
  }
};

template <class Call, index N, index M, index Shared>
PARE_ALWAYS_INLINE auto start_walk(const Call& call, const panel_view<n_of_m<N, M, Shared>>& w, index row,
                                   index panel) {
  using walk = windows_walk<Call>;
  const position at{start_of_row(call, row), w.strips + panel * w.panel_bytes};
  const index full = call.k / walk::depth, tail = call.k % walk::depth;
  if constexpr (walk::shared) {
    return walk{{at, at.strip + weights_bytes_of_panel(w.panel_bytes)}, full, tail};
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
  using A = typename Call::activations;
  using W = typename Call::weights_range;
  using type = dot_for_windows<A, W, static_cast<int>(bytes_of_window<Call>), shares_places<typename Call::structure>,
                               splits_weights<A, W, Call::sum == value_kind::sum64>>;
};
template <class Call>
requires requires { typename window_dot<Call>::type::of_lines; }
struct window_dot<line_call<Call>> {
  using type = typename window_dot<Call>::type::of_lines;
};

/// Cells are picked for one panel; windows are read for all of them, so that four pay from one row less on than those
/// of dense weights. (Lines with five rows of them would leave gcc 12 too few registers, and so would a second panel of
/// windows in several parts.)
template <class Dot>
constexpr int window_panels() {
  if constexpr (requires { typename Dot::picker; }) {
    return 1;
  } else if constexpr (requires { Dot::line; }) {
    return Dot::in_window > 1 ? 1 : panels_for<Dot>();
  } else {
    return rows_for<Dot>(4) >= 5 ? 4 : panels_for<Dot>();
  }
}

template <class Call>
requires(window_depth<typename Call::structure> != 0) struct traits<Call> {
  static_assert(bytes_of_window<Call> <= 64,
                "pare: four weights are picked from at most 64 bytes of activations: of 16 bits, n_of_m<4, 32> is the "
                "sparsest that runs, and 4:64 takes 8-bit activations");
  using a_type = typename Call::activations::type;
  using choice = flushed_dot<typename window_dot<Call>::type, typename Call::activations, typename Call::weights_range,
                             Call::sum == value_kind::sum64>;
  using total = total_of<choice>;
  static constexpr index cell_step = bytes_of_window<Call>;
  static constexpr index strip_step = window_bytes<typename Call::structure, typename Call::weights_range::type>;
  static constexpr index places_step = shared_places_bytes<typename Call::weights_range::type>;
  static constexpr bool shifted = sizeof(a_type) == 1, in_order = true;
  static constexpr int panels = window_panels<typename choice::type>();
  template <int V>
  static constexpr int rows = std::min(rows_for<typename choice::type>(V), 8);
};
