// windows.inl: the multiply-accumulate of four weights per lane with activations picked out of a window of Depth bytes.
// Included in a vector target's namespace after its dot_for_bytes, dot_by_vector (the dot of bytes whose cells may
// differ from lane to lane) and: broadcast_16, low_places(places) (as pick_bytes takes them: places modulo 16),
// table_places(places, t) (the places in bytes [16 t, 16 t + 16) of the window, less 16 t, anything that pick_bytes
// reads as none for others), pick_bytes(table, places). Places count from the last multiple of 64 along k.

template <class Base, int Depth>
struct dot_lines;

template <class Base, int Depth>
struct dot_windows {
  static constexpr int tables = Depth < 16 ? 1 : Depth / 16;
  static constexpr int window = Depth;
  static constexpr int depth = 4, strips = 1, parts = i32_regs, scratch = Base::scratch + 1;
  static constexpr std::int32_t offset = Base::offset;
  /// A cell that is a register of changed bytes can be changed before it is picked from.
  static constexpr bool changes_first = std::is_same_v<typename Base::cell, i32_reg>;
  using acc = typename Base::acc;
  struct part {
    typename Base::part w;
    i32_reg places[tables];
  };
  struct cell {
    i32_reg table[tables];
  };
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    part x;
    x.w = Base::template load<Part>(strip);
    const i32_reg places = load_register(strip + strip_bytes + Part * register_bytes);
    if constexpr (tables == 1) {
      x.places[0] = low_places(places);
    } else {
      constexpr std::int32_t in_window = (Depth - 1) * 0x01010101;
      PARE_UNROLL for (int t = 0; t < tables; ++t) x.places[t] = table_places(places & in_window, t);
    }
    return x;
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) {
    cell x;
    PARE_UNROLL for (int t = 0; t < tables; ++t) {
      x.table[t] = Depth == 8 ? broadcast_8(p) : broadcast_16(p + 16 * t);
      if constexpr (changes_first) x.table[t] = Base::as_cell(x.table[t]);
    }
    return x;
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    i32_reg x = pick_bytes(a.table[0], w.places[0]);
    PARE_UNROLL for (int t = 1; t < tables; ++t) x |= pick_bytes(a.table[t], w.places[t]);
    if constexpr (changes_first) {
      Base::template mul_add<Part>(sum, x, w.w);
    } else {
      Base::template mul_add<Part>(sum, Base::as_cell(x), w.w);
    }
  }
  static PARE_ALWAYS_INLINE decltype(auto) result(const acc& sum) { return Base::result(sum); }
  using of_lines = dot_lines<Base, Depth>;
};

/// All windows of 64 bytes of a row in one step: the bytes are loaded once and every lane picks from all of them. For a
/// Base whose cell is a register of bytes, with pick_of_line(line, places), on targets whose strip is one register.
template <class Base, int Depth>
struct dot_lines {
  using single = dot_windows<Base, Depth>;
  static constexpr int line = strip_bytes, window = line;
  static constexpr int depth = 4, strips = line / Depth, parts = strips, scratch = Base::scratch + 1;
  static constexpr std::int32_t offset = Base::offset;
  using acc = typename Base::acc;
  using cell = typename Base::cell;
  struct part {
    typename Base::part w;
    i32_reg places;
  };
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    strip += Part * 2 * strip_bytes;
    return {Base::template load<0>(strip), load_register(strip + strip_bytes)};
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return Base::as_cell(load_register(p)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    Base::template mul_add<0>(sum, pick_of_line(a, w.places), w.w);
  }
  static PARE_ALWAYS_INLINE decltype(auto) result(const acc& sum) { return Base::result(sum); }
};

template <class A, class W, int Depth>
using dot_for_windows = dot_windows<dot_by_vector<A, W>, Depth>;
