// store.inl: what becomes of a tile's finished sums: the epilogue, row by row, into the output. Included by gemm.inl.

/// An epilogue cut in two: the int32 bias that it begins with, which sums can start at instead of zero, and the rest.
template <class Epilogue>
struct leading_bias {
  static constexpr bool found = false;
};
template <>
struct leading_bias<bias_stage<std::int32_t>> {
  static constexpr bool found = true;
  static PARE_ALWAYS_INLINE const std::int32_t* values(const bias_stage<std::int32_t>& s) { return s.values; }
  static PARE_ALWAYS_INLINE identity_stage rest(const bias_stage<std::int32_t>&) { return {}; }
};
/// The rest is where it was: a copy of stages that were just stored would wait until they have left the store buffer.
template <class Second>
struct leading_bias<chain<bias_stage<std::int32_t>, Second>> {
  static constexpr bool found = true;
  static PARE_ALWAYS_INLINE const std::int32_t* values(const chain<bias_stage<std::int32_t>, Second>& s) {
    return s.first.values;
  }
  static PARE_ALWAYS_INLINE const Second& rest(const chain<bias_stage<std::int32_t>, Second>& s) { return s.second; }
};
template <class First, class Second>
requires leading_bias<First>::found struct leading_bias<chain<First, Second>> {
  static constexpr bool found = true;
  static PARE_ALWAYS_INLINE const std::int32_t* values(const chain<First, Second>& s) {
    return leading_bias<First>::values(s.first);
  }
  static PARE_ALWAYS_INLINE auto rest(const chain<First, Second>& s) {
    return leading_bias<First>::rest(s.first) | s.second;
  }
};

/// Where a call's tiles go. Calls of all formats share what is out of line here, if they share this and the epilogue.
template <class Out, bool WholeColumns>
struct destination {
  static constexpr bool whole_columns = WholeColumns;
  Out* out;
  index out_stride, column_begin, column_end;
};
template <class Call>
PARE_ALWAYS_INLINE auto destination_of(const Call& call) {
  using out_type = std::remove_pointer_t<decltype(call.out)>;
  index out_stride = call.out_stride, column_end = call.part.column_end;
  __asm__("" : "+r"(out_stride), "+r"(column_end));  // or pairs are loaded, which wait for whoever has just stored them
  return destination<out_type, whole_columns<Call, strip_lanes>>{call.out, out_stride, call.part.column_begin,
                                                                 column_end};
}

#include "prepared.inl"

/// How many strips of X the target packs at once as codes of type Out; 0: none.
template <class Out, class X>
inline constexpr int strips_packed = 0;
template <class Out>
inline constexpr int strips_packed<Out, i32x16> = [] {
  if (requires(const i32x16(&x)[4]) { pack_clamped(x, 0, 0, 0, Out{}); }) return 4;
  if (requires(const i32x16(&x)[2]) { pack_clamped(x, 0, 0, 0, Out{}); }) return 2;
  return 0;
}();

/// An epilogue cut before its last stage, if that makes codes.
template <class Epilogue>
struct last_codes {
  static constexpr bool found = false;
};
template <class Last>
struct last_codes_of {
  static constexpr bool found = true;
  static PARE_ALWAYS_INLINE const Last& stage(const Last& s) { return s; }
  static PARE_ALWAYS_INLINE identity_stage before(const Last&) { return {}; }
};
template <class Policy>
struct last_codes<requantize_stage<Policy>> : last_codes_of<requantize_stage<Policy>> {};
template <>
struct last_codes<quantize_stage> : last_codes_of<quantize_stage> {};
template <class Policy, int V>
struct last_codes<prepared_stage<Policy, V>> : last_codes_of<prepared_stage<Policy, V>> {};
template <class First, class Second>
requires last_codes<Second>::found struct last_codes<chain<First, Second>> {
  static constexpr bool found = true;
  static PARE_ALWAYS_INLINE const auto& stage(const chain<First, Second>& s) {
    return last_codes<Second>::stage(s.second);
  }
  static PARE_ALWAYS_INLINE auto before(const chain<First, Second>& s) {
    return s.first | last_codes<Second>::before(s.second);
  }
};

/// A sum through all of an epilogue but the clamp to codes that ends it.
template <class Epilogue, class X, class Place>
requires last_codes<Epilogue>::found PARE_ALWAYS_INLINE auto before_codes(const Epilogue& epilogue, const X& x,
                                                                          const Place& at) {
  using last = last_codes<Epilogue>;
  return unclamped(last::stage(epilogue), apply(last::before(epilogue), x, at), at);
}

