// halves.inl: half precision to float without an instruction for it. Included in a target's namespace after lanes.inl.

/// As many halves (numeric/half.hpp) as a register has floats, exactly. A magnitude is a float's with another bias:
/// 112 less, or 224 where all bits of the exponent are set. Subnormals are what a normal number with their fraction
/// exceeds 2^-14 by.
PARE_ALWAYS_INLINE f32_reg load_halves(const std::byte* p) {
  i32_reg halves;
  load_widened(reinterpret_cast<const std::uint16_t*>(p), halves);
  const i32_reg magnitude = (halves & 0x7fff) << 13;
  const auto small = (i32_reg)((f32_reg)(magnitude + (113 << 23)) - 0x1p-14f);
  const i32_reg usual = magnitude + (112 << 23), special = magnitude + (224 << 23);
  const i32_reg chosen = magnitude < (1 << 23) ? small : magnitude < (31 << 23) ? usual : special;
  return (f32_reg)(chosen | (halves & 0x8000) << 16);
}
