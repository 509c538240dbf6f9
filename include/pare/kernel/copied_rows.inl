// copied_rows.inl: calls whose rows are copied for the dot, tile after tile or block after block. Included by gemm.inl.

/// How many of `rows` rows go through memory for `fit` of them at a time: blocks of about the same height, of whole
/// tiles if one fits.
constexpr index rows_of_block(index rows, index fit, index tile) noexcept {
  if (fit >= tile) fit -= fit % tile;
  return round_up(ceil_div(rows, ceil_div(rows, fit)), std::min(fit, tile));
}

/// run_rows of calls over copies, once for both ways to copy.
template <class Call>
__attribute__((noinline)) void run_copies(const Call& call, index begin, index end) noexcept {
  run_rows(call, begin, end);
}

/// Runs a call over copies of `fit` rows at a time.
template <class Call>
__attribute__((noinline)) void run_copied(const Call& call, index fit, index tile) noexcept {
  using copied = typename traits<Call>::choice::type::copied;
  const index begin = call.part.row_begin, end = call.part.row_end, step = rows_of_block(end - begin, fit, tile);
  row_copies rows;
  Call block = call;
  block.copied = true;
  block.a_stride = row_copies::row_bytes(call.k);
  for (index row = begin; row < end; row += step) {
    const index last = std::min(row + step, end);
    copy_rows<copied>(rows.memory, start_of_row(call, row), last - row, call.a_stride, call.k);
    block.a = reinterpret_cast<const typename Call::activations::type*>(rows.memory) - row * block.a_stride;
    run_copies(block, row, last);
  }
}
/// Runs a call each of whose tiles copies its rows.
template <class Call>
__attribute__((noinline)) void run_copying(const Call& call) noexcept {
  alignas(strip_bytes) std::byte copies[near_copies_bytes];
  Call copying = call;
  copying.copies = copies;
  run_copies(copying, call.part.row_begin, call.part.row_end);
}

/// Runs a call over copies of its rows where that pays; false elsewhere. Many products a row pay for copies on every
/// CPU, up to the second-level cache; fewer where changing cells delays products, and in the nearest: tile by tile
/// where rows meet one set of panels, so that copies and products overlap. Few cells are read in place: their copies
/// would be read back before they have left the store buffer (12544 x 32 x 16 took 1.15 times as long); so is a lone
/// row, which meets more panels at once.
template <class Call>
bool runs_copied(const Call& call) noexcept {
  constexpr index many_rows = 4, many_columns = 256, many_k = 256, least_k = 48;
  constexpr index tile = traits<Call>::template rows<traits<Call>::panels>;
  const index rows = call.part.row_end - call.part.row_begin, columns = call.part.column_end - call.part.column_begin;
  const bool many = rows >= many_rows && columns >= many_columns && call.k >= many_k;
  if (!many && !(copies_pay() && call.k >= least_k && rows > 1)) return false;
  const index row_bytes = row_copies::row_bytes(call.k);
  if (columns <= traits<Call>::panels * strip_lanes &&
      traits<Call>::template rows<1> * row_bytes <= near_copies_bytes) {
    run_copying(call);
    return true;
  }
  const index all = std::min(row_copies::bytes / row_bytes, row_copies::most);
  const index fit = many ? all : std::min(all, std::max(near_copies_bytes / row_bytes, tile));
  if (fit > 0) run_copied(call, fit, tile);
  return fit > 0;
}