/// N strips through an epilogue, packed: x(i) is the sum of strip i, at(i) its place. Small: as to_steps has it.
template <class Out, int N, bool Small = false, class Epilogue, class X, class At>
PARE_ALWAYS_INLINE i32_reg packed_codes(const Epilogue& epilogue, const X& x, const At& at) {
  i32x16 strips[N];
  if constexpr (requires { before_codes(epilogue, x(0), at(0)); }) {
    std::remove_cvref_t<decltype(before_codes(epilogue, x(0), at(0)))> values[N];
    PARE_UNROLL for (int i = 0; i < N; ++i) values[i] = before_codes(epilogue, x(i), at(i));
    const auto& last = last_codes<Epilogue>::stage(epilogue);
    to_steps<Small>(last, values, strips);
    return pack_clamped(strips, last.output.zero_point, last.output.min, last.output.max, Out{});
  } else {
    PARE_UNROLL for (int i = 0; i < N; ++i) strips[i] = apply(epilogue, x(i), at(i));
    return pack_codes(strips, Out{});
  }
}

/// The epilogue of rows [First, R) of V panels, strip by strip.
template <int First, int R, int V, class Out, class Epilogue, class Value>
PARE_ALWAYS_INLINE void store_strips(Out* out, index out_stride, const Epilogue& epilogue, index row, index column,
                                     const Value& value, index step) {
  PARE_UNROLL for (int r = First; r < R; ++r, out += out_stride) PARE_UNROLL for (int v = 0; v < V; ++v) store_strip(
      out + v * strip_lanes, apply(epilogue, value(r, v), place{row + r * step, column + v * strip_lanes, 0, 16}));
}

/// The epilogue of R rows of V panels: value(r, v) is the finished sum of row r and panel v, `out` where the first of
/// them goes. The next row is `step` rows of the output, and out_stride elements, further.
template <int R, int V, bool Small = false, class Out, class Epilogue, class Value>
PARE_ALWAYS_INLINE void store_at(Out* out, index out_stride, const Epilogue& epilogue, index row, index column,
                                 const Value& value, index step = 1) {
  using finished_value = std::remove_cvref_t<decltype(apply(epilogue, value(0, 0), place{}))>;
  // Strips that leave together: some rows', or parts of a row's. Where four do, rows that are over leave together too,
  // elsewhere strip by strip.
  constexpr int packed = strips_packed<Out, finished_value>;
  constexpr int together = packed > V ? packed / V : 1, over = R % together;
  constexpr bool packs = packed != 0 && (packed == 2 || over == 0 || R > 1);
  constexpr int tall = packs ? together : 1, whole = packs ? R - over : R;
  PARE_UNROLL for (int r = 0; r < whole; r += tall, out += tall * out_stride) {
    const auto sum = [&](int i) __attribute__((always_inline)) { return value(r + i / V, i % V); };
    const auto at = [&](int i) __attribute__((always_inline)) {
      return place{row + (r + i / V) * step, column + i % V * strip_lanes, 0, 16};
    };
    if constexpr (packs && packed >= V) {
      store_packed_codes<V>(out, out_stride, packed_codes<Out, packed, Small>(epilogue, sum, at));
    } else if constexpr (packs) {
      PARE_UNROLL for (int v = 0; v < V; v += packed)
          store_packed_codes<packed>(out + v * strip_lanes, out_stride,
                                     packed_codes<Out, packed, Small>(
                                         epilogue, [&](int i) __attribute__((always_inline)) { return sum(v + i); },
                                         [&](int i) __attribute__((always_inline)) { return at(v + i); }));
    } else {
      PARE_UNROLL for (int v = 0; v < V; ++v) store_strip(out + v * strip_lanes, apply(epilogue, sum(v), at(v)));
    }
  }
  if constexpr (whole < R && packed == 4) {
    const auto last = [](int i) { return whole + smaller(i / V, over - 1); };
    store_packed_codes<V, over>(
        out, out_stride,
        packed_codes<Out, packed, Small>(
            epilogue, [&](int i) __attribute__((always_inline)) { return value(last(i), i % V); },
            [&](int i) __attribute__((always_inline)) {
              return place{row + last(i) * step, column + i % V * strip_lanes, 0, 16};
            }));
  } else if constexpr (whole < R) {
    store_strips<R - over, R, V>(out, out_stride, epilogue, row, column, value, step);
  }
}

/// The same at its place. `to`: a call or its destination.
template <int R, int V, bool Small = false, class To, class Epilogue, class Value>
PARE_ALWAYS_INLINE void store_whole(const To& to, const Epilogue& stages, index row, index column, const Value& value) {
  // Copies, because a store of bytes may alias the call, which would be read again for every row.
  const auto& epilogue = not_aliased(stages);
  const index out_stride = to.out_stride;
  store_at<R, V, Small>(to.out + row * out_stride + column, out_stride, epilogue, row, column, value);
}

