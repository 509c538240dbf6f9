// executor.hpp: who runs the parts of a call: the caller's thread, several threads, or the caller's own scheduler.
#pragma once

#include <concepts>

#include "../core/index.hpp"
#include "../core/standard.hpp"

namespace pare {

/// bulk(n, f) calls f(0) ... f(n - 1), once each, in any order, on any threads, and returns when all have returned;
/// concurrency() is how many of them can make progress at the same time. f does not throw.
template <class E>
concept Executor = requires(const E& e, index n, void (*f)(index)) {
  e.bulk(n, f);
  { e.concurrency() } -> std::convertible_to<index>;
};

/// Runs everything on the calling thread.
struct sequential {
  static constexpr index concurrency() noexcept { return 1; }
  template <class F>
  static void bulk(index n, F&& f) noexcept(noexcept(f(n))) {
    for (index i = 0; i < n; ++i) f(i);
  }
};

/// The caller's own function: run(n, f) does what bulk(n, f) promises, on `count` threads. For schedulers that an
/// engine has already: `executor_of{4, [&](index n, const auto& f) { engine.parallel_for(n, f); }}`.
template <class F>
struct executor_of {
  index count;
  F run;
  index concurrency() const noexcept { return count; }
  template <class Part>
  void bulk(index n, const Part& f) const {
    run(n, f);
  }
};
template <class F>
executor_of(index, F) -> executor_of<F>;

static_assert(Executor<sequential>);

namespace detail {
/// Cuts `extent` into `parts` pieces that start at multiples of `grain`: the begin of piece `part`.
constexpr index piece(index extent, index grain, index parts, index part) noexcept {
  const index grains = ceil_div(extent, grain);
  return smaller(extent, grains * part / parts * grain);
}
}  // namespace detail

}  // namespace pare
