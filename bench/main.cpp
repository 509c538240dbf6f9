// main.cpp: pare_bench: this library's formats and other libraries, on the same problems.
//
//   pare_bench [--pare_target=avx2] [--pare_dlmc=folder] [--benchmark_filter=gemm/s8/] [--benchmark_out=file.json] ...
//
// With a folder of sparsity patterns there are rows dlmc/<format>/<layer> too (see dlmc.cpp).
//
// A row's time is the median CPU time of a call on one thread and one core, caches warm. Its counters: GOPS (2mnk /
// time, whether a product is computed or skipped), of_peak (fraction of the peak of the multiply-accumulate
// instruction, measured in turns with the row), bytes (packed weights and per-channel terms), rel_error (of the output,
// as real numbers, against double precision).
//
// Rows conv/..., dwconv/... are convolutions; mobilenet/<variant>/224 is a network, layer after layer.
//
// Rows quantize/<variant>/<elements> convert a tensor of floats, or look at one. Theirs: GBps (bytes read and written /
// time), of_copy (fraction of a plain copy's bandwidth, measured in turns with the row; of_read for what only reads),
// per_cycle (elements per cycle of this core).
//
// Rows threads/s8x2/<m>x<n>x<k> run two threads: the shortest time on the wall, and how many times as fast as one.
#include <algorithm>
#include <string_view>

#include "measure.hpp"
#include "ours.hpp"
#include "peers.hpp"
#include "quantize.hpp"
#include "report.hpp"
#include "row.hpp"

namespace pare::bench {
namespace {

/// Takes "<option>=<value>" out of the arguments; null if it is not there.
const char* take_option(std::vector<char*>& arguments, std::string_view option) {
  for (auto at = arguments.begin(); at != arguments.end(); ++at) {
    if (!std::string_view(*at).starts_with(option) || (*at)[option.size()] != '=') continue;
    const char* const value = *at + option.size() + 1;
    arguments.erase(at);
    return value;
  }
  return nullptr;
}

/// Google Benchmark's own options. One iteration of a row is all it takes, since rows sample by themselves.
bool initialize(std::vector<char*> arguments) {
  static char once[] = "--benchmark_min_time=1e-9";
  arguments.insert(arguments.begin() + 1, once);
  auto count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  return !benchmark::ReportUnrecognizedArguments(count, arguments.data());
}

int run(char** all, int count) {
  std::vector<char*> arguments(all, all + count);
  const char* const wanted = take_option(arguments, "--pare_target");
  const target cap = wanted == nullptr ? best_target() : parse_target(wanted);
  expect_available(cap);
  const char* const dlmc = take_option(arguments, "--pare_dlmc");
  const std::string_view format = [&] {
    const char* const given = take_option(arguments, "--benchmark_format");
    return given == nullptr ? "console" : given;
  }();
  if (format != "console" && format != "json") fail("--benchmark_format", "console or json", std::string(format));
  const bool to_file = std::any_of(arguments.begin(), arguments.end(),
                                   [](std::string_view a) { return a.starts_with("--benchmark_out="); });
  configure_peers(cap, all);
  if (!initialize(arguments)) return 2;

  pin_to_last_core();
  std::vector<variant> variants = our_variants(cap);
  for (variant& peer : peer_variants(cap)) variants.push_back(std::move(peer));
  for (const shape& s : all_shapes()) add_rows(variants, s, cap);
  add_conv_rows(variants, cap);
  add_mobilenet_rows(variants, cap);
  add_quantize_rows(cap);
  add_thread_rows(cap);
  if (dlmc != nullptr) add_real_patterns(dlmc, variants, cap);
  benchmark::AddCustomContext("pare_target", std::string(name(cap)));
  line_reporter lines;
  json_reporter json, file;
  benchmark::BenchmarkReporter& display = format == "json" ? static_cast<benchmark::BenchmarkReporter&>(json) : lines;
  benchmark::RunSpecifiedBenchmarks(&display, to_file ? &file : nullptr);
  return 0;
}

}  // namespace
}  // namespace pare::bench

int main(int count, char** arguments) {
  try {
    return pare::bench::run(arguments, count);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
