// store.inl: what becomes of a tile's finished sums: the epilogue, row by row, into the output. Included by gemm.inl.

/// Stores rows of a tile that the rectangle cuts: one value after the other, lanes outside left alone.
template <class Call, class Value>
__attribute__((noinline)) void store_cut(const Call& call, const place& first, index rows, int panels,
                                         const Value* values) {
  for (int v = 0; v < panels; ++v) {
    const index column = first.column + v * strip_lanes;
    const int begin = static_cast<int>(std::max(call.part.column_begin - column, index{0}));
    const int end = static_cast<int>(std::min(call.part.column_end - column, strip_lanes));
    for (index r = 0; r < rows; ++r) {
      const place at{first.row + r, column, begin, end};
      store_some(call.out + at.row * call.out_stride + column, apply(call.epilogue, values[r * panels + v], at), begin,
                 end);
    }
  }
}

/// The epilogue of R rows of V panels: value(r, v) is the finished sum of row r and panel v.
template <int R, int V, class Call, class Value>
PARE_ALWAYS_INLINE void store_whole(const Call& call, index row, index column, const Value& value) {
  // Copies, because a store of bytes may alias the call, which would be read again for every row.
  const auto epilogue = call.epilogue;
  const index out_stride = call.out_stride;
  auto* out = call.out + row * out_stride + column;
  PARE_UNROLL for (int r = 0; r < R; ++r, out += out_stride) {
    std::remove_cvref_t<decltype(apply(epilogue, value(0, 0), place{}))> finished[V];
    PARE_UNROLL for (int v = 0; v < V; ++v) finished[v] =
        apply(epilogue, value(r, v), place{row + r, column + v * strip_lanes, 0, 16});
    store_row(out, finished);
  }
}

/// Whether the rectangle holds all columns of V panels.
template <int V, class Call>
PARE_ALWAYS_INLINE bool holds_columns(const Call& call, index column) {
  return whole_columns<Call, strip_lanes> ||
         (column >= call.part.column_begin && column + V * strip_lanes <= call.part.column_end);
}

/// The epilogue of `rows` rows of V panels, whose finished sums are `values`, for the tiles that are not the most
/// frequent: out of line, and once for all their heights.
template <int V, class Call, class Value>
__attribute__((noinline)) void store_rows(const Call& call, index row, index rows, index column,
                                          const Value (*values)[V]) {
  if (holds_columns<V>(call, column)) {
    for (index r = 0; r < rows; ++r)
      store_whole<1, V>(
          call, row + r, column, [&](int, int v) __attribute__((always_inline)) { return values[r][v]; });
  } else if constexpr (!whole_columns<Call, strip_lanes>) {
    store_cut(call, place{row, column, 0, 16}, rows, V, values[0]);
  }
}

/// The epilogue of the first `rows` rows of a tile: value(r, v) is the finished sum of row r and panel v.
template <int R, int V, class Call, class Value>
PARE_ALWAYS_INLINE void store_tile(const Call& call, index row, index rows, index column, const Value& value) {
  if (R == traits<Call>::template rows<V> && rows == R && holds_columns<V>(call, column))
    return store_whole<R, V>(call, row, column, value);
  std::remove_cvref_t<decltype(value(0, 0))> values[R][V];
  PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v) values[r][v] = value(r, v);
  store_rows<V>(call, row, rows, column, values);
}
