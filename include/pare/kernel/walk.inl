// walk.inl: which cells of a row meet which strips of a panel, and in which order.

/// The first row's current cell and the first panel's current strip; rows and panels follow at fixed distances.
struct position {
  const std::byte* cell;
  const std::byte* strip;
};

/// Every cell of k in order; its weights take StripStep bytes.
template <index StripStep>
struct ordered_walk {
  static constexpr bool in_order = true;
  position at;
  index full;  ///< whole cells
  index tail;  ///< elements in the last, partial cell, or 0
  bool copied = false;
  PARE_ALWAYS_INLINE position here() const { return at; }
  PARE_ALWAYS_INLINE position tail_position(index cell_step) const {
    return {at.cell + full * cell_step, at.strip + full * StripStep};
  }
  PARE_ALWAYS_INLINE void advance(index cells, index cell_step) {
    at.cell += cells * cell_step;
    at.strip += cells * StripStep;
    // Hides where the loop will end up, which clang 14 otherwise computes beforehand, in registers that the loop needs.
    __asm__("" : "+r"(at.cell), "+r"(at.strip));
  }
};
using dense_walk = ordered_walk<strip_bytes>;

/// The same over weights that come from far, whose strips are fetched before they are read: panels side by side
/// are as many streams.
template <class Walk>
struct far_walk : Walk {
  index ahead;  ///< in bytes
};
template <class Walk, int V>
PARE_ALWAYS_INLINE void fetch_strips(const Walk& walk, index panel_bytes) {
  if constexpr (requires { walk.ahead; })
    PARE_UNROLL for (int v = 0; v < V; ++v) __builtin_prefetch(walk.at.strip + v * panel_bytes + walk.ahead);
}

/// The cells that a list names.
template <index CellStep>
struct listed_walk {
  static constexpr bool in_order = false;
  const std::byte* row;
  const std::uint16_t* listed;
  const std::byte* strip;
  index full, tail;
  PARE_ALWAYS_INLINE position here() const { return {row + index{*listed} * CellStep, strip}; }
  PARE_ALWAYS_INLINE position tail_position(index) const {
    return {row + index{listed[full]} * CellStep, strip + full * strip_bytes};
  }
  PARE_ALWAYS_INLINE void advance(index, index) {
    ++listed;
    strip += strip_bytes;
  }
};

/// Where a row of activations begins; null if they are, which they may be where k is 0.
template <class Call>
PARE_ALWAYS_INLINE const std::byte* start_of_row(const Call& call, index row) {
  return reinterpret_cast<const std::byte*>(call.a == nullptr ? call.a : call.a + row * call.a_stride);
}

/// A call that takes far_walk.
template <class Call>
struct far_call : Call {};

template <class Call>
PARE_ALWAYS_INLINE auto start_walk(const Call& call, const panel_view<dense>& w, index row, index panel) {
  using range = typename Call::weights_range;
  using walk = ordered_walk<step_bytes<range>>;
  constexpr index depth = step_depth<range>;
  const position begin{start_of_row(call, row), w.strips + panel * w.panel_bytes};
  if constexpr (CopiedDot<typename traits<Call>::choice::type>)
    if (call.copied) return walk{begin, ceil_div(call.k, depth), 0, true};
  return walk{begin, call.k / depth, call.k % depth};
}

/// Strips are counted one by one, but the tail is that of a pair.
template <class Call>
PARE_ALWAYS_INLINE dense_walk start_walk(const Call& call, const panel_view<paired>& w, index row, index panel) {
  return {{start_of_row(call, row), w.strips + panel * w.panel_bytes}, call.k / pair_depth * 2, call.k % pair_depth};
}
template <class Call>
PARE_ALWAYS_INLINE auto start_walk(const far_call<Call>& call, const panel_view<dense>& w, index row, index panel) {
  const Call& plain = call;
  const auto walk = start_walk(plain, w, row, panel);
  return far_walk<std::remove_const_t<decltype(walk)>>{walk, streams_ahead_here()};
}

template <class Call, index C>
PARE_ALWAYS_INLINE auto start_walk(const Call& call, const panel_view<block<16, C>>& w, index row, index panel) {
  constexpr index depth = cell_depth<typename Call::weights_range::type>;
  const auto first = static_cast<index>(w.first[panel]), last = static_cast<index>(w.first[panel + 1]);
  const index beyond = last > first ? (w.cells[last - 1] + 1) * depth - call.k : 0;
  const index tail = beyond > 0 ? depth - beyond : 0;
  return listed_walk<depth * index{sizeof(typename Call::activations::type)}>{
      start_of_row(call, row), w.cells + first, w.strips + first * strip_bytes, last - first - (tail != 0), tail};
}
PARE_ALWAYS_INLINE index panel_distance(const panel_view<dense>& w) { return w.panel_bytes; }
template <index C>
PARE_ALWAYS_INLINE index panel_distance(const panel_view<block<16, C>>&) {
  return 0;
}

/// Copies the partial cell at the end of each row, so that nothing is read beyond a row's end. Out of line, like all
/// that is not the loop: short functions keep the loop's registers.
__attribute__((noinline)) inline void copy_tails(std::byte* cells, index cell_room, int rows, const std::byte* from,
                                                 index tail_bytes, index row_bytes) {
  for (int r = 0; r < rows; ++r, from += row_bytes, cells += cell_room)
    std::memcpy(cells, from, static_cast<std::size_t>(tail_bytes));
}
