// executor.hpp: who runs the parts of a call: the caller's thread, several threads, or the caller's own scheduler.
#pragma once

#include <algorithm>
#include <concepts>
#include <thread>
#include <vector>

#include "../core/index.hpp"

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
  static void bulk(index n, F&& f) {
    for (index i = 0; i < n; ++i) f(i);
  }
};

/// Runs on `count` threads, the calling one among them, started for each call.
class threads {
 public:
  explicit threads(index count = static_cast<index>(std::thread::hardware_concurrency()))
      : count_(std::max<index>(count, 1)) {}
  index concurrency() const noexcept { return count_; }

  template <class F>
  void bulk(index n, F&& f) const {
    const index workers = std::min(count_, n);
    const auto work = [&](index first) {
      for (index i = first; i < n; i += workers) f(i);
    };
    std::vector<std::thread> others;
    for (index t = 1; t < workers; ++t) others.emplace_back(work, t);
    if (n > 0) work(0);
    for (std::thread& other : others) other.join();
  }

 private:
  index count_;
};

static_assert(Executor<sequential> && Executor<threads>);

}  // namespace pare
