// row_stages.inl: the bodies of row_stages.hpp. Included in every target's namespace, after epilogue.inl.

PARE_ALWAYS_INLINE i32x16 apply(const row_terms_stage& s, const i32x16& x, const place& at) {
  return x + fill<i32x16>(s.values[at.row - s.first]);
}
PARE_ALWAYS_INLINE i32x16 apply(const row_zero_points_stage<std::int32_t>& s, const i32x16& x, const place& at) {
  return x - fill<i32x16>(s.zero_points[at.row - s.first]) * load_lanes<i32x16>(s.sums + at.column);
}
PARE_ALWAYS_INLINE f32x16 apply(const row_zero_points_stage<float>& s, const f32x16& x, const place& at) {
  const auto zero_point = static_cast<float>(-s.zero_points[at.row - s.first]);
  return x + fill<f32x16>(zero_point) * load_lanes<f32x16>(s.sums + at.column);
}
PARE_ALWAYS_INLINE f32x16 apply(const row_scales_stage& s, const f32x16& x, const place& at) {
  return x * fill<f32x16>(s.scales[at.row - s.first]);
}
