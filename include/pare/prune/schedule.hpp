// schedule.hpp: how sparsity grows over the steps of a training.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <numbers>

#include "../core/error.hpp"

namespace pare {

/// Schedule: `schedule(sparsity, step)` is the sparsity to have at a step on the way to the final one.
template <class S>
concept Schedule = std::copyable<S> && requires(const S& schedule, double sparsity, index step) {
  { schedule(sparsity, step) } -> std::convertible_to<double>;
};

/// All of it at once.
struct one_shot {
  constexpr double operator()(double sparsity, index) const noexcept { return sparsity; }
};

/// Curve: `curve(from, to, time)` is the sparsity on the way, `from` at time 0, `to` at time 1.
template <class C>
concept Curve = std::copyable<C> && requires(const C& curve, double number) {
  { curve(number, number, number) } -> std::convertible_to<double>;
};

/// From `initial` at step `begin` along a curve to the final sparsity at step `end`; it moves every `frequency` steps
/// and stays in between. `initial` before `begin`, the final sparsity from `end` on. The default ends at the first
/// step, so that a schedule without steps prunes at once.
template <Curve C>
struct gradual {
  index begin = 0, end = 0, frequency = 1;
  double initial = 0;
  [[no_unique_address]] C curve{};

  /// Fails if frequency < 1, end < begin or initial is not in [0, 1).
  double operator()(double sparsity, index step) const {
    if (frequency < 1) fail("schedule.frequency", "at least 1", frequency);
    if (end < begin) fail("schedule.end", text("at least begin, ", begin), end);
    if (!(initial >= 0 && initial < 1)) fail("schedule.initial", "a sparsity in [0, 1)", initial);
    if (step >= end) return sparsity;
    if (step <= begin) return std::min(initial, sparsity);
    const index moved = (step - begin) / frequency * frequency;
    const double time = static_cast<double>(moved) / static_cast<double>(end - begin);
    return curve(std::min(initial, sparsity), sparsity, time);
  }
};

/// to + (from - to) (1 - time)^exponent: quick at first, while there is much to prune (Zhu and Gupta 2017).
struct polynomial_curve {
  double exponent = 3;
  double operator()(double from, double to, double time) const noexcept {
    return to + (from - to) * std::pow(1 - time, exponent);
  }
};

/// The same number of weights goes at each step.
struct straight_line {
  constexpr double operator()(double from, double to, double time) const noexcept { return from + (to - from) * time; }
};

/// The same share of the weights that are left goes at each step (iterative pruning, Han et al. 2015, Frankle and
/// Carbin 2019). Pre: to < 1.
struct geometric_decay {
  double operator()(double from, double to, double time) const noexcept {
    return 1 - (1 - from) * std::pow((1 - to) / (1 - from), time);
  }
};

/// Slow, fast, slow: half a period of a cosine (after the learning rates of Loshchilov and Hutter 2017).
struct half_cosine {
  double operator()(double from, double to, double time) const noexcept {
    return from + (to - from) * (1 - std::cos(std::numbers::pi * time)) / 2;
  }
};

using linear_schedule = gradual<straight_line>;
using polynomial = gradual<polynomial_curve>;
using exponential = gradual<geometric_decay>;
using cosine = gradual<half_cosine>;

}  // namespace pare
