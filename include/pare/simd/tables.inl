// tables.inl: bytes picked out of a window of a row by shuffles of 16 bytes. Included in a vector target's namespace
// after broadcast_16, low_places(places) (as pick_bytes takes them: places modulo 16), table_places(places, t) (the
// places in bytes [16 t, 16 t + 16) of the window, less 16 t, anything that pick_bytes reads as none for others),
// pick_bytes(table, places). Places count from the last multiple of 64 along k.

/// Places as pick_bytes takes them, of four bytes per lane in a window of Depth.
template <int Depth>
struct window_places {
  static constexpr int tables = Depth < 16 ? 1 : Depth / 16;
  i32_reg in[tables];
  window_places() = default;
  explicit PARE_ALWAYS_INLINE window_places(i32_reg places) {
    if constexpr (tables == 1) {
      in[0] = low_places(places);
    } else {
      constexpr std::int32_t in_window = (Depth - 1) * 0x01010101;
      PARE_UNROLL for (int t = 0; t < tables; ++t) in[t] = table_places(places & in_window, t);
    }
  }
};
/// A window of a row, in all lanes.
template <int Depth>
struct window_tables {
  static constexpr int tables = Depth < 16 ? 1 : Depth / 16;
  i32_reg table[tables];
  window_tables() = default;
  explicit PARE_ALWAYS_INLINE window_tables(const std::byte* p) {
    PARE_UNROLL for (int t = 0; t < tables; ++t) table[t] = Depth == 8 ? broadcast_8(p) : broadcast_16(p + 16 * t);
  }
  /// Makes cells of Dot of all bytes.
  template <class Dot>
  PARE_ALWAYS_INLINE void make_cells() {
    PARE_UNROLL for (int t = 0; t < tables; ++t) table[t] = Dot::as_cell(table[t]);
  }
  PARE_ALWAYS_INLINE i32_reg pick(const window_places<Depth>& places) const {
    i32_reg x = pick_bytes(table[0], places.in[0]);
    PARE_UNROLL for (int t = 1; t < tables; ++t) x |= pick_bytes(table[t], places.in[t]);
    return x;
  }
};
