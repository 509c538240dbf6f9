// rows.inl: the bodies of rows.hpp. Included in every target's namespace.

/// The sum of `count` bytes, modulo 2^32: a register at a time where the target has any, then one by one.
template <class T>
PARE_ALWAYS_INLINE std::uint32_t sum_of_bytes(const T* x, index count) {
  std::uint32_t total = 0;
  if constexpr (sizeof(i32_reg) > 4) {
    using byte = std::conditional_t<sizeof(T) == 1, std::byte, void>;  // dependent: scalar has no load_widened
    constexpr index step = index{sizeof(i32_reg)} / 2;
    i32_reg sum{};
    for (; count >= step; count -= step, x += step) {
      auto halves = load_widened(reinterpret_cast<const byte*>(x));
      if constexpr (std::is_unsigned_v<T>) halves &= 0x00ff00ff;
      sum = madd_add(sum, halves, i32_reg{} + 0x00010001);
    }
    std::int32_t lanes[sizeof(i32_reg) / 4];
    std::memcpy(lanes, &sum, sizeof sum);
    for (const std::int32_t lane : lanes) total += static_cast<std::uint32_t>(lane);
  }
  for (; count > 0; --count, ++x) total += static_cast<std::uint32_t>(*x);
  return total;
}

template <class T>
void sum_rows(const matrix_view<const T>& x, std::int32_t* sums) noexcept {
  for (index i = 0; i < x.rows; ++i) sums[i] = static_cast<std::int32_t>(sum_of_bytes(x.row(i), x.columns));
}
