// report.hpp: how rows are printed and written.
#pragma once

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <vector>

namespace pare::bench {

/// A row's time travels in this counter: Google Benchmark would add "/manual_time" to the name of a row that sets it.
inline constexpr char seconds_counter[] = "seconds";

inline benchmark::BenchmarkReporter::Run timed(benchmark::BenchmarkReporter::Run run) {
  const auto seconds = run.counters.find(seconds_counter);
  if (seconds == run.counters.end()) return run;
  run.real_accumulated_time = run.cpu_accumulated_time = seconds->second.value * static_cast<double>(run.iterations);
  run.counters.erase(seconds);
  return run;
}

class json_reporter final : public benchmark::JSONReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> all;
    for (const Run& run : runs) all.push_back(timed(run));
    JSONReporter::ReportRuns(all);
  }
};

/// One line per row.
class line_reporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override {
    std::printf("%-36s %10s %8s %8s %9s %9s\n", "benchmark", "us", "GOPS", "of_peak", "bytes", "rel_error");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) print(timed(run));
    std::fflush(stdout);
  }

 private:
  static void print(const Run& run) {
    std::printf("%-36s ", run.benchmark_name().c_str());
    if (run.error_occurred) {
      std::printf("%s\n", run.error_message.c_str());
      return;
    }
    const auto counter = [&](const char* key) {
      const auto found = run.counters.find(key);
      return found == run.counters.end() ? std::nan("") : found->second.value;
    };
    if (run.counters.count("GBps") != 0) {  // rows that are bound by memory
      const char* const reference = run.counters.count("of_read") != 0 ? "of_read" : "of_copy";
      std::printf("%10.2f %8.1f GB/s  %s %.3f  per_cycle %.2f  %s\n", run.GetAdjustedRealTime(), counter("GBps"),
                  reference, counter(reference), counter("per_cycle"), run.report_label.c_str());
      return;
    }
    std::printf("%10.2f %8.1f %8.3f %9.0f %9.1e  %s\n", run.GetAdjustedRealTime(), counter("GOPS"), counter("of_peak"),
                counter("bytes"), counter("rel_error"), run.report_label.c_str());
  }
};

}  // namespace pare::bench
