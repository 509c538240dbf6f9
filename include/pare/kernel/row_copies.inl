// row_copies.inl: copies of rows, for dots that would change every cell they read. Included by gemm.inl.

/// Whether copies pay that few products read: where changing cells delays products. CPUs with narrower registers and
/// vpdpbusd, but without AVX-512, are Intel's.
PARE_ALWAYS_INLINE bool copies_pay() { return i32_regs > 1 || flips_delay_products; }

/// Memory for the copies of some rows.
struct row_copies {
  static constexpr index bytes = 68 * 1024, most = 120;
  alignas(strip_bytes) std::byte memory[bytes];

  /// From one row to the next: an odd number of lines, so that rows do not begin in the same set of a cache.
  static constexpr index row_bytes(index k) noexcept { return round_up(k, strip_bytes) | strip_bytes; }
};
/// How many bytes of them stay in the nearest cache.
inline constexpr index near_copies_bytes = 20 * 1024;

/// Copies rows of k elements, the last cell completed with zeros, row_copies::row_bytes(k) apart. Out of line: once for
/// all heights of tiles.
template <class Dot>
__attribute__((noinline)) void copy_rows(std::byte* to, const std::byte* from, index rows, index stride, index k) {
  const index whole = k / cell_bytes * cell_bytes;
  for (; rows > 0; --rows, from += stride, to += row_copies::row_bytes(k)) {
    index at = 0;
    for (; at + register_bytes <= whole; at += register_bytes) Dot::copy(to + at, from + at, register_bytes);
    if (at < whole) Dot::copy(to + at, from + at, whole - at);
    if (whole == k) continue;
    alignas(register_bytes) std::byte cell[register_bytes] = {};
    std::memcpy(cell, from + whole, static_cast<std::size_t>(k - whole));
    Dot::copy(cell, cell, cell_bytes);
    std::memcpy(to + whole, cell, std::size_t{cell_bytes});
  }
}

/// Lets the walk of a tile of R rows go over copies of them, if the call has a place for them.
template <int R, class Call>
PARE_ALWAYS_INLINE void copy_tile(const Call& call, dense_walk& walk, index& row_bytes) {
  if constexpr (CopiedDot<typename traits<Call>::choice::type>) {
    if (call.copies == nullptr) return;
    copy_rows<typename traits<Call>::choice::type::copied>(call.copies, walk.at.cell, R, row_bytes, call.k);
    row_bytes = row_copies::row_bytes(call.k);
    walk = {{call.copies, walk.at.strip}, ceil_div(call.k, cell_bytes), 0, true};
  }
}
template <int R, class Call, class Walk>
PARE_ALWAYS_INLINE void copy_tile(const Call&, const Walk&, index) {}
