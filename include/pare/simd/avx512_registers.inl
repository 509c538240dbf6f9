// avx512_registers.inl: the 64-byte registers that the AVX-512 targets share, up to the dots: a strip is one register.

inline constexpr int registers = 32;
inline constexpr bool fuses = true;  // fma_add rounds once
inline constexpr int madd_scratch = 1;
inline constexpr bool cells_first = false;
inline constexpr int register_bytes = 64;
#include "registers.inl"

// gcc 12 warns of the undefined value behind some unmasked forms; a full mask generates the same instruction.
PARE_ALWAYS_INLINE i32_reg to_int(f32_reg x) { return (i32_reg)_mm512_maskz_cvtps_epi32(0xffff, (__m512)x); }
PARE_ALWAYS_INLINE void stream_16_bytes(std::byte* p, const std::byte* from) {
  _mm_stream_si128(reinterpret_cast<__m128i*>(p), _mm_load_si128(reinterpret_cast<const __m128i*>(from)));
}
PARE_ALWAYS_INLINE void stream_register(float* p, f32_reg x) { _mm512_stream_ps(p, (__m512)x); }
PARE_ALWAYS_INLINE i64_reg mul_even(i32_reg a, i32_reg b) {
  return (i64_reg)_mm512_maskz_mul_epi32(0xff, (__m512i)a, (__m512i)b);
}
PARE_ALWAYS_INLINE i32_reg join_words(i32_reg even, i32_reg odd) {
  return (i32_reg)_mm512_mask_blend_epi32(0xaaaa, (__m512i)even, (__m512i)odd);
}
#include "q31_by_words.inl"

