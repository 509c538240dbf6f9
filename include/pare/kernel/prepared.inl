// prepared.inl: stages whose terms are prepared once for many tiles. Included by store.inl.

/// Prepares the terms of some panels. Out of line, so that they are read from memory: tiles leave no registers.
template <class Policy, class Prepared>
__attribute__((noinline)) void prepare_panels(const requantize_stage<Policy>& s, index column, int panels,
                                              Prepared* to) {
  for (; panels > 0; --panels, column += strip_lanes) *to++ = prepared_terms(s, place{0, column, 0, 16});
}

/// A requantization of V panels from `column` on.
template <class Policy, int V>
struct prepared_stage {
  index column;
  output_map output;
  decltype(prepared(Policy{}, {i32x16{}})) panels[V];

  PARE_ALWAYS_INLINE prepared_stage(const requantize_stage<Policy>& s, index at) : column(at), output(s.output) {
    prepare_panels(s, at, V, panels);
  }
};
template <class Policy, int V, class X>
PARE_ALWAYS_INLINE auto unclamped(const prepared_stage<Policy, V>& s, const X& x, const place& at) {
  return scaled(x, s.panels[(at.column - s.column) / strip_lanes]);
}
template <class Policy, int V, class X>
PARE_ALWAYS_INLINE i32x16 apply(const prepared_stage<Policy, V>& s, const X& x, const place& at) {
  return to_codes(unclamped(s, x, at), s.output);
}

template <int V, class Policy>
inline constexpr bool prepares = V > 0 && Policy::terms == 2;

/// The stages of many tiles of V panels from `column` on: a copy that no store aliases, prepared where that saves
/// instructions: products of few cells take 0.83 to 0.95 of the time if 64-bit products requantize them.
/// V is 0 where it does not pay.
template <int V, class Stages>
PARE_ALWAYS_INLINE Stages stages_for(const Stages& stages, index) {
  return stages;
}
template <int V, class Policy>
requires prepares<V, Policy> PARE_ALWAYS_INLINE prepared_stage<Policy, V> stages_for(
    const requantize_stage<Policy>& stage, index column) {
  return {stage, column};
}

/// Stages that no store aliases: a copy, or a reference to what nobody else knows.
template <class Epilogue>
PARE_ALWAYS_INLINE Epilogue not_aliased(const Epilogue& stages) {
  return stages;
}
template <class Policy, int V>
PARE_ALWAYS_INLINE const prepared_stage<Policy, V>& not_aliased(const prepared_stage<Policy, V>& stages) {
  return stages;
}
