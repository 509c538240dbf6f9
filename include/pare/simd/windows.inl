// windows.inl: the multiply-accumulate of four weights per lane with activations picked out of a window of Depth bytes.
// Their places are those of a lane or, Shared, the same four in all lanes.
// Included in a vector target's namespace after its dot_for_bytes, dot_by_vector (the dot of bytes whose cells may
// differ from lane to lane) and: broadcast_16, low_places(places) (as pick_bytes takes them: places modulo 16),
// table_places(places, t) (the places in bytes [16 t, 16 t + 16) of the window, less 16 t, anything that pick_bytes
// reads as none for others), pick_bytes(table, places). Places count from the last multiple of 64 along k.

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
  static constexpr int tables = window_places<Depth>::tables;
  i32_reg table[tables];
  window_tables() = default;
  explicit PARE_ALWAYS_INLINE window_tables(const std::byte* p) {
    PARE_UNROLL for (int t = 0; t < tables; ++t) table[t] = Depth == 8 ? broadcast_8(p) : broadcast_16(p + 16 * t);
  }
  PARE_ALWAYS_INLINE i32_reg pick(const window_places<Depth>& places) const {
    i32_reg x = pick_bytes(table[0], places.in[0]);
    PARE_UNROLL for (int t = 1; t < tables; ++t) x |= pick_bytes(table[t], places.in[t]);
    return x;
  }
};

template <class Base, int Depth, bool Shared>
struct dot_lines;

/// Each lane, and with it each panel, picks out of a window that is held in registers.
template <class Base, int Depth, bool Shared>
struct dot_windows {
  static constexpr int window = Depth;
  static constexpr int depth = 4, strips = 1, parts = i32_regs, scratch = Base::scratch + 1;
  static constexpr std::int32_t offset = Base::offset;
  /// A cell that is a register of changed bytes can be changed before it is picked from.
  static constexpr bool changes_first = std::is_same_v<typename Base::cell, i32_reg>;
  using acc = typename Base::acc;
  struct part {
    typename Base::part w;
    window_places<Depth> places;
  };
  using cell = window_tables<Depth>;
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) requires(!Shared) {
    const i32_reg places = load_register(strip + strip_bytes + Part * register_bytes);
    return {Base::template load<Part>(strip), window_places<Depth>(places)};
  }
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip, const std::byte* places) requires Shared {
    return {Base::template load<Part>(strip), window_places<Depth>(broadcast_4(places))};
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) {
    cell x(p);
    if constexpr (changes_first)
      PARE_UNROLL for (int t = 0; t < cell::tables; ++t) x.table[t] = Base::as_cell(x.table[t]);
    return x;
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    if constexpr (changes_first) {
      Base::template mul_add<Part>(sum, a.pick(w.places), w.w);
    } else {
      Base::template mul_add<Part>(sum, Base::as_cell(a.pick(w.places)), w.w);
    }
  }
  static PARE_ALWAYS_INLINE decltype(auto) result(const acc& sum) { return Base::result(sum); }
  using of_lines = dot_lines<Base, Depth, Shared>;
};

/// Windows that all lanes pick the same of, where a strip takes several registers: picked once for all of them.
template <class Base, int Depth>
struct dot_picked : Base {
  static constexpr int window = Depth, tables = window_places<Depth>::tables;
  static constexpr int scratch = Base::scratch + tables + (tables > 1);
  using copied = void;
  struct picker {
    window_places<Depth> places;
    explicit PARE_ALWAYS_INLINE picker(const std::byte* from) : places(broadcast_4(from)) {}
    PARE_ALWAYS_INLINE auto broadcast(const std::byte* p) const {
      return Base::as_cell(window_tables<Depth>(p).pick(places));
    }
  };
};

/// All windows of 64 bytes of a row in one step: the bytes are loaded once and every lane picks from all of them. For a
/// Base whose cell is a register of bytes, with pick_of_line(line, places), on targets whose strip is one register.
template <class Base, int Depth, bool Shared>
struct dot_lines {
  using single = dot_windows<Base, Depth, Shared>;
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
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) requires(!Shared) {
    strip += Part * 2 * strip_bytes;
    return {Base::template load<0>(strip), load_register(strip + strip_bytes)};
  }
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip, const std::byte* places) requires Shared {
    return {Base::template load<0>(strip + Part * strip_bytes), broadcast_4(places + Part * cell_bytes)};
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return Base::as_cell(load_register(p)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    Base::template mul_add<0>(sum, pick_of_line(a, w.places), w.w);
  }
  static PARE_ALWAYS_INLINE decltype(auto) result(const acc& sum) { return Base::result(sum); }
};

template <class A, class W, int Depth, bool Shared>
struct choose_windows {
  using base = dot_by_vector<A, W>;
  using type = std::conditional_t<Shared && (i32_regs > 1), dot_picked<base, Depth>, dot_windows<base, Depth, Shared>>;
};
template <class A, class W, int Depth, bool Shared>
using dot_for_windows = typename choose_windows<A, W, Depth, Shared>::type;
