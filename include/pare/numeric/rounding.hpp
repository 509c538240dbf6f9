// rounding.hpp: how a real number becomes a whole one, as a type.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>

namespace pare {

/// A rounding maps x to a whole number of the same type, within 1 of x; whole numbers, infinities and not-a-numbers to
/// themselves. `position` is the element's linear index, for roundings that depend on it.
template <class R>
concept Rounding = requires(const R& rounding, float x, double y, std::uint64_t position) {
  { rounding(x, position) } -> std::same_as<float>;
  { rounding(y, position) } -> std::same_as<double>;
};

/// To nearest, ties to even (ONNX, XNNPACK). Zero results may lose their sign.
/// Pre, for this and the roundings below: IEEE arithmetic to nearest, so no -ffast-math.
struct half_even {
  template <std::floating_point F>
  constexpr F operator()(F x, std::uint64_t = 0) const noexcept {
    // Numbers of at least 2^(digits - 1) are whole; adding that much to a smaller one makes the addition round it.
    constexpr F whole = 1 / std::numeric_limits<F>::epsilon();
    if (!(x > -whole && x < whole)) return x;
    return x < 0 ? (x - whole) + whole : (x + whole) - whole;
  }
};

/// To the whole number next to x on the side of zero.
struct toward_zero {
  template <std::floating_point F>
  constexpr F operator()(F x, std::uint64_t = 0) const noexcept {
    const F nearest = half_even{}(x);
    if (x < 0) return nearest < x ? nearest + 1 : nearest;
    return nearest > x ? nearest - 1 : nearest;
  }
};

/// To the whole number next to x that is not greater.
struct downward {
  template <std::floating_point F>
  constexpr F operator()(F x, std::uint64_t = 0) const noexcept {
    const F nearest = half_even{}(x);
    return nearest > x ? nearest - 1 : nearest;
  }
};

/// To the whole number next to x that is not less.
struct upward {
  template <std::floating_point F>
  constexpr F operator()(F x, std::uint64_t = 0) const noexcept {
    const F nearest = half_even{}(x);
    return nearest < x ? nearest + 1 : nearest;
  }
};

/// To nearest, ties away from zero (TFLite, std::round).
struct half_away {
  template <std::floating_point F>
  constexpr F operator()(F x, std::uint64_t = 0) const noexcept {
    const F part = toward_zero{}(x);
    const F rest = x - part;  // exact
    if (rest >= F(0.5)) return part + 1;
    return rest <= F(-0.5) ? part - 1 : part;
  }
};

/// Up with probability x - floor(x), else down: right on average. The draw depends on the seed and the position alone
/// (splitmix64, Steele, Lea and Flood 2014), so it is the same on every target and in every order of evaluation.
struct stochastic {
  std::uint64_t seed = 0;

  template <std::floating_point F>
  constexpr F operator()(F x, std::uint64_t position = 0) const noexcept {
    const F below = downward{}(x);
    return static_cast<F>(draw(position)) < x - below ? below + 1 : below;
  }

  /// Uniform in [0, 1), a multiple of 2^-24: exact in every F.
  constexpr float draw(std::uint64_t position) const noexcept {
    std::uint64_t z = seed + (position + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return static_cast<float>(z >> 40) * 0x1p-24f;
  }
};

}  // namespace pare
