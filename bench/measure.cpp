// measure.cpp: samples and medians.
#include "measure.hpp"

#include <time.h>

#include <algorithm>
#include <vector>
#if defined(__linux__)
#include <sched.h>
#endif

namespace pare::bench {
namespace {

constexpr double sample_seconds = 5e-4, peak_sample_seconds = 1e-4;  // reading the clock takes about 3e-7
constexpr double budget_seconds = 0.4;
constexpr int most_rounds = 101, fewest_rounds = 15;

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds per repetition; repeat(n) runs n of them.
template <class Repeat>
double sample(long repetitions, const Repeat& repeat) {
  const double begin = cpu_seconds();
  repeat(repetitions);
  return (cpu_seconds() - begin) / static_cast<double>(repetitions);
}

/// How many repetitions take `seconds`, at least one. Warms caches and predictors up.
template <class Repeat>
long repetitions_for(double seconds, const Repeat& repeat) {
  for (long n = 1;; n *= 4) {
    // The shorter of two: an interruption must not pass for a long call.
    const double first = sample(n, repeat), each = std::min(first, sample(n, repeat));
    if (each * static_cast<double>(n) >= seconds / 4) return std::max(1L, static_cast<long>(seconds / each));
  }
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void pin_to_last_core() {
#if defined(__linux__)
  cpu_set_t allowed, last;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int core = CPU_SETSIZE - 1; core >= 0; --core) {
    if (!CPU_ISSET(core, &allowed)) continue;
    CPU_ZERO(&last);
    CPU_SET(core, &last);
    sched_setaffinity(0, sizeof last, &last);
    return;
  }
#endif
}

measurement measure(contender& c, double operations, const peak_loop* peak) {
  const auto run = [&](long n) {
    for (; n > 0; --n) c.run();
  };
  const long calls = repetitions_for(sample_seconds, run);
  const long passes = peak == nullptr ? 0 : repetitions_for(peak_sample_seconds, peak->run);
  const double expected = sample(calls, run) * static_cast<double>(calls);
  const int rounds = std::clamp(static_cast<int>(budget_seconds / expected), fewest_rounds, most_rounds);
  std::vector<double> seconds, of_peak;
  for (int round = 0; round < rounds; ++round) {
    const double at_peak = peak == nullptr ? 0 : operations / peak->operations * sample(passes, peak->run);
    seconds.push_back(sample(calls, run));
    of_peak.push_back(at_peak / seconds.back());
  }
  return {median(seconds), median(of_peak)};
}

turns measure_in_turns(std::span<const std::function<void()>> calls) {
  const auto repeat = [&](std::size_t call) {
    return [&f = calls[call]](long n) {
      for (; n > 0; --n) f();
    };
  };
  std::vector<long> repetitions;
  double round_seconds = 0;
  for (std::size_t c = 0; c < calls.size(); ++c) {
    repetitions.push_back(repetitions_for(sample_seconds, repeat(c)));
    round_seconds += sample(repetitions[c], repeat(c)) * static_cast<double>(repetitions[c]);
  }
  const int rounds = std::clamp(static_cast<int>(budget_seconds / round_seconds), 2 * fewest_rounds + 1, most_rounds);
  std::vector<std::vector<double>> seconds(calls.size()), of_last(calls.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t c = 0; c < calls.size(); ++c) seconds[c].push_back(sample(repetitions[c], repeat(c)));
    for (std::size_t c = 0; c < calls.size(); ++c) of_last[c].push_back(seconds[c].back() / seconds.back().back());
  }
  turns all;
  for (std::size_t c = 0; c < calls.size(); ++c) {
    all.seconds.push_back(median(seconds[c]));
    all.of_last.push_back(median(of_last[c]));
  }
  return all;
}

double best_seconds(contender& c) {
  const auto run = [&](long n) {
    for (; n > 0; --n) c.run();
  };
  const long calls = repetitions_for(sample_seconds, run);
  double best = sample(calls, run);
  for (int round = 0; round < 10; ++round) best = std::min(best, sample(calls, run));
  return best;
}

}  // namespace pare::bench
