// windows.inl: the walk over weights of which N of every M stay: window after window of a row. Included by gemm.inl.

template <index Depth>
struct windows_walk {
  static constexpr bool in_order = true;
  position at;
  index full;  ///< whole windows
  index tail;  ///< elements in the last, partial window, or 0
  PARE_ALWAYS_INLINE position here() const { return at; }
  PARE_ALWAYS_INLINE position tail_position(index) const {
    return {at.cell + full * Depth, at.strip + full * window_bytes};
  }
  PARE_ALWAYS_INLINE void advance(index windows, index) {
    at.cell += windows * Depth;
    at.strip += windows * window_bytes;
  }
};

template <class Call, index N, index M>
PARE_ALWAYS_INLINE auto start_walk(const Call& call, const panel_view<n_of_m<N, M, 1>>& w, index row, index panel) {
  constexpr index depth = window_depth<n_of_m<N, M, 1>>;
  return windows_walk<depth>{
      {start_of_row(call, row), w.strips + panel * w.panel_bytes}, call.k / depth, call.k % depth};
}
template <index N, index M>
PARE_ALWAYS_INLINE index panel_distance(const panel_view<n_of_m<N, M, 1>>& w) {
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
                               static_cast<int>(window_depth<typename Call::structure>)>;
};
template <class Call>
struct window_dot<line_call<Call>> {
  using type = typename window_dot<Call>::type::of_lines;
};

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
  static constexpr bool shifted = true, in_order = true;
  static constexpr int panels = panels_for<typename choice::type>();
  template <int V>
  static constexpr int rows = std::min(rows_for<typename choice::type>(V), 8);
};