// One register of codes of 8 or 16 bits.
PARE_ALWAYS_INLINE void widen_codes(const std::int8_t* p, i32_reg& x) {
  x = (i32_reg)_mm512_maskz_cvtepi8_epi32(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE void widen_codes(const std::uint8_t* p, i32_reg& x) {
  x = (i32_reg)_mm512_maskz_cvtepu8_epi32(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE void widen_codes(const std::int16_t* p, i32_reg& x) {
  x = (i32_reg)_mm512_maskz_cvtepi16_epi32(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
PARE_ALWAYS_INLINE void widen_codes(const std::uint16_t* p, i32_reg& x) {
  x = (i32_reg)_mm512_maskz_cvtepu16_epi32(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
PARE_ALWAYS_INLINE i32_reg load_widened(const std::byte* p) {
  return (i32_reg)_mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
PARE_ALWAYS_INLINE f32_reg load_halves(const std::byte* p) {
  return (f32_reg)_mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
PARE_ALWAYS_INLINE i32_reg broadcast_4(const std::byte* p) {
  std::int32_t four;
  std::memcpy(&four, p, sizeof four);
  return (i32_reg)_mm512_set1_epi32(four);
}
PARE_ALWAYS_INLINE i32_reg broadcast_8(const std::byte* p) {
  std::int64_t eight;
  std::memcpy(&eight, p, sizeof eight);
  return (i32_reg)_mm512_set1_epi64(eight);
}
PARE_ALWAYS_INLINE i32_reg high_bytes(i32_reg w) { return (i32_reg)_mm512_srai_epi16((__m512i)w, 8); }
PARE_ALWAYS_INLINE f32_reg fma_add(f32_reg sum, f32_reg a, f32_reg w) {
  return (f32_reg)_mm512_fmadd_ps((__m512)a, (__m512)w, (__m512)sum);
}
PARE_ALWAYS_INLINE i32_reg pairwise_sum(i32_reg a, i32_reg b) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_or_si512(even, _mm512_set1_epi32(1));
  return (i32_reg)_mm512_add_epi32(_mm512_permutex2var_epi32((__m512i)a, even, (__m512i)b),
                                   _mm512_permutex2var_epi32((__m512i)a, odd, (__m512i)b));
}

#include "lanes.inl"

PARE_ALWAYS_INLINE void store_codes(std::int8_t* p, const i32x16& x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)x.r[0]));
}
PARE_ALWAYS_INLINE void store_codes(std::uint8_t* p, const i32x16& x) {
  store_codes(reinterpret_cast<std::int8_t*>(p), x);
}
PARE_ALWAYS_INLINE void store_codes(std::int16_t* p, const i32x16& x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_maskz_cvtepi32_epi16(0xffff, (__m512i)x.r[0]));
}

/// The first part of a register; gcc 12 warns of an undefined value behind the intrinsics for it.
PARE_ALWAYS_INLINE __m128i first_128(i64_reg x) { return (__m128i)__builtin_shufflevector(x, x, 0, 1); }
PARE_ALWAYS_INLINE __m256i first_256(i64_reg x) { return (__m256i)__builtin_shufflevector(x, x, 0, 1, 2, 3); }

/// Four strips in two registers of halves, as packs leave them, as bytes in their order, saturated to T.
template <class T>
requires(sizeof(T) == 1) PARE_ALWAYS_INLINE __m512i pack_halves(__m512i low, __m512i high, T) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i codes = std::is_signed_v<T> ? _mm512_packs_epi16(low, high) : _mm512_packus_epi16(low, high);
  return _mm512_maskz_permutexvar_epi32(0xffff, order, codes);
}
PARE_ALWAYS_INLINE __m512i pack_two(const i32x16& a, const i32x16& b) {
  return _mm512_packs_epi32((__m512i)a.r[0], (__m512i)b.r[0]);
}

/// Four strips of whole steps from the zero points as codes of R, of one byte. Pre: the codes are at most R::max;
/// smaller ones than R::min are that.
template <class R, bool Centered>
requires(sizeof(typename R::type) == 1) PARE_ALWAYS_INLINE i32_reg
    pack_steps(const i32x16 (&steps)[4], const i32x16 (&zero_points)[4], R, std::bool_constant<Centered>) {
  using code = typename R::type;
  const auto half = [&](int i) {
    const __m512i two = pack_two(steps[i], steps[i + 1]);
    return Centered ? two : _mm512_adds_epi16(two, pack_two(zero_points[i], zero_points[i + 1]));
  };
  const __m512i codes = pack_halves(half(0), half(2), code{}), least = _mm512_set1_epi8(static_cast<char>(R::min));
  if constexpr (R::min == std::numeric_limits<code>::min()) return (i32_reg)codes;
  return (i32_reg)(std::is_signed_v<code> ? _mm512_max_epi8(codes, least) : _mm512_max_epu8(codes, least));
}

/// Four strips of whole steps from the zero point as codes of T from min to max. Pre: these are codes of T.
template <class T>
requires(sizeof(T) == 1) PARE_ALWAYS_INLINE i32_reg
    pack_clamped(const i32x16 (&steps)[4], std::int32_t zero_point, std::int32_t min, std::int32_t max, T) {
  const __m512i zero = _mm512_set1_epi16(static_cast<short>(zero_point));
  const __m512i least = _mm512_set1_epi8(static_cast<char>(min)), most = _mm512_set1_epi8(static_cast<char>(max));
  const __m512i codes = pack_halves(_mm512_adds_epi16(pack_two(steps[0], steps[1]), zero),
                                    _mm512_adds_epi16(pack_two(steps[2], steps[3]), zero), T{});
  if constexpr (std::is_signed_v<T>) {
    return (i32_reg)_mm512_min_epi8(_mm512_max_epi8(codes, least), most);
  } else {
    return (i32_reg)_mm512_min_epu8(_mm512_max_epu8(codes, least), most);
  }
}
/// Four strips of codes.
template <class T>
PARE_ALWAYS_INLINE i32_reg pack_codes(const i32x16 (&x)[4], T) {
  return (i32_reg)pack_halves(pack_two(x[0], x[1]), pack_two(x[2], x[3]), T{});
}

/// Four strips of packed codes, V side by side in each of 4 / V rows, of which the first Rows are stored.
template <int V, int Rows = 4 / V, class T>
PARE_ALWAYS_INLINE void store_packed_codes(T* p, index stride, i32_reg packed) {
  const auto codes = (__m512i)packed;
  if constexpr (V == 4) {
    _mm512_storeu_si512(p, codes);
  } else if constexpr (V == 2) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), first_256((i64_reg)codes));
    if constexpr (Rows == 2)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + stride), _mm512_maskz_extracti64x4_epi64(0xf, codes, 1));
  } else {
    const auto store = [](T* to, __m128i part) { _mm_storeu_si128(reinterpret_cast<__m128i*>(to), part); };
    store(p, first_128((i64_reg)codes));
    if constexpr (Rows > 1) store(p + stride, _mm512_maskz_extracti32x4_epi32(0xf, codes, 1));
    if constexpr (Rows > 2) store(p + 2 * stride, _mm512_maskz_extracti32x4_epi32(0xf, codes, 2));
    if constexpr (Rows > 3) store(p + 3 * stride, _mm512_maskz_extracti32x4_epi32(0xf, codes, 3));
  }
}

/// 16 bytes each of four rows as cells of one byte of each, with the top bits flipped.
template <bool Flip>
PARE_ALWAYS_INLINE void store_quads(std::byte* to, const std::byte* const (&from)[4]) {
  const auto load = [](const std::byte* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); };
  __m512i x = _mm512_castsi128_si512(load(from[0]));
  x = _mm512_mask_broadcast_i32x4(x, 0x00f0, load(from[1]));
  x = _mm512_mask_broadcast_i32x4(x, 0x0f00, load(from[2]));
  x = _mm512_mask_broadcast_i32x4(x, 0xf000, load(from[3]));
  if constexpr (Flip) x = _mm512_xor_si512(x, _mm512_set1_epi8(-128));
  const __m512i lanes = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const __m512i bytes = _mm512_set4_epi32(0x0f0b0703, 0x0e0a0602, 0x0d090501, 0x0c080400);
  _mm512_storeu_si512(to, _mm512_shuffle_epi8(_mm512_maskz_permutexvar_epi32(0xffff, lanes, x), bytes));
}

