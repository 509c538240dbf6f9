// store_rows.inl: the epilogue of tiles of all sizes, whose finished sums are in memory. Included by store.inl.

/// How many strips leave together, as one register of codes; 0: none.
template <class To, class Epilogue, class Value>
inline constexpr int strips_together =
    strips_packed<std::remove_pointer_t<decltype(To::out)>,
                  std::remove_cvref_t<decltype(apply(std::declval<Epilogue>(), std::declval<Value>(), place{}))>>;

/// The epilogue of `rows` rows of some panels, whose finished sums are `values`, strip by strip. Lanes outside the
/// rectangle are left alone.
template <class To, class Epilogue, class Value>
__attribute__((noinline)) void store_each(const To& to, const Epilogue& stages, index row, int rows, index column,
                                          int panels, const Value* values) {
  const Epilogue epilogue = stages;  // a copy, because a store of bytes may alias it
  const bool whole = holds_columns(to, column, panels);
  for (int v = 0; v < panels; ++v, column += strip_lanes) {
    place at{row, column, whole ? 0 : static_cast<int>(std::max(to.column_begin - column, index{0})),
             whole ? 16 : static_cast<int>(std::min(to.column_end - column, strip_lanes))};
    auto* out = to.out + row * to.out_stride + column;
    const index out_stride = to.out_stride;
    for (int r = 0; r < rows; ++r, ++at.row, out += out_stride)
      store_some(out, apply(epilogue, values[r * panels + v], at), at.first, at.last);
  }
}

/// Copies codes of strips [first, last) of a tile of 1, 2 or 4 panels to their places.
template <class To, class Out>
__attribute__((noinline)) void copy_strips(const To& to, const Out (*codes)[16], index row, index column, int panels,
                                           int first, int last) {
  for (int i = first; i < last; ++i, ++codes) {
    const index begin = column + (i & (panels - 1)) * strip_lanes;
    copy_lanes(to.out + (row + (i >> (panels >> 1))) * to.out_stride + begin, *codes,
               static_cast<int>(std::max(to.column_begin - begin, index{0})),
               static_cast<int>(std::min(to.column_end - begin, strip_lanes)));
  }
}

/// The same where strips leave together, as one register of codes: up to strips_behind the last are finished with them.
template <class To, class Epilogue, class Value>
__attribute__((noinline)) void store_packed(const To& to, const Epilogue& stages, index row, int rows, index column,
                                            int panels, const Value* values) {
  using out_type = std::remove_pointer_t<decltype(to.out)>;
  constexpr int packed = strips_together<To, Epilogue, Value>;
  const Epilogue epilogue = stages;  // a copy, because a store of bytes may alias it
  const index out_stride = to.out_stride, column_begin = to.column_begin, column_end = to.column_end;
  out_type* const out = to.out + row * out_stride + column;
  const bool whole = holds_columns(to, column, panels);
  const int shift = panels >> 1, strips = rows << shift;  // of 1, 2 and 4 panels: 0, 1, 2
  for (int first = 0; first < strips; first += packed) {
    const auto side = [&](int i) __attribute__((always_inline)) { return ((first + i) & (panels - 1)) * strip_lanes; };
    const auto at = [&](int i) __attribute__((always_inline)) {
      const index begin = column + side(i);
      return place{row + std::min((first + i) >> shift, rows - 1), begin,
                   static_cast<int>(std::max(column_begin - begin, index{0})),
                   static_cast<int>(std::min(column_end - begin, strip_lanes))};
    };
    const i32_reg codes = packed_codes<out_type, packed>(
        epilogue, [&](int i) __attribute__((always_inline)) { return values[first + i]; }, at);
    const int panels_of_whole = whole && (panels >= packed || first + packed <= strips) ? panels : 0;
    out_type* const begin = out + (first >> shift) * out_stride + side(0);
    if (panels_of_whole >= packed) {
      store_packed_codes<packed>(begin, 0, codes);
    } else if (panels_of_whole == packed / 2) {
      store_packed_codes<packed / 2>(begin, out_stride, codes);
    } else if (panels_of_whole == 1) {
      store_packed_codes<1>(begin, out_stride, codes);
    } else if (whole && first + 1 == strips) {
      store_strip_of(begin, codes);
    } else {
      alignas(64) out_type strip[packed][16];
      store_packed_codes<packed>(strip[0], 0, codes);
      copy_strips(to, strip, row, column, panels, first, std::min(first + packed, strips));
    }
  }
}

/// The epilogue of `rows` rows of some panels, out of line and once for all sizes of tiles. There are values of
/// strips_behind the last.
template <class To, class Epilogue, class Value>
PARE_ALWAYS_INLINE void store_rows(const To& to, const Epilogue& stages, index row, int rows, index column, int panels,
                                   const Value* values) {
  if constexpr (strips_together<To, Epilogue, Value> != 0) {
    store_packed(to, stages, row, rows, column, panels, values);
  } else {
    store_each(to, stages, row, rows, column, panels, values);
  }
}
