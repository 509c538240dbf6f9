// windows.inl: products with weights of which N of every M stay, window after window of a row. Included by gemm.inl.

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
  static constexpr int rows = smaller(rows_for<typename choice::type>(V), 8);
};