/// 64 bytes of a row, or 32 of it and 32 of the second row below it.
template <int Bands>
PARE_ALWAYS_INLINE __m512i bands_of_64(const std::byte* const* row) {
  if constexpr (Bands == 1) {
    return _mm512_loadu_si512(row[0]);
  } else {
    const __m256i upper = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row[0]));
    const __m256i lower = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row[2]));
    return _mm512_maskz_inserti64x4(0xff, _mm512_castsi256_si512(upper), lower, 1);
  }
}
/// bands_of_64 of four rows each, so, or of three, and the fourth is any. Words are permuted such that bytes, which are
/// interleaved within lanes, end in order.
template <bool Flip, int Bands = 1, std::size_t Rows>
PARE_ALWAYS_INLINE void quads_of_64(const std::byte* const (&from)[Rows], i32_reg (&quads)[4]) {
  constexpr std::size_t taps = Bands == 1 ? Rows : Rows - 2;
  const __m512i words = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  __m512i x[4];
  PARE_UNROLL for (std::size_t t = 0; t < taps; ++t) {
    x[t] = _mm512_maskz_permutexvar_epi32(0xffff, words, bands_of_64<Bands>(from + t));
    if constexpr (Flip) x[t] = _mm512_xor_si512(x[t], _mm512_set1_epi8(-128));
  }
  if constexpr (taps == 3) x[3] = x[2];
  const __m512i low = _mm512_unpacklo_epi8(x[0], x[1]), low2 = _mm512_unpacklo_epi8(x[2], x[3]);
  const __m512i high = _mm512_unpackhi_epi8(x[0], x[1]), high2 = _mm512_unpackhi_epi8(x[2], x[3]);
  quads[0] = (i32_reg)_mm512_unpacklo_epi16(low, low2);
  quads[1] = (i32_reg)_mm512_unpackhi_epi16(low, low2);
  quads[2] = (i32_reg)_mm512_unpacklo_epi16(high, high2);
  quads[3] = (i32_reg)_mm512_unpackhi_epi16(high, high2);
}

/// 16 cells of the signed codes of four channels: rounded to even, plus the zero point, clamped. The packs saturate, so
/// that all but what is too large for int32 is dealt with for four channels at once. Map: output_map. Small: nothing is
/// too large. Pre: no lane is not-a-number.
template <bool Small, class Map>
PARE_ALWAYS_INLINE i32x16 join_rounded(const f32x16 (&x)[4], const Map& o, const std::int8_t*) {
  const auto large = _mm512_set1_ps(32767.f);
  __m512i rounded[4];
  PARE_UNROLL for (int i = 0; i < 4; ++i) {
    const auto real = (__m512)x[i].r[0];
    rounded[i] = _mm512_maskz_cvtps_epi32(0xffff, Small ? real : _mm512_maskz_min_ps(0xffff, real, large));
  }
  const __m512i zero_point = _mm512_set1_epi16(static_cast<short>(o.zero_point));
  const __m512i low = _mm512_adds_epi16(_mm512_packs_epi32(rounded[0], rounded[1]), zero_point);
  const __m512i upper = _mm512_adds_epi16(_mm512_packs_epi32(rounded[2], rounded[3]), zero_point);
  const __m512i least = _mm512_set1_epi8(static_cast<char>(o.min)), most = _mm512_set1_epi8(static_cast<char>(o.max));
  const __m512i codes = _mm512_min_epi8(_mm512_max_epi8(_mm512_packs_epi16(low, upper), least), most);
  const __m512i order = _mm512_set4_epi32(0x0f0b0703, 0x0e0a0602, 0x0d090501, 0x0c080400);
  return {{(i32_reg)_mm512_shuffle_epi8(codes, order)}};
}

PARE_ALWAYS_INLINE i32_reg broadcast_16(const std::byte* p) {
  return (i32_reg)_mm512_maskz_broadcast_i32x4(0xffff, _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
/// Bytes [4 * I, 4 * I + 4) of each 16 in all of them.
template <int I>
PARE_ALWAYS_INLINE i32_reg spread_4(i32_reg x, std::integral_constant<int, I>) {
  return (i32_reg)_mm512_maskz_shuffle_epi32(0xffff, (__m512i)x, static_cast<_MM_PERM_ENUM>(I * 0x55));
}
PARE_ALWAYS_INLINE i32_reg pick_halves_of_line(i32_reg line, i32_reg places) {
  return (i32_reg)_mm512_permutexvar_epi16((__m512i)places, (__m512i)line);
}
PARE_ALWAYS_INLINE i32_reg low_places(i32_reg places) { return places; }  // the shuffle reads their low 4 bits
PARE_ALWAYS_INLINE i32_reg table_places(i32_reg places, int t) {
  const __m512i less = _mm512_sub_epi8((__m512i)places, _mm512_set1_epi8(static_cast<char>(16 * t)));
  return (i32_reg)_mm512_adds_epu8(less, _mm512_set1_epi8(0x70));  // the top bit is set for all but 0 to 15
}
PARE_ALWAYS_INLINE i32_reg pick_bytes(i32_reg table, i32_reg places) {
  return (i32_reg)_mm512_shuffle_epi8((__m512i)table, (__m512i)places);
}
