// windows.inl: the multiply-accumulate of four weights per lane with activations picked out of a window of Depth bytes.
// Their places are those of a lane or, Shared, the same four in all lanes.
// Included in a vector target's namespace after its dot_for_halves, dot_by_vector (the dot of bytes whose cells may
// differ from lane to lane), window_places and window_tables (tables.inl). Places count from the last multiple of 64
// along k.

/// Dot for cells that are picked, with where the part of a strip that it multiplies finds its places: those of every
/// lane, in bytes or halves, in a strip like that of the weights, and those that all lanes share, in as much of a lane.
/// Parts of one `cell_of` meet the same `cells`-th of a window's activations.
template <class Dot>
struct picked_bytes : Dot {
  static constexpr bool halves = false;
  static constexpr index weights_bytes = strip_bytes;
  static constexpr int cells = 1;
  template <int Part>
  static constexpr int cell_of = 0;
  template <int Part>
  static PARE_ALWAYS_INLINE i32_reg load_places(const std::byte* strip) {
    return load_register(strip + Part * register_bytes);
  }
  template <int Part>
  static PARE_ALWAYS_INLINE i32_reg broadcast_places(const std::byte* places) {
    return broadcast_4(places);
  }
};
/// int16 x int16: four weights per lane are two strips.
template <class Dot>
struct picked_halves : Dot {
  static constexpr bool halves = true;
  static constexpr index weights_bytes = 2 * strip_bytes;
  static constexpr int depth = 4, cells = 2, in_strip = Dot::parts, parts = cells * in_strip;
  template <int Part>
  static constexpr int cell_of = Part / in_strip;
  template <int Part>
  static PARE_ALWAYS_INLINE auto load(const std::byte* strip) {
    return Dot::template load<Part % in_strip>(strip + cell_of<Part> * strip_bytes);
  }
  template <int Part>
  static PARE_ALWAYS_INLINE i32_reg load_places(const std::byte* strip) {
    return load_register(strip + Part * register_bytes);
  }
  template <int Part>
  static PARE_ALWAYS_INLINE i32_reg broadcast_places(const std::byte* places) {
    return broadcast_4(places + cell_of<Part> * cell_bytes);
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(typename Dot::acc& sum, i32_reg a, const typename Dot::part& w) {
    Dot::template mul_add<Part % in_strip>(sum, a, w);
  }
};
/// int16 x int8: the even weights of a lane, then the odd ones, which takes fewer instructions than to widen a strip in
/// its order. Only the low byte of a place's half counts.
struct picked_widened : plain_dot<4> {
  static constexpr bool halves = true;
  static constexpr index weights_bytes = strip_bytes;
  static constexpr int cells = 2, parts = cells * i32_regs;
  template <int Part>
  static constexpr int cell_of = Part % 2;
  using acc = single_sums;
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) {
    const i32_reg weights = load_register(strip + Part / 2 * register_bytes);
    return high_bytes(cell_of<Part> == 0 ? weights << 8 : weights);
  }
  template <int Part>
  static PARE_ALWAYS_INLINE i32_reg load_places(const std::byte* strip) {
    return (i32_reg)((u32_reg)load_register(strip + Part / 2 * register_bytes) >> cell_of<Part> * 8);
  }
  template <int Part>
  static PARE_ALWAYS_INLINE i32_reg broadcast_places(const std::byte* places) {
    return (i32_reg)((u32_reg)broadcast_4(places) >> cell_of<Part> * 8);
  }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, cell a, part w) {
    sum.r[Part / 2] = madd_add(sum.r[Part / 2], a, w);
  }
  static PARE_ALWAYS_INLINE const acc& result(const acc& sum) { return sum; }
};

/// Places of bytes, made of those of a Base's elements.
template <class Base>
PARE_ALWAYS_INLINE i32_reg byte_places(i32_reg places) {
  if constexpr (Base::halves) {
    places = (places & 0x00ff00ff) << 1;
    places = places + (places << 8) + 0x01000100;
  }
  return places;
}

template <class Base, int Depth, bool Shared>
struct dot_lines;

