// cells_copies.inl: products over copies of strips, for dots that would change each of them for a single product.
// Included by cells.inl.

/// A call whose strips were copied as its dot wants them.
template <class Call>
struct copied_cells : Call {};
template <class Call>
struct cells_traits<copied_cells<Call>> : cells_traits<Call> {
  struct choice : cells_traits<Call>::choice {
    using type = exchanged<typename cells_traits<Call>::choice::rows_dot::copied>;
  };
  using dot = typename choice::type;
  static constexpr bool in_fours = i32_regs == 1 && registers > 16;
};

/// Whether a call may be one. The strips of a convolution overlap.
template <class Call>
inline constexpr bool copies_strips = Call::structure::rows == 1 && !requires(const Call& call) {
  call.places;
}
&&CopiedDot<typename cells_traits<Call>::choice::rows_dot>;

/// All channels of pixels [begin, end) over copies of their strips, if these fit and enough blocks read each of them;
/// false elsewhere.
template <class Call, int V>
__attribute__((noinline)) bool copied_channels(const Call& call, index begin, index end) {
  using copy = typename cells_traits<Call>::choice::rows_dot::copied;
  constexpr index room = 64 * 1024, least_blocks = 20;
  const index planes = ceil_div(call.k, cell_bytes), plane_bytes = (end - begin) * cell_bytes;
  const std::uint32_t* const first = call.weights.first;
  const index blocks = first[call.part.column_end] - first[call.part.column_begin];
  if (planes * plane_bytes > room || blocks < least_blocks * planes) return false;
  alignas(strip_bytes) std::byte copies[room];
  const auto* from = reinterpret_cast<const std::byte*>(call.a) + begin * cell_bytes;
  for (index p = 0; p < planes; ++p) {
    const std::byte* const next = p + 1 < planes ? from + call.a_plane : from;
    for (index at = 0; at < plane_bytes; at += register_bytes) {
      __builtin_prefetch(next + at);  // planes lie apart, a few lines of each are read
      copy::copy(copies + p * plane_bytes + at, from + at, register_bytes);
    }
    from = next;
  }
  copied_cells<Call> copied{call};
  copied.a = reinterpret_cast<const typename Call::activations::type*>(copies) - begin * cell_bytes;
  copied.a_plane = plane_bytes;
  cells_channels<copied_cells<Call>, V>(copied, begin, end);
  return true;
}
