// call_traits.inl: the dots, tiles and copies of calls that are run in another way. Included by gemm.inl.

template <class Call>
struct traits<rewritten_call<Call>> : traits<Call> {
  struct choice {
    using type = typename traits<Call>::choice::type::rewritten;
    static constexpr index period = 0;
  };
  static constexpr index cell_step = choice::type::cell_step;
  static constexpr int panels = panels_for<typename choice::type>();
  template <int V>
  static constexpr int rows = smaller(rows_for<typename choice::type>(V), 8);
};

template <class Call>
struct traits<far_call<Call>> : traits<Call> {};

/// A call of one row, whose dot has another for it, `lone`, which is exact for `lone_depth` elements.
template <class Call>
struct lone_call : Call {};
template <class Call>
struct traits<lone_call<Call>> : traits<Call> {
  struct choice : traits<Call>::choice {
    using type = typename traits<Call>::choice::type::lone;
  };
};
template <class Call>
concept HasLoneDot = requires {
  typename traits<Call>::choice::type::lone;
};

/// Whether few rows have a walk of their own for weights that come from far: floats do, whose bytes are multiplied in
/// less time than they take to come; codes of 8 bits gained nothing.
template <class Call>
inline constexpr bool fetches =
    !cells_first && i32_regs <= 2 && traits<Call>::in_order && std::is_same_v<typename Call::activations, f32>;

/// How many panels side by side leave half the registers when R rows are all there are: one panel's products would wait
/// for each other, and its weights come in one stream. Only where weights are multiplied as they lie in memory, and so
/// need no registers, or are halves, which need one each, or 4-bit ones where a strip is one register and needs two.
/// Rows that are rewritten elsewhere have too few products here.
template <class Call, int R>
inline constexpr int widest_for = [] {
  using dot = typename traits<Call>::choice::type;
  constexpr bool whole_parts = sizeof(typename dot::part) == sizeof(i32_reg) && dot::parts == i32_regs;
  constexpr bool nibbles = std::is_same_v<dot, dot_nibbles> && i32_regs == 1;
  if constexpr (cells_first || i32_regs > 4 || !(whole_parts || nibbles) || !traits<Call>::in_order ||
                traits<Call>::choice::period != 0 || window_depth<typename Call::structure> != 0 ||
                RewrittenCall<Call>) {
    return 1;
  } else {
    constexpr int sums = R * registers_of<typename traits<Call>::tiled::acc>;
    constexpr int held = nibbles ? 2 : std::is_same_v<typename Call::weights_range, f16> ? dot::parts : 0;
    const auto fits = [](int panels) { return 2 * panels * sums <= registers && panels * (sums + held) < registers; };
    return fits(4) ? 4 : fits(2) ? 2 : 1;
  }
}();

/// Whether copies pay that few products read: where changing cells delays products. CPUs with narrower registers and
/// vpdpbusd, but without AVX-512, are Intel's.
PARE_ALWAYS_INLINE bool copies_pay() { return i32_regs > 1 || flips_delay_products; }

/// Copies rows of k elements. Out of line: once for all heights of tiles.
template <class Dot>
__attribute__((noinline)) void copy_rows(std::byte* to, const std::byte* from, index rows, index stride, index k) {
  const index whole = k / cell_bytes * cell_bytes;
  for (; rows > 0; --rows, from += stride, to += row_copies::row_bytes(k)) {
    index at = 0;
    for (; at + register_bytes <= whole; at += register_bytes) Dot::copy(to + at, from + at, register_bytes);
    if (at < whole) Dot::copy(to + at, from + at, whole - at);
    if (whole == k) continue;
    alignas(register_bytes) std::byte cell[register_bytes] = {};
    std::memcpy(cell, from + whole, static_cast<std::size_t>(k - whole));
    Dot::copy(cell, cell, cell_bytes);
    std::memcpy(to + whole, cell, std::size_t{cell_bytes});
  }
}
template <class Call>
constexpr copy_function copy_function_of() {
  using dot = typename traits<Call>::choice::type;
  if constexpr (CopiedDot<dot> && std::is_same_v<typename Call::structure, dense>) {
    return &copy_rows<typename dot::copied>;
  } else {
    return nullptr;
  }
}