/// Whether the rectangle holds all columns of some panels.
template <class Out, bool WholeColumns>
PARE_ALWAYS_INLINE bool holds_columns(const destination<Out, WholeColumns>& to, index column, int panels) {
  return WholeColumns || (column >= to.column_begin && column + panels * strip_lanes <= to.column_end);
}

/// Whether a call's most frequent tiles leave out what large multipliers need: a vector operation for each 16 codes,
/// which as a branch would still cost a hundredth. Calls with such multipliers take the other tiles.
template <class Call>
inline constexpr bool small_tiles = !whole_columns<Call, strip_lanes> && requires(const Call& call) {
  {
    last_codes<decltype(Call::epilogue)>::stage(call.epilogue)
    } -> std::same_as<const requantize_stage<float_nearest_even>&>;
};
/// Whether some panels can be stored by the most frequent tiles.
template <class Call>
PARE_ALWAYS_INLINE bool holds_tile(const Call& call, index column, int panels) {
  if constexpr (small_tiles<Call>)
    if (!stays_small(last_codes<decltype(Call::epilogue)>::stage(call.epilogue))) return false;
  return holds_columns(destination_of(call), column, panels);
}

#include "store_rows.inl"

/// Whether an epilogue ends in a product of 64 bits, which takes many more instructions than a product of floats.
template <class Epilogue>
inline constexpr bool ends_in_wide_product = false;
template <class Policy>
inline constexpr bool ends_in_wide_product<requantize_stage<Policy>> = Policy::terms == 2;
template <class First, class Second>
inline constexpr bool ends_in_wide_product<chain<First, Second>> = ends_in_wide_product<Second>;

/// Whether a tile's sums go through memory to an epilogue in a loop: a long one takes so long to compile as to matter,
/// and where a strip is a register that costs little (12544 x 32 x 16: 3 %).
template <class Epilogue>
inline constexpr bool stored_in_turns = false;
template <class Policy, int V>
inline constexpr bool stored_in_turns<prepared_stage<Policy, V>> = i32_regs == 1;

/// As store_whole, by as many rows at a time as leave together, if these make up the tile.
template <int R, int V, class Call, class Epilogue, class Value>
PARE_ALWAYS_INLINE void store_in_turns(const Call& call, const Epilogue& epilogue, index row, index column,
                                       const Value& value) {
  constexpr int together = larger(strips_packed<std::remove_pointer_t<decltype(call.out)>, i32x16> / V, 1);
  constexpr int rows = R % together == 0 ? together : R;
  std::remove_cvref_t<decltype(value(0, 0))> values[R * V];
  PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v) values[r * V + v] = value(r, v);
  __asm__("" : "+m"(values));
  const auto* some = values;
  for (const index end = row + R; row < end; row += rows, some += rows * V)
    store_whole<rows, V>(
        call, epilogue, row, column, [&](int r, int v) __attribute__((always_inline)) { return some[r * V + v]; });
}

/// The epilogue of the first `rows` rows of a tile, all R of them and all columns of V panels if Whole: value(r, v) is
/// the finished sum of row r and panel v. With both ways in one function gcc 12 keeps the sums in memory.
template <int R, int V, bool Whole, class Call, class Epilogue, class Value>
PARE_ALWAYS_INLINE void store_tile(const Call& call, const Epilogue& epilogue, index row, [[maybe_unused]] index rows,
                                   index column, const Value& value) {
  if constexpr (Whole && stored_in_turns<Epilogue>) {
    store_in_turns<R, V>(call, epilogue, row, column, value);
  } else if constexpr (Whole) {
    store_whole<R, V, small_tiles<Call>>(call, epilogue, row, column, value);
  } else {
    std::remove_cvref_t<decltype(value(0, 0))> values[R * V];
    PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v) values[r * V + v] = value(r, v);
    store_rows(destination_of(call), epilogue, row, static_cast<int>(rows), column, V, values);
  }
}

/// Whether the most frequent tiles have functions of their own for rectangles that hold their columns, in which the
/// epilogue takes the sums from registers. Where a lane is a register, or where the epilogue is long and a strip takes
/// many of few registers, that gains nothing, and takes time to compile. Elsewhere it gains up to a third at a depth of
/// 16 to 64.
template <class Call>
inline constexpr bool stores_from_registers = whole_columns<Call, strip_lanes> ||
                                              (i32_regs < 16 && !(ends_in_wide_product<decltype(Call::epilogue)> &&
                                                                  registers <= 16 && i32_regs >= 4));
