// copies.inl: steps over copies of rows, for dots that would change every cell they read, where that delays products.
// Included by gemm.inl.

/// Copies of rows lie so far apart; they stay in the nearest cache.
inline constexpr index copy_bytes = 512;
/// Fewer cells are read in place: their copies would be read back before they have left the store buffer (12544 x 32 x
/// 16 took 1.15 times as long).
inline constexpr index copy_from_cells = 12;

/// Whether a tile's copies pay. CPUs with narrower registers and vpdpbusd, but without AVX-512, are Intel's.
PARE_ALWAYS_INLINE bool copies_pay() { return i32_regs > 1 || flips_delay_products; }

/// `count` steps of R rows from `strip` on. copy_register(at, bytes, to): copies what lies `at` bytes into each row, up
/// to a register or `bytes`, to `to` and every copy_bytes after it.
template <class Dot, int R, int V, class Copy>
PARE_ALWAYS_INLINE void copied_steps(typename Dot::acc (&sum)[R][V], index count, const std::byte*& strip,
                                     index panel_bytes, Copy copy_register) {
  alignas(64) std::byte cells[R * copy_bytes];
  constexpr index most = copy_bytes / cell_bytes;
  for (index done = 0; done < count; done += most) {
    const index now = count - done < most ? count - done : most;  // std::min makes gcc 12 keep sums on the stack
    for (index at = 0; at < now * cell_bytes; at += register_bytes)
      copy_register(done * cell_bytes + at, now * cell_bytes - at, cells + at);
    dense_walk walk{{cells, strip}, 0, 0};
    steps_in_turns<typename Dot::copied, R, V>(sum, walk, now, cell_bytes, copy_bytes, panel_bytes);
    strip = walk.at.strip;
  }
}

/// `count` steps of a walk in order over rows at a distance.
template <class Dot, int R, int V>
PARE_ALWAYS_INLINE void copied_steps(typename Dot::acc (&sum)[R][V], dense_walk& walk, index count, index row_bytes,
                                     index panel_bytes) {
  if constexpr (R > 1) __asm__("" : "+r"(count));  // gcc 12 keeps sums in memory where it knows the count
  if (walk.copied)
    return steps_in_turns<typename Dot::copied, R, V>(sum, walk, count, cell_bytes, row_bytes, panel_bytes);
  if (count < copy_from_cells || !copies_pay())
    return steps<Dot, R, V>(sum, walk, count, cell_bytes, row_bytes, panel_bytes);
  const auto copy_register = [&](index at, index bytes, std::byte * to) __attribute__((always_inline)) {
    const std::byte* row = walk.at.cell + at;
    PARE_UNROLL for (int r = 0; r < R; ++r, row += row_bytes) {
      Dot::copied::copy(to + r * copy_bytes, row, bytes);
      __asm__("" : "+r"(row));  // or each row's address would take a register
    }
  };
  copied_steps<Dot, R, V>(sum, count, walk.at.strip, panel_bytes, copy_register);
  walk.at.cell += count * cell_bytes;
}

/// `count` steps of rows that begin anywhere.
template <class Dot, int R, int V>
PARE_ALWAYS_INLINE void copied_steps(typename Dot::acc (&sum)[R][V], const std::byte* const (&row)[R], index count,
                                     const std::byte*& strip, index panel_bytes) {
  const auto copy_register = [&](index at, index bytes, std::byte * to) __attribute__((always_inline)) {
    PARE_UNROLL for (int r = 0; r < R; ++r) Dot::copied::copy(to + r * copy_bytes, row[r] + at, bytes);
  };
  copied_steps<Dot, R, V>(sum, count, strip, panel_bytes, copy_register);
}
