// cells.inl: the loop of gemm.inl with pixels in lanes: strips of activations, listed cells of weights.

#include "cells_walk.inl"

/// What the loop needs to know of a call at compile time.
template <class Call>
struct cells_traits {
  struct choice {
    using rows_in_order =
        choose_dot<typename Call::activations, typename Call::weights_range, Call::sum == value_kind::sum64>;
    using rows_dot = typename single_dot<typename rows_in_order::type>::type;
    using type = exchanged<rows_dot>;
    static constexpr index period = rows_in_order::period;
  };
  using dot = typename choice::type;
  using a_type = typename Call::activations::type;
  using sums = std::remove_cvref_t<decltype(dot::result(std::declval<const typename dot::acc&>()))>;
  using total = std::conditional_t<choice::period == 0, no_total, i64x16>;
  static constexpr index cell_step = cell_bytes;
  static constexpr int rows = static_cast<int>(Call::structure::rows);
  /// Plain int32 sums start at their channel's terms instead of zero.
  static constexpr bool starts =
      sizeof(a_type) == 1 && choice::period == 0 && std::is_same_v<typename dot::acc, i32x16>;
  /// Output channels in one cell, and how many are finished together.
  static constexpr int depth = static_cast<int>(channel_depth<std::remove_pointer_t<decltype(Call::out)>>);
  static constexpr int channels = larger(rows, depth);
  /// Whether blocks are added four at a time: floats, whose strips lie in as many pages, gained 2 % or lost a fifth.
  static constexpr bool in_fours = false;
  /// Strips side by side: as many as keep the sums of `rows` channels in registers, at most 4.
  static constexpr int strips = rows_for<dot>(4) >= rows ? 4 : rows_for<dot>(2) >= rows ? 2 : 1;
};

/// What takes zero points and the dot's offset out of a channel's sums again.
template <class Sums, class Call>
PARE_ALWAYS_INLINE Sums channel_correction(const Call& call, index channel) {
  using lane = std::conditional_t<std::is_same_v<Sums, i64x16>, std::int64_t, std::int32_t>;
  using unsigned_lane = std::make_unsigned_t<lane>;
  const auto factor = static_cast<unsigned_lane>(-lane{call.zero_point} - cells_traits<Call>::dot::offset);
  return fill<Sums>(static_cast<lane>(factor * static_cast<unsigned_lane>(lane{call.weights.sums[channel]})));
}

/// Where the sums of some channels start, whatever the pixel: at their corrections, and at the bias that the epilogue
/// begins with, if it does. Computed once for all tiles.
template <class Call>
struct channel_starts {
  static constexpr bool any = cells_traits<Call>::starts;
  std::int32_t values[any ? cells_traits<Call>::channels : 1];

  PARE_ALWAYS_INLINE channel_starts(const Call& call, [[maybe_unused]] index channel) {
    if constexpr (any) {
      using bias = leading_bias<decltype(Call::epilogue)>;
      const auto factor = 0u - static_cast<std::uint32_t>(call.zero_point + cells_traits<Call>::dot::offset);
      for (std::int32_t& value : values) {
        auto start = factor * static_cast<std::uint32_t>(call.weights.sums[channel]);
        if constexpr (bias::found) start += static_cast<std::uint32_t>(bias::values(call.epilogue)[channel]);
        value = static_cast<std::int32_t>(start);
        ++channel;
      }
    }
  }
};
template <class Call>
PARE_ALWAYS_INLINE auto rest_of_epilogue(const Call& call) {
  using bias = leading_bias<decltype(Call::epilogue)>;
  if constexpr (cells_traits<Call>::starts && bias::found) {
    return bias::rest(call.epilogue);
  } else {
    return call.epilogue;
  }
}

/// 16 pixels of one output cell: codes side by side, lowest channel first, or sums and reals as they are.
PARE_ALWAYS_INLINE i32x16 join_codes(const i32x16 (&x)[4]) {
  return each(
      [&](i32_reg a, i32_reg b, i32_reg c, i32_reg d) {
        return (i32_reg)((a & 0xff) | ((b & 0xff) << 8) | ((c & 0xff) << 16) | (i32_reg)((u32_reg)d << 24));
      },
      x[0], x[1], x[2], x[3]);
}
PARE_ALWAYS_INLINE i32x16 join_codes(const i32x16 (&x)[2]) {
  return each([&](i32_reg a, i32_reg b) { return (i32_reg)((a & 0xffff) | (i32_reg)((u32_reg)b << 16)); }, x[0], x[1]);
}
template <class X>
PARE_ALWAYS_INLINE const X& join_codes(const X (&x)[1]) {
  return x[0];
}

template <class Out, class X>
PARE_ALWAYS_INLINE void store_cells(Out* out, const X& x) {
  if constexpr (sizeof(Out) < 4) {
    store_lanes(reinterpret_cast<std::int32_t*>(out), x);
  } else {
    store_lanes(out, x);
  }
}

#include "cells_sums.inl"

