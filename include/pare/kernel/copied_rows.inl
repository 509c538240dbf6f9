// copied_rows.inl: calls whose rows are copied for the dot once, before all panels are run over them, instead of tile
// by tile for each set of panels. Included by gemm.inl.

/// Rows as a dot's copies. Where a row meets few products, tiles that copy what they read are faster: their copies
/// overlap with products.
struct row_copies {
  static constexpr index bytes = 68 * 1024, most = 120, least_rows = 4, least_columns = 256, least_k = 256;
  alignas(strip_bytes) std::byte memory[bytes];

  /// From one row to the next: an odd number of lines, so that rows do not begin in the same set of a cache.
  static constexpr index row_bytes(index k) noexcept { return round_up(k, strip_bytes) | strip_bytes; }
  /// How many rows are copied at a time; 0: none.
  template <class Call>
  static index fit(const Call& call) noexcept {
    const rectangle& part = call.part;
    if (part.row_end - part.row_begin < least_rows || part.column_end - part.column_begin < least_columns ||
        call.k < least_k)
      return 0;
    return std::min(bytes / row_bytes(call.k), most);
  }
  /// Copies k elements, the last cell completed, to row i.
  template <class Dot>
  void put(index i, const std::byte* row, index k) noexcept {
    std::byte* const to = memory + i * row_bytes(k);
    const index whole = k / cell_bytes * cell_bytes;
    for (index at = 0; at < whole; at += register_bytes) Dot::copy(to + at, row + at, whole - at);
    if (whole == k) return;
    alignas(register_bytes) std::byte cell[register_bytes] = {};
    std::memcpy(cell, row + whole, static_cast<std::size_t>(k - whole));
    Dot::copy(cell, cell, cell_bytes);
    std::memcpy(to + whole, cell, std::size_t{cell_bytes});
  }
};

/// How many of `rows` rows go through memory for `fit` of them at a time: blocks of about the same height, of whole
/// tiles if one fits.
constexpr index rows_of_block(index rows, index fit, index tile) noexcept {
  if (fit >= tile) fit -= fit % tile;
  return round_up(ceil_div(rows, ceil_div(rows, fit)), std::min(fit, tile));
}

/// Runs a call over copies of `fit` rows at a time.
template <class Call>
__attribute__((noinline)) void run_copied(const Call& call, index fit) noexcept {
  using copied = typename traits<Call>::choice::type::copied;
  constexpr index tile = traits<Call>::template rows<traits<Call>::panels>;
  const index begin = call.part.row_begin, end = call.part.row_end, step = rows_of_block(end - begin, fit, tile);
  row_copies rows;
  Call block = call;
  block.copied = true;
  block.a_stride = row_copies::row_bytes(call.k);
  for (index row = begin; row < end; row += step) {
    const index last = std::min(row + step, end);
    for (index i = row; i < last; ++i) rows.put<copied>(i - row, start_of_row(call, i), call.k);
    block.a = reinterpret_cast<const typename Call::activations::type*>(rows.memory) - row * block.a_stride;
    run_rows(block, row, last);
  }
}

/// The same where it pays; false elsewhere.
template <class Call>
bool runs_copied(const Call& call) noexcept {
  const index fit = row_copies::fit(call);
  if (fit > 0) run_copied(call, fit);
  return fit > 0;
}