/// Each lane, and with it each panel, picks out of a window that is held in registers.
template <class Base, int Depth, bool Shared>
struct dot_windows {
  static constexpr int window = Depth;
  static constexpr int depth = 4, strips = 1, parts = Base::parts, scratch = Base::scratch + 1;
  static constexpr std::int32_t offset = Base::offset;
  /// A cell that is a register of changed bytes can be changed before it is picked from.
  static constexpr bool changes_first = std::is_same_v<typename Base::cell, i32_reg>;
  using acc = typename Base::acc;
  using places_of_part = window_places<Depth>;
  struct part {
    typename Base::part w;
    places_of_part places;
  };
  using cell = window_tables<Depth>;
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) requires(!Shared) {
    const i32_reg places = Base::template load_places<Part>(strip + Base::weights_bytes);
    return {Base::template load<Part>(strip), places_of_part(byte_places<Base>(places))};
  }
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip, const std::byte* places) requires Shared {
    return {Base::template load<Part>(strip),
            places_of_part(byte_places<Base>(Base::template broadcast_places<Part>(places)))};
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) {
    cell x(p);
    if constexpr (changes_first) x.template make_cells<Base>();
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
  using places_of_all = window_places<Depth>;
  static constexpr int window = Depth, tables = places_of_all::tables, cells = Base::cells;
  static constexpr int scratch = Base::scratch + cells * tables + (tables > 1);
  using copied = void;
  struct cell {
    typename Base::cell of[cells];
  };
  /// The first part that meets a cell.
  template <int Cell, int Part = 0>
  static constexpr int first_part() {
    if constexpr (Base::template cell_of<Part> == Cell) {
      return Part;
    } else {
      return first_part<Cell, Part + 1>();
    }
  }
  struct picker {
    places_of_all places[cells];
    explicit PARE_ALWAYS_INLINE picker(const std::byte* from) {
      places[0] = places_of_all(byte_places<Base>(Base::template broadcast_places<0>(from)));
      if constexpr (cells == 2)
        places[1] = places_of_all(byte_places<Base>(Base::template broadcast_places<first_part<1>()>(from)));
    }
    PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) const {
      const window_tables<Depth> tables(p);
      cell x;
      PARE_UNROLL for (int i = 0; i < cells; ++i) x.of[i] = Base::as_cell(tables.pick(places[i]));
      return x;
    }
  };
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(typename Base::acc& sum, const cell& a, const typename Base::part& w) {
    Base::template mul_add<Part>(sum, a.of[Base::template cell_of<Part>], w);
  }
};

/// All windows of 64 bytes of a row in one step: the bytes are loaded once and every lane picks from all of them. For a
/// Base whose cell is a register, with pick_of_line(line, places) of bytes or pick_halves_of_line, which looks at the
/// low 5 bits of a place, on targets whose strip is one register.
template <class Base, int Depth, bool Shared>
struct dot_lines {
  using single = dot_windows<Base, Depth, Shared>;
  static constexpr int line = strip_bytes, window = line;
  static constexpr int depth = 4, strips = line / Depth, in_window = Base::parts, parts = strips * in_window;
  static constexpr int scratch = Base::scratch + (in_window > 1 ? 9 : 1);  // compilers pick for many rows ahead
  static constexpr std::int32_t offset = Base::offset;
  using acc = typename Base::acc;
  using cell = typename Base::cell;
  struct part {
    typename Base::part w;
    i32_reg places;
  };
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip) requires(!Shared) {
    strip += Part / in_window * 2 * Base::weights_bytes;
    return {Base::template load<Part % in_window>(strip),
            Base::template load_places<Part % in_window>(strip + Base::weights_bytes)};
  }
  template <int Part>
  static PARE_ALWAYS_INLINE part load(const std::byte* strip, const std::byte* places) requires Shared {
    constexpr index window = Part / in_window;
    return {Base::template load<Part % in_window>(strip + window * Base::weights_bytes),
            Base::template broadcast_places<Part % in_window>(places + window * Base::weights_bytes / strip_lanes)};
  }
  static PARE_ALWAYS_INLINE cell broadcast(const std::byte* p) { return Base::as_cell(load_register(p)); }
  template <int Part>
  static PARE_ALWAYS_INLINE void mul_add(acc& sum, const cell& a, const part& w) {
    if constexpr (Base::halves) {
      Base::template mul_add<Part % in_window>(sum, pick_halves_of_line(a, w.places), w.w);
    } else {
      Base::template mul_add<Part % in_window>(sum, pick_of_line(a, w.places), w.w);
    }
  }
  static PARE_ALWAYS_INLINE decltype(auto) result(const acc& sum) { return Base::result(sum); }
};

/// The dot of cells that are picked.
template <class A, class W, bool Split>
struct picked_dot {
  using type =
      std::conditional_t<sizeof(typename W::type) == 1, picked_widened, picked_halves<dot_for_halves<W, Split>>>;
};
template <class A, class W>
requires(sizeof(typename A::type) == 1) struct picked_dot<A, W, false> {
  using type = picked_bytes<dot_by_vector<A, W>>;
};

template <class A, class W, int Depth, bool Shared, bool Split>
struct choose_windows {
  using base = typename picked_dot<A, W, Split>::type;
  using type = std::conditional_t<Shared && (i32_regs > 1), dot_picked<base, Depth>, dot_windows<base, Depth, Shared>>;
};
template <class A, class W, int Depth, bool Shared, bool Split>
using dot_for_windows = typename choose_windows<A, W, Depth, Shared, Split>::type;
