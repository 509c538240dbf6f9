// neon_windows.inl: windows of halves whose places all lanes share, multiplied by lane. Included in both NEON targets'
// namespaces after windows.inl.

/// int16 x int8: the four halves of a row in the order of the weights.
struct picked_by_lane : dot_widened_by_lane {
  static constexpr bool halves = true;
  static constexpr int cells = 1;
  template <int Part>
  static constexpr int cell_of = 0;
  static PARE_ALWAYS_INLINE cell as_cell(i32_reg x) { return (cell)x; }
  template <int Part>
  static PARE_ALWAYS_INLINE i32_reg broadcast_places(const std::byte* places) {
    return (i32_reg)vmovl_s8(vget_low_s8((int8x16_t)broadcast_4(places)));
  }
};
template <class A, class W, int Depth>
requires(sizeof(typename A::type) == 2 &&
         sizeof(typename W::type) == 1) struct choose_windows<A, W, Depth, true, false> {
  using type = dot_picked<picked_by_lane, Depth>;
};
