// threads.hpp: a small pool of threads that stay between calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include "executor.hpp"

namespace pare {

/// Runs on `count` threads, the calling one among them. The others live as long as the object; between calls they look
/// for work for some microseconds, then sleep. One call at a time has them: a call from another thread meanwhile, or
/// from inside f, runs on its own thread alone.
class threads {
 public:
  explicit threads(index count = static_cast<index>(std::thread::hardware_concurrency()))
      : shared_(std::make_unique<state>()) {
    for (index t = 1; t < count; ++t) others_.emplace_back([s = shared_.get()] { s->serve(); });
  }
  threads(const threads&) = delete;
  threads& operator=(const threads&) = delete;
  ~threads() {
    shared_->publish(closing);
    for (std::thread& other : others_) other.join();
  }
  index concurrency() const noexcept { return static_cast<index>(others_.size()) + 1; }

  /// Pre: n < 2^32 - 1.
  template <class F>
  void bulk(index n, F&& f) const {
    if (n <= 1 || others_.empty() || shared_->busy.exchange(true, std::memory_order_acquire))
      return sequential::bulk(n, f);
    using function = std::remove_reference_t<F>;
    shared_->call = [](const void* context, index i) { (*static_cast<function*>(const_cast<void*>(context)))(i); };
    shared_->context = static_cast<const void*>(std::addressof(f));
    shared_->parts = static_cast<std::uint32_t>(n);
    shared_->unfinished = static_cast<std::uint32_t>(n);
    shared_->publish(static_cast<std::uint32_t>(n));
    shared_->help();
    shared_->wait_until_finished();
    shared_->busy.store(false, std::memory_order_release);
  }

 private:
  static constexpr std::uint32_t closing = 0xffffffff;
  static constexpr int looks = 2000;  // a look that finds nothing takes some nanoseconds, a yield some hundred

  /// What the threads share. `ticket` is the number of the call (high half) and how many of its parts nobody has taken;
  /// taking one is a compare-and-swap on both, so that who comes late cannot take a part of another call. What a part
  /// needs (call, context, parts) changes only while none is left to take.
  struct state {
    alignas(64) std::atomic<std::uint64_t> ticket{0};
    std::atomic<void (*)(const void*, index)> call{nullptr};
    std::atomic<const void*> context{nullptr};
    std::atomic<std::uint32_t> parts{0};
    alignas(64) std::atomic<std::uint32_t> unfinished{0};
    alignas(64) std::atomic<bool> busy{false};

    static std::uint32_t left(std::uint64_t t) noexcept { return static_cast<std::uint32_t>(t); }

    void publish(std::uint32_t parts_left) noexcept {
      const std::uint64_t number = (ticket.load(std::memory_order_relaxed) >> 32) + 1;
      ticket.store((number << 32) | parts_left, std::memory_order_release);
      ticket.notify_all();
    }
    /// Runs parts of the current call until all are taken.
    void help() noexcept {
      std::uint64_t t = ticket.load(std::memory_order_acquire);
      while (left(t) != 0 && left(t) != closing) {
        const auto run = call.load(std::memory_order_relaxed);
        const void* const with = context.load(std::memory_order_relaxed);
        const std::uint32_t all = parts.load(std::memory_order_relaxed);
        if (!ticket.compare_exchange_weak(t, t - 1, std::memory_order_acq_rel)) continue;
        run(with, static_cast<index>(all - left(t)));
        if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
        t = ticket.load(std::memory_order_acquire);
      }
    }
    /// Until `value` is no longer `old`: looks often, then sleeps.
    template <class T>
    static void wait_while(const std::atomic<T>& value, T old) noexcept {
      for (int i = 0; i < looks; ++i) {
        if (value.load(std::memory_order_acquire) != old) return;
        if (i % 16 == 15) std::this_thread::yield();
      }
      value.wait(old, std::memory_order_acquire);
    }
    void wait_until_finished() noexcept {
      for (std::uint32_t u = 0; (u = unfinished.load(std::memory_order_acquire)) != 0;) wait_while(unfinished, u);
    }
    void serve() noexcept {
      for (;;) {
        help();
        const std::uint64_t seen = ticket.load(std::memory_order_acquire);
        if (left(seen) == closing) return;
        if (left(seen) == 0) wait_while(ticket, seen);
      }
    }
  };

  std::unique_ptr<state> shared_;
  std::vector<std::thread> others_;
};

static_assert(Executor<threads>);

}  // namespace pare
