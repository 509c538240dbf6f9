// copies.inl: steps over copies of rows, for dots that would change every cell they read, where that delays products.
// Included by gemm.inl.

/// `count` steps of a walk in order, over rows that were copied or as they lie.
template <class Dot, int R, int V>
PARE_ALWAYS_INLINE void copied_steps(typename Dot::acc (&sum)[R][V], dense_walk& walk, index count, index row_bytes,
                                     index panel_bytes) {
  if constexpr (R > 1) __asm__("" : "+r"(count));  // gcc 12 keeps sums in memory where it knows the count
  if (walk.copied)
    return steps<typename Dot::copied, R, V, sets_of<typename Dot::copied, R, V>()>(sum, walk, count, cell_bytes,
                                                                                    row_bytes, panel_bytes);
  steps<Dot, R, V, sets_of<Dot, R, V>()>(sum, walk, count, cell_bytes, row_bytes, panel_bytes);
}

/// Copies of rows lie so far apart; they stay in the nearest cache.
inline constexpr index copy_bytes = 512;

/// `count` steps of R rows that begin anywhere, over copies of them.
template <class Dot, int R, int V>
PARE_ALWAYS_INLINE void copied_steps(typename Dot::acc (&sum)[R][V], const std::byte* const (&row)[R], index count,
                                     const std::byte*& strip, index panel_bytes) {
  alignas(64) std::byte cells[R * copy_bytes];
  constexpr index most = copy_bytes / cell_bytes;
  for (index done = 0; done < count; done += most) {
    const index now = count - done < most ? count - done : most;  // std::min makes gcc 12 keep sums on the stack
    for (index at = 0; at < now * cell_bytes; at += register_bytes)
      PARE_UNROLL for (int r = 0; r < R; ++r)
          Dot::copied::copy(cells + at + r * copy_bytes, row[r] + done * cell_bytes + at, now * cell_bytes - at);
    dense_walk walk{{cells, strip}, 0, 0};
    steps<typename Dot::copied, R, V, sets_of<typename Dot::copied, R, V>()>(sum, walk, now, cell_bytes, copy_bytes,
                                                                             panel_bytes);
    strip = walk.at.strip;
  }
}
