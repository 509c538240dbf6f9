// table.hpp: functions of 8-bit codes as tables of 256 entries: activations, rescaling, u8 to s8.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/standard.hpp"
#include "../numeric/elementwise.hpp"
#include "../numeric/functions.hpp"

namespace pare {

/// The codes of Out for all codes of In, both integers; In has 8 bits.
template <std::integral In, std::integral Out = In>
requires(sizeof(In) == 1)  //
    class table {
 public:
  table() = default;
  /// entry(x) for every code x.
  template <std::invocable<std::int32_t> F>
  explicit table(const F& entry) {
    for (int i = 0; i < 256; ++i) {
      const auto code = static_cast<In>(static_cast<std::uint8_t>(i));
      entries_[static_cast<std::size_t>(i)] = static_cast<Out>(entry(std::int32_t{code}));
    }
  }
  constexpr Out operator()(In code) const noexcept { return entries_[static_cast<std::uint8_t>(code)]; }
  static constexpr std::size_t bytes() noexcept { return sizeof(entries_); }

 private:
  std::array<Out, 256> entries_{};
};

inline namespace PARE_UNIT {

/// f on the reals behind the codes: codes of In under x to codes of R under y, clamped to `output`'s interval. Rounds
/// half away after a product with 1 / y.scale, as TFLite fills its tables (LUTPopulate); not-a-number gives the zero
/// point. Fails on a map that is not valid.
template <IntegerRange In, IntegerRange R = In, std::invocable<float> F>
table<typename In::type, typename R::type> table_of(const F& f, const affine_map& x, const affine_map& y,
                                                    const output_map& output) {
  expect_valid<In>("x", x), expect_valid<R>("y", y);
  const float per_scale = 1 / y.scale;
  return table<typename In::type, typename R::type>([&](std::int32_t code) {
    const float real = half_away{}(f(dequantize_value(code, x)) * per_scale);
    const auto low = static_cast<float>(output.min - y.zero_point),
               high = static_cast<float>(output.max - y.zero_point);
    return real != real ? y.zero_point : static_cast<std::int32_t>(clamped(real, low, high)) + y.zero_point;
  });
}

/// y[i] = table(x[i]). y may be x. Fails if the sizes differ.
template <class X, std::integral Out>
void lookup(const table<std::remove_const_t<X>, Out>& entries, std::span<X> x, std::span<Out> y) {
  expect_equal("y", static_cast<index>(x.size()), static_cast<index>(y.size()));
  const table<std::remove_const_t<X>, Out> local = entries;  // y may alias the table
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = local(x[i]);
}

}  // namespace PARE_UNIT
}  // namespace pare
