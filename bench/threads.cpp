// threads.cpp: what a second thread brings: threads/s8x2/<m>x<n>x<k>. The time is that of the clock on the wall, the
// shortest of many calls, since CPU time says nothing of threads that wait for each other.
#include "pare/nn/threads.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#if defined(__linux__)
#include <sched.h>
#endif

#include "pare/nn/linear.hpp"
#include "report.hpp"
#include "row.hpp"

namespace pare::bench {
namespace {

#if defined(__linux__)
/// Lets this thread, and those that it starts, use every core again while it lives.
class every_core {
 public:
  every_core() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t all;
    CPU_ZERO(&all);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) CPU_SET(cpu, &all);
    sched_setaffinity(0, sizeof all, &all);
  }
  every_core(const every_core&) = delete;
  ~every_core() { sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};
#else
struct every_core {
  every_core() {}
};
#endif

/// "2 CPUs, each a core as the system sees it": two threads of one core share its multipliers.
std::string machine() {
  std::ifstream file("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
  std::string siblings;
  file >> siblings;
  const char* const cores = siblings.empty()                                    ? "cores unknown"
                            : siblings.find_first_of(",-") == std::string::npos ? "each a core as the system sees it"
                                                                                : "several of them threads of one core";
  return text(static_cast<index>(std::thread::hardware_concurrency()), " CPUs, ", cores);
}

template <class F>
double shortest(const F& call) {
  using clock = std::chrono::steady_clock;
  double best = 1;
  for (int i = 0; i < 300; ++i) {
    const auto begin = clock::now();
    call();
    best = std::min(best, std::chrono::duration<double>(clock::now() - begin).count());
  }
  return best;
}

void run_row(benchmark::State& state, index m, index n, index k, target on) {
  const std::vector<std::int8_t> x(static_cast<std::size_t>(m * k), 1), w(static_cast<std::size_t>(n * k), 2);
  std::vector<std::int8_t> y(static_cast<std::size_t>(m * n));
  const packed_weights<s8_narrow> packed(matrix_view<const std::int8_t>(w.data(), n, k));
  const channels<std::int32_t> biases(n, 5);
  const multipliers<float_nearest_even> scales(std::vector<double>(static_cast<std::size_t>(n), 0.001));
  const auto stages = bias(biases) | requantize(scales, {-3, -128, 127});
  const matrix_view<const std::int8_t> in(x.data(), m, k);
  const matrix_view<std::int8_t> out(y.data(), m, n);
  const every_core free;
  const threads two(2);
  double one_thread = 1, two_threads = 1;
  for (int turn = 0; turn < 10; ++turn) {
    one_thread = std::min(one_thread, shortest([&] { linear(in, 3, packed, stages, out, on); }));
    two_threads = std::min(two_threads, shortest([&] { linear(in, 3, packed, stages, out, on, two); }));
  }
  for (auto _ : state) benchmark::DoNotOptimize(y.data());
  state.counters[seconds_counter] = two_threads;
  state.counters["GOPS"] = 2e-9 * static_cast<double>(m * n * k) / two_threads;
  state.counters["speed_up"] = one_thread / two_threads;
  char all[160];
  std::snprintf(all, sizeof all, "%.2f times as fast as one thread; %s", one_thread / two_threads, machine().c_str());
  state.SetLabel(all);
}

}  // namespace

void add_thread_rows(target cap) {
  for (const auto& [m, n, k] : {std::array<index, 3>{512, 512, 512}, {784, 128, 128}})
    benchmark::RegisterBenchmark(text("threads/s8x2/", m, "x", n, "x", k).c_str(), [m = m, n = n, k = k,
                                                                                    cap](benchmark::State& state) {
      run_row(state, m, n, k, cap);
    })->Unit(benchmark::kMicrosecond);
}

}  // namespace pare::bench
