// avx2_registers.inl: the 32-byte registers that both AVX2 targets share, up to the dots: a strip is two registers.

inline constexpr int registers = 16;
inline constexpr bool fuses = true;
inline constexpr int madd_scratch = 1;
inline constexpr bool cells_first = false;
inline constexpr int register_bytes = 32;
#include "registers.inl"

PARE_ALWAYS_INLINE i32_reg to_int(f32_reg x) { return (i32_reg)_mm256_cvtps_epi32((__m256)x); }
PARE_ALWAYS_INLINE void stream_16_bytes(std::byte* p, const std::byte* from) {
  _mm_stream_si128(reinterpret_cast<__m128i*>(p), _mm_load_si128(reinterpret_cast<const __m128i*>(from)));
}
PARE_ALWAYS_INLINE void stream_register(float* p, f32_reg x) { _mm256_stream_ps(p, (__m256)x); }
PARE_ALWAYS_INLINE i64_reg mul_even(i32_reg a, i32_reg b) { return (i64_reg)_mm256_mul_epi32((__m256i)a, (__m256i)b); }
PARE_ALWAYS_INLINE i32_reg join_words(i32_reg even, i32_reg odd) {
  return (i32_reg)_mm256_blend_epi32((__m256i)even, (__m256i)odd, 0xaa);
}
#include "q31_by_words.inl"

// One register of codes of 8 or 16 bits.
PARE_ALWAYS_INLINE void widen_codes(const std::int8_t* p, i32_reg& x) {
  x = (i32_reg)_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE void widen_codes(const std::uint8_t* p, i32_reg& x) {
  x = (i32_reg)_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE void widen_codes(const std::int16_t* p, i32_reg& x) {
  x = (i32_reg)_mm256_cvtepi16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE void widen_codes(const std::uint16_t* p, i32_reg& x) {
  x = (i32_reg)_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE i32_reg load_widened(const std::byte* p) {
  return (i32_reg)_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE f32_reg load_halves(const std::byte* p) {
  return (f32_reg)_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE i32_reg broadcast_4(const std::byte* p) {
  std::int32_t four;
  std::memcpy(&four, p, sizeof four);
  return (i32_reg)_mm256_set1_epi32(four);
}
PARE_ALWAYS_INLINE i32_reg broadcast_8(const std::byte* p) {
  long long eight;
  std::memcpy(&eight, p, sizeof eight);
  return (i32_reg)_mm256_set1_epi64x(eight);
}
PARE_ALWAYS_INLINE i32_reg high_bytes(i32_reg w) { return (i32_reg)_mm256_srai_epi16((__m256i)w, 8); }
PARE_ALWAYS_INLINE f32_reg fma_add(f32_reg sum, f32_reg a, f32_reg w) {
  return (f32_reg)_mm256_fmadd_ps((__m256)a, (__m256)w, (__m256)sum);
}
PARE_ALWAYS_INLINE i32_reg pairwise_sum(i32_reg a, i32_reg b) {
  return (i32_reg)_mm256_permute4x64_epi64(_mm256_hadd_epi32((__m256i)a, (__m256i)b), 0xd8);
}

#include "lanes.inl"

PARE_ALWAYS_INLINE void store_codes(std::int16_t* p, const i32x16& x) {
  const __m256i halves = _mm256_packs_epi32((__m256i)x.r[0], (__m256i)x.r[1]);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_permute4x64_epi64(halves, 0xd8));
}
PARE_ALWAYS_INLINE void store_codes(std::uint8_t* p, const i32x16& x) {
  const __m256i halves = _mm256_packus_epi32((__m256i)(x.r[0] & 0xff), (__m256i)(x.r[1] & 0xff));
  const __m256i ordered = _mm256_permute4x64_epi64(halves, 0xd8);
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bytes);
}
PARE_ALWAYS_INLINE void store_codes(std::int8_t* p, const i32x16& x) {
  store_codes(reinterpret_cast<std::uint8_t*>(p), x);
}

/// Two strips in two registers of halves, as packs leave them, as bytes in their order, saturated to T.
template <class T>
PARE_ALWAYS_INLINE __m256i pack_halves(__m256i first, __m256i second, T) {
  const __m256i codes = std::is_signed_v<T> ? _mm256_packs_epi16(first, second) : _mm256_packus_epi16(first, second);
  return _mm256_permutevar8x32_epi32(codes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
PARE_ALWAYS_INLINE __m256i pack_strip(const i32x16& x) { return _mm256_packs_epi32((__m256i)x.r[0], (__m256i)x.r[1]); }

/// Two strips of whole steps from the zero point as codes of T from min to max. Pre: these are codes of T.
template <class T>
requires(sizeof(T) == 1) PARE_ALWAYS_INLINE i32_reg
    pack_clamped(const i32x16 (&steps)[2], std::int32_t zero_point, std::int32_t min, std::int32_t max, T) {
  const __m256i zero = _mm256_set1_epi16(static_cast<short>(zero_point));
  const __m256i least = _mm256_set1_epi8(static_cast<char>(min)), most = _mm256_set1_epi8(static_cast<char>(max));
  const __m256i codes =
      pack_halves(_mm256_adds_epi16(pack_strip(steps[0]), zero), _mm256_adds_epi16(pack_strip(steps[1]), zero), T{});
  if constexpr (std::is_signed_v<T>) {
    return (i32_reg)_mm256_min_epi8(_mm256_max_epi8(codes, least), most);
  } else {
    return (i32_reg)_mm256_min_epu8(_mm256_max_epu8(codes, least), most);
  }
}
/// Two strips of codes.
template <class T>
PARE_ALWAYS_INLINE i32_reg pack_codes(const i32x16 (&x)[2], T) {
  return (i32_reg)pack_halves(pack_strip(x[0]), pack_strip(x[1]), T{});
}
/// Two strips of packed codes, side by side if V is 2, or one in each of two rows.
template <int V, class T>
PARE_ALWAYS_INLINE void store_packed_codes(T* p, index stride, i32_reg packed) {
  if constexpr (V == 2) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), (__m256i)packed);
  } else {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128((__m256i)packed));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p + stride), _mm256_extracti128_si256((__m256i)packed, 1));
  }
}

PARE_ALWAYS_INLINE i32_reg broadcast_16(const std::byte* p) {
  return (i32_reg)_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
PARE_ALWAYS_INLINE i32_reg low_places(i32_reg places) { return places; }  // the shuffle reads their low 4 bits
PARE_ALWAYS_INLINE i32_reg table_places(i32_reg places, int t) {
  const __m256i less = _mm256_sub_epi8((__m256i)places, _mm256_set1_epi8(static_cast<char>(16 * t)));
  return (i32_reg)_mm256_adds_epu8(less, _mm256_set1_epi8(0x70));  // the top bit is set for all but 0 to 15
}
PARE_ALWAYS_INLINE i32_reg pick_bytes(i32_reg table, i32_reg places) {
  return (i32_reg)_mm256_shuffle_epi8((__m256i)table, (__m256i)places);
}
