// convert.inl: the loops of convert.hpp, 16 elements at a time. Included in every target's namespace.

#include "steps.inl"

/// 16 codes as int32. Pre: all 16 may be read.
template <class T>
PARE_ALWAYS_INLINE i32x16 load_codes(const T* p) {
  i32x16 x;
  for (auto& reg : x.r) {
    widen_codes(p, reg);
    p += sizeof reg / sizeof(std::int32_t);
  }
  return x;
}
template <class T>
PARE_ALWAYS_INLINE void store_narrowed(T* p, const i32x16& x) {
  if constexpr (std::is_same_v<T, std::uint16_t>) {  // the same low halves, as signed numbers
    const i32x16 half = fill<i32x16>(16);
    store_codes(reinterpret_cast<std::int16_t*>(p), (x << half) >> half);
  } else {
    store_codes(p, x);
  }
}

PARE_ALWAYS_INLINE void store_16(float* p, const f32x16& x) { store_lanes(p, x); }
template <class T>
PARE_ALWAYS_INLINE void store_16(T* p, const i32x16& x) {
  store_narrowed(p, x);
}
/// Past the caches. whole_line: p is where a line begins, if X has the size of one.
template <class T, class X>
PARE_ALWAYS_INLINE void stream_16(T* p, const X& x, bool whole_line) {
  if constexpr (sizeof x == 16 * sizeof(T))
    if (whole_line) return stream_lanes(p, x);
  alignas(64) T elements[16];
  store_16(elements, x);
  for (std::size_t i = 0; i < sizeof elements; i += 16)
    stream_16_bytes(reinterpret_cast<std::byte*>(p) + i, reinterpret_cast<const std::byte*>(elements) + i);
}

/// What is known of a piece from its type.
template <class Range, bool Centered>
struct traits_of_range {
  using range = Range;
  using centered = std::bool_constant<Centered>;
  static constexpr bool packs = false;
};
template <class Piece>
struct piece_traits;
template <class R, bool Centered>
struct piece_traits<dequantize_piece<R, Centered>> : traits_of_range<R, Centered> {};
template <class R, class Round, class Steps, bool Centered, class In>
struct piece_traits<fake_quantize_piece<R, Round, Steps, Centered, In>> : traits_of_range<R, Centered> {
  using stepping = Steps;
  using rounding = Round;
};
template <class R, class Round, class Steps, bool Centered, class In>
struct piece_traits<quantize_piece<R, Round, Steps, Centered, In>> : traits_of_range<R, Centered> {
  using stepping = Steps;
  using rounding = Round;
  /// Can the target pack four strips of steps at once?
  static constexpr bool packs = rounds_plainly<Round> && requires(const i32x16 (&x)[4]) {
    pack_steps(x, x, R{}, std::bool_constant<Centered>{});
  };
};

/// What a piece's elements become: steps from the zero point, ...
template <class Piece>
PARE_ALWAYS_INLINE i32x16 steps_at(const Piece& piece, index i, index first, const lane_maps& maps) {
  return steps_of<typename piece_traits<Piece>::stepping>(strip_at(piece.in, i, first), maps, piece.rounding,
                                                          piece.position + static_cast<std::uint64_t>(i));
}
/// ... and codes or numbers, for each kind of piece.
template <class R, class Round, class Steps, bool Centered, class In>
PARE_ALWAYS_INLINE i32x16 converted(const quantize_piece<R, Round, Steps, Centered, In>& piece, index i, index first,
                                    const lane_maps& maps) {
  return steps_at(piece, i, first, maps) + maps.zero_point;
}
template <class R, bool Centered>
PARE_ALWAYS_INLINE f32x16 converted(const dequantize_piece<R, Centered>& piece, index i, index, const lane_maps& maps) {
  return to_float(load_codes(piece.in + i) - maps.zero_point) * maps.scale;
}
template <class R, class Round, class Steps, bool Centered, class In>
PARE_ALWAYS_INLINE f32x16 converted(const fake_quantize_piece<R, Round, Steps, Centered, In>& piece, index i,
                                    index first, const lane_maps& maps) {
  return to_float(steps_at(piece, i, first, maps)) * maps.scale;
}

template <class Piece>
using shared_maps_of = shared_maps<typename piece_traits<Piece>::range, piece_traits<Piece>::centered::value>;
template <class Piece>
using listed_maps_of = listed_maps<typename piece_traits<Piece>::range, piece_traits<Piece>::centered::value>;

/// Does a line of the cache begin here?
template <class T>
PARE_ALWAYS_INLINE bool begins_line(const T* p) {
  return reinterpret_cast<std::uintptr_t>(p) % strip_bytes == 0;
}

