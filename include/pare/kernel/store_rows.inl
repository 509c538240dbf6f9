// store_rows.inl: the epilogue of tiles of all sizes, whose finished sums are in memory. Included by store.inl.

/// The epilogue of `rows` rows of some panels, whose finished sums are `values`, out of line and once for all sizes of
/// tiles. Lanes outside the rectangle are left alone.
template <class To, class Epilogue, class Value>
__attribute__((noinline)) void store_rows(const To& to, const Epilogue& stages, index row, int rows, index column,
                                          int panels, const Value* values) {
  const Epilogue epilogue = stages;  // a copy, because a store of bytes may alias it
  const bool whole = holds_columns(to, column, panels);
  const index out_stride = to.out_stride;
  alignas(64) std::remove_pointer_t<decltype(to.out)> lane[16];
  for (int v = 0; v < panels; ++v, column += strip_lanes) {
    place at{row, column, whole ? 0 : static_cast<int>(larger(to.column_begin - column, index{0})),
             whole ? 16 : static_cast<int>(smaller(to.column_end - column, strip_lanes))};
    auto* out = to.out + row * out_stride + column;
    for (int r = 0; r < rows; ++r, ++at.row, out += out_stride) {
      store_strip(whole ? out : lane, apply(epilogue, values[r * panels + v], at));
      if (!whole) copy_lanes(out, lane, at.first, at.last);
    }
  }
}