/// Whether four channels of X, sums or reals, become a cell of codes at once here: where codes are made last, and of
/// reals (there are targets that round, clamp and join them together).
template <class Call, class Epilogue, class X>
concept JoinsReals = cells_traits<Call>::depth == 4 &&
                     requires(const Epilogue& epilogue, const X& x, const upright_place& at, const output_map& output,
                              const f32x16 (&reals)[4], Call& call) {
  { before_codes(epilogue, x, at) } -> std::same_as<f32x16>;
  join_rounded<false>(reals, output, call.out);
};

/// Channels [channel, channel + Traits::channels) of V strips of pixels from `pixel` on.
template <class Call, int V>
PARE_ALWAYS_INLINE void cells_tile(const Call& call, const channel_starts<Call>& starts, index pixel, index channel) {
  using info = cells_traits<Call>;
  constexpr int R = info::rows, D = info::depth;
  const auto epilogue = rest_of_epilogue(call);
  using value = std::remove_cvref_t<decltype(sum_with(info::dot::result(std::declval<const typename info::dot::acc&>()),
                                                      std::declval<const typename info::total&>(), false))>;
  constexpr bool joins = JoinsReals<Call, std::remove_cvref_t<decltype(epilogue)>, value>;
  [[maybe_unused]] constexpr bool small = small_tiles<Call> && V != 1;  // see run_cells
  const auto finish = [&](const auto& x, const upright_place& at) __attribute__((always_inline)) {
    if constexpr (joins) {
      return before_codes(epilogue, x, at);
    } else {
      return apply(epilogue, x, at);
    }
  };
  std::remove_cvref_t<decltype(finish(std::declval<value>(), upright_place{}))> finished[info::channels / D][V][D];
  for (int group = 0; group < info::channels; group += R) {
    cells_sums<Call, V>(
        call, starts.values + (channel_starts<Call>::any ? group : 0), pixel,
        channel + group, [&](int r, int v, const value& x) __attribute__((always_inline)) {
          const index c = channel + group + r, row = pixel + v * strip_lanes;
          const index pixels = c < call.part.column_end ? smaller(call.part.row_end - row, strip_lanes) : 0;
          finished[(group + r) / D][v][(group + r) % D] =
              finish(x, upright_place{call.first_pixel + row, c, static_cast<int>(pixels)});
        });
  }
  auto* out = call.out + channel / D * call.out_plane + pixel * D;
  for (int plane = 0; plane < info::channels / D && channel + plane * D < call.part.column_end; ++plane) {
    PARE_UNROLL for (int v = 0; v < V; ++v) {
      if constexpr (joins) {
        const auto& output = last_codes<std::remove_cvref_t<decltype(epilogue)>>::stage(epilogue).output;
        store_cells(out + v * strip_lanes * D, join_rounded<small>(finished[plane][v], output, call.out));
      } else {
        store_cells(out + v * strip_lanes * D, join_codes(finished[plane][v]));
      }
    }
    out += call.out_plane;
  }
}

/// All channels of pixels [begin, end), V strips at a time. A channel's list is as long for every pixel, so the CPU
/// foresees where its loop ends.
template <class Call, int V>
__attribute__((noinline)) void cells_channels(const Call& call, index begin, index end) {
  constexpr index channels = cells_traits<Call>::channels;
  for (index channel = call.part.column_begin; channel < call.part.column_end; channel += channels) {
    const channel_starts<Call> starts(call, channel);
    for (index pixel = begin; pixel < end; pixel += V * strip_lanes) cells_tile<Call, V>(call, starts, pixel, channel);
  }
}

#include "cells_copies.inl"

/// The strips of pixels from `pixel` on, V at a time, then fewer. As many pixels as fit the first-level cache go
/// through all channels before the next ones.
template <class Call, int V>
PARE_ALWAYS_INLINE void cells_strips(const Call& call, index pixel) {
  constexpr index first_level_bytes = (copies_strips<Call> ? 24 : 32) * 1024, span = V * strip_lanes;
  const index span_bytes = round_up(call.k * index{sizeof(*call.a)}, cell_bytes) * span;
  const index at_once = larger(first_level_bytes / larger(span_bytes, index{1}), index{1});
  for (index left = ceil_div(call.part.row_end - pixel, strip_lanes) / V; left > 0; left -= at_once) {
    const index begin = pixel;
    pixel += smaller(left, at_once) * span;
    if constexpr (copies_strips<Call>) {
      if (copied_channels<Call, V>(call, begin, pixel)) continue;
    }
    cells_channels<Call, V>(call, begin, pixel);
  }
  if constexpr (V > 1) {
    if (pixel < call.part.row_end) cells_strips<Call, V / 2>(call, pixel);
  }
}

/// Where tiles leave out what large multipliers need, those of one strip do not.
template <class Call>
void run_cells(const Call& call) noexcept {
  if constexpr (small_tiles<Call>)
    if (!stays_small(last_codes<decltype(Call::epilogue)>::stage(call.epilogue)))
      return cells_strips<Call, 1>(call, call.part.row_begin);
  cells_strips<Call, cells_traits<Call>::strips>(call, call.part.row_begin);
}

#include "transpose.inl"