/// 64 codes from i on. Stream: past the caches; then they are a line.
template <bool Stream, class Maps, class Piece>
PARE_ALWAYS_INLINE void store_packed(const Piece& piece, const Maps& maps, index i, index first,
                                     const fetch_ahead& ahead) {
  using traits = piece_traits<Piece>;
  i32x16 steps[4], zero_points[4];
  PARE_UNROLL for (int s = 0; s < 4; ++s) {
    const index at = i + 16 * s;
    if constexpr (Stream) fetch_strip(piece.in, at, first, ahead);
    const lane_maps& here = maps.at(at);
    const f32x16 x = strip_at(piece.in, at, first);
    const f32x16 real = real_steps<typename traits::stepping, typename traits::rounding>(x, here);
    steps[s] = rounded(piece.rounding, min_or_zero(real, here.high), 0);
    zero_points[s] = here.zero_point;
  }
  const i32_reg codes = pack_steps(steps, zero_points, typename traits::range{}, typename traits::centered{});
  if constexpr (Stream) {
    stream_register(reinterpret_cast<float*>(piece.out + i), (f32_reg)codes);
  } else {
    std::memcpy(piece.out + i, &codes, sizeof codes);
  }
}

/// Elements i to end, all of one row, under one map or listed ones.
template <bool Stream, class Maps, class Piece>
PARE_ALWAYS_INLINE void run_stretch(const Piece& piece, const Maps& maps, index i, index first, index end) {
  const bool lines = begins_line(piece.out + i);
  const fetch_ahead ahead = Stream ? fetch_ahead_here() : fetch_ahead{};
  if constexpr (piece_traits<Piece>::packs)
    if (!Stream || lines)
      for (; i + 64 <= end; i += 64) store_packed<Stream>(piece, maps, i, first, ahead);
  for (; i + 16 <= end; i += 16) {
    if constexpr (Stream) fetch_strip(piece.in, i, first, ahead);
    const auto x = converted(piece, i, first, maps.at(i));
    if constexpr (Stream) {
      stream_16(piece.out + i, x, lines);
    } else {
      store_16(piece.out + i, x);
    }
  }
}

template <class Maps, bool Stream, class Piece>
inline void run_strips(const Piece& piece) {
  Piece local = piece;  // what is written cannot be one of its members
  const index whole = local.count / 16 * 16;
  for (index i = 0, first = 0, run_end; i < whole; i = run_end) {
    const Maps maps(local.maps, i);
    run_end = i + std::min(whole - i, local.maps.run - local.maps.begun);
    for (index end; i < run_end; i = end) {
      end = end_of_row(local.in, first, run_end);
      run_stretch<Stream>(local, maps, i, first, end);
      next_row(local.in, first, end);
    }
    if constexpr (!Maps::listed) ++local.maps.shared;
    local.maps.begun = 0;
  }
}

template <class Piece>
inline void run_strips(const Piece& piece) {
  if (piece.maps.shared == nullptr && piece.stream) {
    run_strips<listed_maps_of<Piece>, true>(piece);
  } else if (piece.maps.shared == nullptr) {
    run_strips<listed_maps_of<Piece>, false>(piece);
  } else if (piece.stream) {
    run_strips<shared_maps_of<Piece>, true>(piece);
  } else {
    run_strips<shared_maps_of<Piece>, false>(piece);
  }
}

/// The elements that do not fill a strip, as a strip in memory of its own.
template <class Piece>
inline void run_tail(const Piece& piece, index first) {
  using in_type = std::remove_cvref_t<decltype(*piece.in)>;
  using out_type = std::remove_cvref_t<decltype(*piece.out)>;
  alignas(64) in_type in[16] = {};
  alignas(64) out_type out[16];
  alignas(64) float scales[16] = {}, reciprocals[16] = {};
  alignas(64) std::int32_t zero_points[16] = {};
  const auto size = static_cast<int>(piece.count - first);
  Piece last = piece;
  for (int i = 0; i < size; ++i) in[i] = piece.in[first + i];
  last.in = in;
  last.position += static_cast<std::uint64_t>(first);
  last.maps.advance(first);
  if (piece.maps.shared == nullptr) {
    for (int i = 0; i < 16; ++i) {
      const index at = last.maps.begun + std::min(i, size - 1);
      scales[i] = last.maps.scales[at];
      reciprocals[i] = last.maps.reciprocals[at];
      if (last.maps.zero_points != nullptr) zero_points[i] = last.maps.zero_points[at];
    }
    last.maps = {nullptr, scales, zero_points, reciprocals};
    store_16(out, converted(last, 0, 0, listed_maps_of<Piece>(last.maps, 0).at(0)));
  } else {
    store_16(out, converted(last, 0, 0, shared_maps_of<Piece>(last.maps, 0).at(0)));
  }
  for (int i = 0; i < size; ++i) piece.out[first + i] = out[i];
}

template <class Piece>
inline void run_piece(const Piece& piece) noexcept {
  run_strips(piece);
  if constexpr (std::is_pointer_v<decltype(piece.in)>) {
    const index whole = piece.count / 16 * 16;
    if (whole < piece.count) run_tail(piece, whole);
  }
}
