// rewritten.inl: calls whose rows are rewritten for the dot, block after block, before all panels are run over them.
// Included by gemm.inl.

/// A block of rows: `a` is where row 0 would lie, a_stride are bytes, k whole cells.
template <class Call>
struct rewritten_call : Call {
  index k;
  const std::int32_t* row_terms;  ///< that of row 0 would lie there
};

template <class Call>
struct traits<rewritten_call<Call>> : traits<Call> {
  struct choice {
    using type = typename traits<Call>::choice::type::rewritten;
    static constexpr index period = 0;
  };
  static constexpr index cell_step = choice::type::cell_step;
  static constexpr int panels = panels_for<typename choice::type>();
  template <int V>
  static constexpr int rows = std::min(rows_for<typename choice::type>(V), 8);
};

/// Rows as they are rewritten, and their terms.
struct rewritten_rows {
  static constexpr index bytes = 24 * 1024, most = 120, few_products = 1024;
  std::int32_t terms[most];
  alignas(strip_bytes) std::byte memory[bytes];
};

/// Runs a call over rewritten rows; false if not even one fits their memory, or if a row has so few products that it
/// takes longer to rewrite it than to multiply it as it is.
template <class Call>
bool run_rewritten(const Call& call) noexcept {
  using rewritten = rewritten_call<Call>;
  using dot = typename traits<rewritten>::choice::type;
  constexpr index tile = traits<rewritten>::template rows<traits<rewritten>::panels>;
  const auto& [begin, end, column_begin, column_end] = call.part;
  if ((column_end - column_begin) * call.k <= rewritten_rows::few_products) return false;
  rewritten_rows rows;
  const index row_bytes = dot::row_bytes(call.k);
  const index fit = std::min(rewritten_rows::bytes / row_bytes, rewritten_rows::most);
  if (fit == 0) return false;
  const std::int32_t* const terms = rows.terms;
  const index step = rows_of_block(end - begin, fit, tile);
  for (index row = begin; row < end; row += step) {
    const index last = std::min(row + step, end);
    for (index i = row; i < last; ++i)
      rows.terms[i - row] = dot::rewrite(rows.memory + (i - row) * row_bytes, start_of_row(call, i), call.k);
    rewritten block{call, round_up(call.k, dot::depth), terms - row};
    block.a = reinterpret_cast<const typename Call::activations::type*>(rows.memory) - row * row_bytes;
    block.a_stride = row_bytes;
    run_rows(block, row, last);
  }
  return true;
}
