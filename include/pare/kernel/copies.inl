// copies.inl: steps over copies of rows, for dots that would change every cell they read. Included by gemm.inl.

/// A dot with another, `copied`, for cells that its copy(to, from, bytes) changed: a register of them, or fewer bytes.
template <class Dot>
concept CopiedDot = requires(std::byte* to) {
  Dot::copied::copy(to, to, index{});
};

/// `count` steps, of copies that stay in the nearest cache. Few cells are read in place: their copies would be read back
/// before they have left the store buffer (12544 x 32 x 16 took 1.15 times as long).
template <class Dot, int R, int V, class Walk>
PARE_ALWAYS_INLINE void copied_steps(typename Dot::acc (&sum)[R][V], Walk& walk, index count, index row_bytes,
                                     index panel_bytes) {
  constexpr index most = 128, few = 12;  // cells of a row
  if (count < few) return steps<Dot, R, V>(sum, walk, count, cell_bytes, row_bytes, panel_bytes);
  alignas(64) std::byte cells[R][most * cell_bytes];
  const std::byte* from = walk.at.cell;
  while (count > 0) {
    const index now = count < most ? count : most;  // std::min would make gcc 12 keep sums on the stack
    for (index at = 0; at < now * cell_bytes; at += register_bytes) {
      const std::byte* row = from + at;
      PARE_UNROLL for (int r = 0; r < R; ++r, row += row_bytes) {
        Dot::copied::copy(cells[r] + at, row, now * cell_bytes - at);
        __asm__("" : "+r"(row));  // or each row's address would take a register
      }
    }
    walk.at.cell = cells[0];
    steps<typename Dot::copied, R, V>(sum, walk, now, cell_bytes, sizeof cells[0], panel_bytes);
    from += now * cell_bytes;
    count -= now;
  }
  walk.at.cell = from;
}
