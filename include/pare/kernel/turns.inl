// turns.inl: steps of tiles with few sums, so that products need not wait for each other. Included by gemm.inl.

/// In how many sets a tile keeps its sums. Where products of a step wait for each other and sums are few, one set would
/// leave the multiplier idle.
template <class Dot, int R, int V>
constexpr int sets_of() {
  if constexpr (requires { Dot::chain; }) {
    return std::clamp(registers / (4 * R * V * registers_of<typename Dot::acc>), 1, 4);
  } else {
    return 1;
  }
}

/// `steps` steps, whose sets of sums take turns and are added up at the end.
template <class Dot, int R, int V, class Walk>
PARE_ALWAYS_INLINE void steps_in_turns(typename Dot::acc (&sum)[R][V], Walk& walk, index count, index cell_step,
                                       index row_bytes, index panel_bytes) {
  constexpr int sets = sets_of<Dot, R, V>();
  if constexpr (sets > 1) {
    typename Dot::acc others[sets - 1][R][V] = {};
    index turns = count / sets;
    __asm__("" : "+r"(turns));
    for (; turns > 0; --turns) {
      step<Dot, R, V>(sum, walk.here(), row_bytes, panel_bytes);
      walk.advance(Dot::strips, cell_step);
      PARE_UNROLL for (int s = 0; s < sets - 1; ++s) {
        step<Dot, R, V>(others[s], walk.here(), row_bytes, panel_bytes);
        walk.advance(Dot::strips, cell_step);
      }
    }
    PARE_UNROLL for (int s = 0; s < sets - 1; ++s) PARE_UNROLL for (int r = 0; r < R; ++r)
        PARE_UNROLL for (int v = 0; v < V; ++v) sum[r][v] = sum[r][v] + others[s][r][v];
    count %= sets;
  }
  steps<Dot, R, V>(sum, walk, count, cell_step, row_bytes, panel_bytes);
}
