// neon_tables.inl: tables.inl for NEON, whose tbl picks out of one, two or four registers. Included in its place.

/// Places as tbl takes them, of four bytes per lane in a window of Depth.
template <int Depth>
struct window_places {
  static constexpr int tables = 1;
  i32_reg in;
  window_places() = default;
  explicit PARE_ALWAYS_INLINE window_places(i32_reg places)
      : in(places & (larger(Depth, register_bytes) - 1) * 0x01010101) {}
};
/// A window of a row, in all lanes.
template <int Depth>
struct window_tables {
  static constexpr int tables = Depth < 16 ? 1 : Depth / 16;
  std::conditional_t<tables == 1, uint8x16_t, std::conditional_t<tables == 2, uint8x16x2_t, uint8x16x4_t>> table;
  window_tables() = default;
  explicit PARE_ALWAYS_INLINE window_tables(const std::byte* p) {
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(p);
    if constexpr (Depth == 8) {
      table = (uint8x16_t)broadcast_8(p);
    } else if constexpr (tables == 1) {
      table = vld1q_u8(bytes);
    } else if constexpr (tables == 2) {
      table = vld1q_u8_x2(bytes);
    } else {
      table = vld1q_u8_x4(bytes);
    }
  }
  template <class Dot>
  PARE_ALWAYS_INLINE void make_cells() {
    if constexpr (tables == 1) {
      table = (uint8x16_t)Dot::as_cell((i32_reg)table);
    } else {
      PARE_UNROLL for (int t = 0; t < tables; ++t) table.val[t] = (uint8x16_t)Dot::as_cell((i32_reg)table.val[t]);
    }
  }
  PARE_ALWAYS_INLINE i32_reg pick(const window_places<Depth>& places) const {
    const auto at = (uint8x16_t)places.in;
    if constexpr (tables == 1) {
      return (i32_reg)vqtbl1q_u8(table, at);
    } else if constexpr (tables == 2) {
      return (i32_reg)vqtbl2q_u8(table, at);
    } else {
      return (i32_reg)vqtbl4q_u8(table, at);
    }
  }
};
