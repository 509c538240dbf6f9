// transpose.inl: rows of cells to planes of cells and back, four by four. Included in every target's namespace.

/// Four cells: 16 bytes, a register or part of one on every target.
typedef std::int32_t four_cells __attribute__((vector_size(16)));

PARE_ALWAYS_INLINE four_cells load_four(const std::byte* p) {
  four_cells x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
/// to[i][j] = from[j][i] for cells i, j of 4; rows of `from` and `to` are that many bytes apart.
PARE_ALWAYS_INLINE void transpose_four(const std::byte* from, index from_bytes, std::byte* to, index to_bytes) {
  const four_cells a = load_four(from), b = load_four(from + from_bytes);
  const four_cells c = load_four(from + 2 * from_bytes), d = load_four(from + 3 * from_bytes);
  const four_cells low_ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
                   high_ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const four_cells low_cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
                   high_cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const four_cells y[4] = {
      __builtin_shufflevector(low_ab, low_cd, 0, 1, 4, 5), __builtin_shufflevector(low_ab, low_cd, 2, 3, 6, 7),
      __builtin_shufflevector(high_ab, high_cd, 0, 1, 4, 5), __builtin_shufflevector(high_ab, high_cd, 2, 3, 6, 7)};
  PARE_UNROLL for (int i = 0; i < 4; ++i) std::memcpy(to + i * to_bytes, &y[i], sizeof y[i]);
}

/// The same for 16 x 16 cells in registers of 16: four by four within their quarters, then the quarters.
PARE_ALWAYS_INLINE void transpose_sixteen(const std::byte* from, index from_bytes, std::byte* to, index to_bytes) {
  typedef std::int32_t cells __attribute__((vector_size(64)));
  cells x[16];  // x[4 j + i]: cells 4 c + j of rows 4 i to 4 i + 3 in quarter c
  PARE_UNROLL for (int i = 0; i < 4; ++i) {
    cells row[4];
    PARE_UNROLL for (int r = 0; r < 4; ++r) std::memcpy(&row[r], from + (4 * i + r) * from_bytes, sizeof row[r]);
#define PARE_QUARTERS(a, b, c, d) \
  a, b, c, d, a + 4, b + 4, c + 4, d + 4, a + 8, b + 8, c + 8, d + 8, a + 12, b + 12, c + 12, d + 12
    const cells low_ab = __builtin_shufflevector(row[0], row[1], PARE_QUARTERS(0, 16, 1, 17)),
                high_ab = __builtin_shufflevector(row[0], row[1], PARE_QUARTERS(2, 18, 3, 19)),
                low_cd = __builtin_shufflevector(row[2], row[3], PARE_QUARTERS(0, 16, 1, 17)),
                high_cd = __builtin_shufflevector(row[2], row[3], PARE_QUARTERS(2, 18, 3, 19));
    x[i] = __builtin_shufflevector(low_ab, low_cd, PARE_QUARTERS(0, 1, 16, 17));
    x[4 + i] = __builtin_shufflevector(low_ab, low_cd, PARE_QUARTERS(2, 3, 18, 19));
    x[8 + i] = __builtin_shufflevector(high_ab, high_cd, PARE_QUARTERS(0, 1, 16, 17));
    x[12 + i] = __builtin_shufflevector(high_ab, high_cd, PARE_QUARTERS(2, 3, 18, 19));
#undef PARE_QUARTERS
  }
  PARE_UNROLL for (int j = 0; j < 4; ++j) {
    const cells* const y = x + 4 * j;
#define PARE_HALVES(a, b, c, d) \
  a, a + 1, a + 2, a + 3, b, b + 1, b + 2, b + 3, c, c + 1, c + 2, c + 3, d, d + 1, d + 2, d + 3
    const cells even_01 = __builtin_shufflevector(y[0], y[1], PARE_HALVES(0, 8, 16, 24)),
                odd_01 = __builtin_shufflevector(y[0], y[1], PARE_HALVES(4, 12, 20, 28)),
                even_23 = __builtin_shufflevector(y[2], y[3], PARE_HALVES(0, 8, 16, 24)),
                odd_23 = __builtin_shufflevector(y[2], y[3], PARE_HALVES(4, 12, 20, 28));
    const cells quarter[4] = {__builtin_shufflevector(even_01, even_23, PARE_HALVES(0, 8, 16, 24)),
                              __builtin_shufflevector(odd_01, odd_23, PARE_HALVES(0, 8, 16, 24)),
                              __builtin_shufflevector(even_01, even_23, PARE_HALVES(4, 12, 20, 28)),
                              __builtin_shufflevector(odd_01, odd_23, PARE_HALVES(4, 12, 20, 28))};
#undef PARE_HALVES
    PARE_UNROLL for (int c = 0; c < 4; ++c) std::memcpy(to + (4 * c + j) * to_bytes, &quarter[c], sizeof quarter[c]);
  }
}

/// to[j][i] = from[i][j] for 4 rows i and columns j from `begin` on.
inline void transpose_columns(const std::byte* from, index from_bytes, std::byte* to, index to_bytes, index begin,
                              index columns) {
  index j = begin;
  for (; j + 4 <= columns; j += 4) transpose_four(from + j * cell_bytes, from_bytes, to + j * to_bytes, to_bytes);
  for (; j < columns; ++j)
    for (index r = 0; r < 4; ++r)
      std::memcpy(to + j * to_bytes + r * cell_bytes, from + r * from_bytes + j * cell_bytes, cell_bytes);
}

/// to[j][i] = from[i][j] for `rows` x `columns` cells.
inline void transpose_cells(const std::byte* from, index from_bytes, std::byte* to, index to_bytes, index rows,
                            index columns) {
  if (columns == 0) return;  // from may be null
  index i = 0, squares = 0;
  if constexpr (sizeof(i32_reg) == 64) {
    squares = columns / 16 * 16;
    for (; i + 16 <= rows; i += 16)
      for (index j = 0; j < squares; j += 16)
        transpose_sixteen(from + i * from_bytes + j * cell_bytes, from_bytes, to + j * to_bytes + i * cell_bytes,
                          to_bytes);
  }
  const index in_squares = i;
  for (i = 0; i + 4 <= rows; i += 4)
    transpose_columns(from + i * from_bytes, from_bytes, to + i * cell_bytes, to_bytes, i < in_squares ? squares : 0,
                      columns);
  for (; i < rows; ++i)
    for (index j = 0; j < columns; ++j)
      std::memcpy(to + j * to_bytes + i * cell_bytes, from + i * from_bytes + j * cell_bytes, cell_bytes);
}

/// Rows of `row_bytes` bytes to planes of cells; what is missing of the last cell is set to zero.
inline void rows_to_planes(const std::byte* rows, index stride_bytes, index row_bytes, index count, std::byte* planes,
                           index plane_bytes) {
  const index whole = row_bytes / cell_bytes, rest = row_bytes % cell_bytes;
  transpose_cells(rows, stride_bytes, planes, plane_bytes, count, whole);
  for (index i = 0; rest != 0 && i < count; ++i) {
    std::byte* const cell = planes + whole * plane_bytes + i * cell_bytes;
    std::memset(cell, 0, cell_bytes);
    std::memcpy(cell, rows + i * stride_bytes + whole * cell_bytes, static_cast<std::size_t>(rest));
  }
}

/// And back.
inline void planes_to_rows(const std::byte* planes, index plane_bytes, std::byte* rows, index stride_bytes,
                           index row_bytes, index count) {
  const index whole = row_bytes / cell_bytes, rest = row_bytes % cell_bytes;
  transpose_cells(planes, plane_bytes, rows, stride_bytes, whole, count);
  for (index i = 0; rest != 0 && i < count; ++i)
    std::memcpy(rows + i * stride_bytes + whole * cell_bytes, planes + whole * plane_bytes + i * cell_bytes,
                static_cast<std::size_t>(rest));
}

template <class T>
PARE_ALWAYS_INLINE const std::byte* bytes_at(const T* p) {
  return reinterpret_cast<const std::byte*>(p);
}
template <class T>
PARE_ALWAYS_INLINE std::byte* bytes_at(T* p) requires(!std::is_const_v<T>) {
  return reinterpret_cast<std::byte*>(p);
}

template <class T>
void cells_from_rows(const matrix_view<const T>& from, const cells_view<T>& to) noexcept {
  constexpr index size = sizeof(T);
  if constexpr (size > cell_bytes) {
    for (index i = 0; i < from.rows; ++i)
      for (index j = 0; j < from.columns; ++j) to(i, j) = from(i, j);
  } else {
    rows_to_planes(bytes_at(from.data), from.stride * size, from.columns * size, from.rows, bytes_at(to.data),
                   to.plane * size);
  }
}
template <class T>
void rows_from_cells(const cells_view<const T>& from, const matrix_view<T>& to) noexcept {
  constexpr index size = sizeof(T);
  if constexpr (size > cell_bytes) {
    for (index i = 0; i < to.rows; ++i)
      for (index j = 0; j < to.columns; ++j) to(i, j) = from(i, j);
  } else {
    planes_to_rows(bytes_at(from.data), from.plane * size, bytes_at(to.data), to.stride * size, to.columns * size,
                   to.rows);
  }
}

/// A call on rows: tiles of pixels go through cells and back, while they are in the first-level cache.
template <class Call>
void run_rows(const Call& call) noexcept {
  using cells = typename Call::cells_type;
  using a_type = typename cells::activations::type;
  using out_type = typename Call::out_type;
  const rectangle& part = call.cells.part;
  const index columns = part.column_end - part.column_begin;
  const matrix_view<const a_type> a(call.a, part.row_end, call.cells.k, call.a_stride);
  for (index row = part.row_begin; row < part.row_end; row += Call::tile_rows) {
    const index rows = smaller(Call::tile_rows, part.row_end - row);
    const cells_view<a_type> in(reinterpret_cast<a_type*>(call.scratch), Call::tile_rows, call.cells.k);
    const cells_view<out_type> out(reinterpret_cast<out_type*>(call.scratch + in.size() * index{sizeof(a_type)}),
                                   Call::tile_rows, columns);
    cells_from_rows(matrix_view<const a_type>(a.row(row), rows, a.columns, a.stride), in);
    cells tile = call.cells;
    tile.a = in.data;
    tile.a_plane = in.plane;
    tile.out = out.data - part.column_begin / out.depth * out.plane;
    tile.out_plane = out.plane;
    tile.first_pixel = row;
    tile.part = {0, rows, part.column_begin, part.column_end};
    run_cells(tile);
    rows_from_cells(
        cells_view<const out_type>(out),
        matrix_view<out_type>(call.out + row * call.out_stride + part.column_begin, rows, columns, call.out_stride));
  }
}
