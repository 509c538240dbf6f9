// quantize.cpp: quantizers as lazy expressions, from plain containers and from arithmetic on them.
#include "quantize.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <memory>

#include "measure.hpp"
#include "pare/core/error.hpp"
#include "report.hpp"
#if defined(PARE_BENCH_XTENSOR)
#include "pare/expr/fake_quantize.hpp"
#include "pare/quant/calibration/entropy.hpp"
#include "pare/quant/calibration/percentile.hpp"
#include "pare/quant/presets.hpp"
#endif

namespace pare::bench {
namespace {

#if defined(PARE_BENCH_XTENSOR)
using reals = xt::xtensor<float, 2>;
using codes = xt::xtensor<std::int8_t, 2>;

struct operands {
  reals x, row;
  codes quantized;
  reals back;
  explicit operands(const quantize_problem& p)
      : x(std::array<std::size_t, 2>{static_cast<std::size_t>(p.elements / p.columns),
                                     static_cast<std::size_t>(p.columns)}),
        row(std::array<std::size_t, 2>{1, static_cast<std::size_t>(p.columns)}),
        quantized(x.shape()),
        back(x.shape()) {
    std::copy(p.x.begin(), p.x.end(), x.begin());
    for (std::size_t j = 0; j < row.size(); ++j) row.data()[j] = 0.01f * static_cast<float>(j % 16);
  }
};

/// Codes that differ from parameter to parameter.
template <class Q>
quantization<Q> parameters_for(const reals& x) {
  quantization<Q> parameters;
  const parameter_grid<typename Q::granularity> grid(x.shape());
  for (index p = 0; p < grid.count(); ++p)
    parameters.maps.push_back({bench_scale * (1 + 0.01f * static_cast<float>(p % 8)), 0});
  return parameters;
}

constexpr auto from_container = [](const operands& o, const auto& parameters) { return quantize(o.x, parameters); };
constexpr auto from_arithmetic = [](const operands& o, const auto& parameters) {
  return quantize(2 * o.x + o.row, parameters);
};
constexpr auto back = [](const operands& o, const auto& parameters) { return dequantize(o.quantized, parameters); };
constexpr auto there_and_back = [](const operands& o, const auto& parameters) {
  return fake_quantize(o.x, parameters);
};
constexpr auto arithmetic_there_and_back = [](const operands& o, const auto& parameters) {
  return fake_quantize(2 * o.x + o.row, parameters);
};

/// Assigns make(operands, parameters), an expression, to one of the operands again and again.
template <class Q, auto Destination, auto Make>
quantize_call assigned(const quantize_problem& p) {
  const auto o = std::make_shared<operands>(p);
  const auto parameters = std::make_shared<quantization<Q>>(parameters_for<Q>(o->x));
  quantize_call call{[=] { xt::noalias((*o).*Destination) = Make(*o, *parameters); }};
  if constexpr (std::is_same_v<decltype(Make), decltype(from_container)>)
    call.codes = [=] { return o->quantized.data(); };
  return call;
}

/// 100 batches, batch after batch, and the parameters at the end.
template <class Calibration>
quantize_call observed_in_batches(const quantize_problem& p) {
  using q = quantizer<symmetric<std::int8_t>, per_tensor, half_even, Calibration>;
  const auto o = std::make_shared<operands>(p);
  return {[=] {
    calibrator<q> seen;
    const auto size = o->x.size() / 100;
    for (std::size_t batch = 0; batch < 100; ++batch)
      observe(seen, xt::adapt(o->x.data() + batch * size, size, xt::no_ownership(), std::array{size}));
    benchmark::DoNotOptimize(seen.finish().maps.data());
  }};
}

template <class Calibration, bool Arithmetic = false>
quantize_call observed(const quantize_problem& p) {
  using q = quantizer<symmetric<std::int8_t>, per_tensor, half_even, Calibration>;
  const auto o = std::make_shared<operands>(p);
  return {[=] {
    if constexpr (Arithmetic) {
      benchmark::DoNotOptimize(calibrate(q{}, 2 * o->x + o->row).maps.data());
    } else {
      benchmark::DoNotOptimize(calibrate(q{}, o->x).maps.data());
    }
  }};
}

void add_ours(std::vector<quantize_variant>& all) {
  namespace xnn = presets::xnnpack;
  namespace tfl = presets::tflite;
  using by_columns = quantizer<by_reciprocal<symmetric<std::int8_t>>, per_axis<1>, half_even>;
  using linear_s8 = presets::onnx::quantize_linear<std::int8_t>;
  constexpr auto q = &operands::quantized;
  constexpr auto f = &operands::back;
  all.push_back({"xnnpack-s8", 5, assigned<xnn::activations_qs8, q, from_container>});
  all.push_back({"xnnpack-s8-rows", 5, assigned<xnn::weights_qc8, q, from_container>});
  all.push_back({"xnnpack-s8-columns", 5, assigned<by_columns, q, from_container>});
  all.push_back({"xnnpack-s8-lazy", 5, assigned<xnn::activations_qs8, q, from_arithmetic>});
  all.push_back({"onnx-s8", 5, assigned<linear_s8, q, from_container>});
  all.push_back({"tflite-s8", 5, assigned<tfl::activations_int8, q, from_container>});
  all.push_back({"tflite-s8-rows", 5, assigned<tfl::weights_int8<0>, q, from_container>});
  all.push_back({"tflite-s8-columns", 5, assigned<tfl::weights_int8<1>, q, from_container>});
  all.push_back({"tflite-s8-lazy", 5, assigned<tfl::activations_int8, q, from_arithmetic>});
  all.push_back({"dequantize-s8", 5, assigned<tfl::activations_int8, f, back>});
  all.push_back({"dequantize-s8-rows", 5, assigned<tfl::weights_int8<0>, f, back>});
  all.push_back({"dequantize-s8-columns", 5, assigned<tfl::weights_int8<1>, f, back>});
  all.push_back({"fake-xnnpack-s8", 8, assigned<xnn::activations_qs8, f, there_and_back>});
  all.push_back({"fake-xnnpack-s8-lazy", 8, assigned<xnn::activations_qs8, f, arithmetic_there_and_back>});
  all.push_back({"fake-tflite-s8", 8, assigned<tfl::activations_int8, f, there_and_back>});
  all.push_back({"min-max", 4, observed<min_max>, true});
  all.push_back({"min-max-lazy", 4, observed<min_max, true>, true});
  all.push_back({"min-max-100-batches", 4, observed_in_batches<min_max>, true});
  all.push_back({"percentile-100-batches", 4, observed_in_batches<percentile>, true});
  all.push_back({"entropy-100-batches", 4, observed_in_batches<entropy>, true});
}
#else
void add_ours(std::vector<quantize_variant>&) {}
#endif

/// What the row is compared with, at the speed of the C library: a copy of the tensor, or a read of all of it (for a
/// byte that is not there).
class yardstick {
 public:
  yardstick(const quantize_problem& p, bool only_reads)
      : from_(p.x.size(), 1.f), to_(only_reads ? 0 : p.x.size(), 1.f) {}
  double bytes() const { return static_cast<double>(sizeof(float) * (from_.size() + to_.size())); }
  void run() {
    if (to_.empty()) {
      benchmark::DoNotOptimize(std::memchr(from_.data(), 0x77, sizeof(float) * from_.size()));
    } else {
      std::memcpy(to_.data(), from_.data(), sizeof(float) * to_.size());
      benchmark::ClobberMemory();
    }
  }

 private:
  buffer<float> from_, to_;
};

#if PARE_X86
constexpr long chain_cycles = 3 * 4096;
/// Multiplications that wait for each other, three cycles each on every x86 core of the last ten years.
void run_chain() {
  long passes = chain_cycles / 3 / 8, x = 1;
  __asm__ volatile("1:\n.rept 8\nimul %1, %1\n.endr\ndec %0\njnz 1b" : "+r"(passes), "+r"(x) : : "cc");
}
#else
constexpr long chain_cycles = 0;
void run_chain() {}
#endif

/// Fails unless codes are the tensor's, up to the differences between the scales of its parameters.
void expect_codes(const quantize_problem& p, const std::int8_t* codes) {
  for (std::size_t i = 0; i < p.x.size(); ++i) {
    const float steps = p.x[i] / bench_scale, code = static_cast<float>(codes[i]);
    if (std::abs(code - steps) > 1 + 0.08f * std::abs(steps) && std::abs(code) < 127)
      fail("codes", text("about ", steps, " at ", i), code);
  }
}

void run_row(benchmark::State& state, const quantize_variant& v, index elements) {
  quantize_problem p{.elements = elements, .x = buffer<float>(static_cast<std::size_t>(elements))};
  std::uint32_t random = 1;
  for (float& x : p.x) {
    random = random * 1664525 + 1013904223;
    x = static_cast<float>(static_cast<std::int32_t>(random)) * 0x1.9p-30f;  // within 3.2 of 0
  }
  const quantize_call call = v.prepare(p);
  call.run();
  if (call.codes) expect_codes(p, call.codes());
  yardstick plain(p, v.only_reads);
  const std::function<void()> calls[] = {run_chain, call.run, [&] { plain.run(); }};
  const turns measured = measure_in_turns(calls);
  const double bytes = v.bytes_per_element * static_cast<double>(elements);
  state.counters[seconds_counter] = measured.seconds[1];
  state.counters["GBps"] = bytes / measured.seconds[1] * 1e-9;
  state.counters[v.only_reads ? "of_read" : "of_copy"] = bytes / plain.bytes() / measured.of_last[1];
  if (chain_cycles > 0)
    state.counters["per_cycle"] =
        static_cast<double>(elements) / static_cast<double>(chain_cycles) * measured.of_last[0] / measured.of_last[1];
  for (auto _ : state) {
  }
}

}  // namespace

void add_quantize_rows(target cap) {
  if (cap != best_target()) return;
  static std::vector<quantize_variant> all;
  add_ours(all);
#if defined(PARE_BENCH_ONEDNN)
  add_onednn_reorders(all);
#endif
  for (const quantize_variant& v : all)
    for (const index elements : {index{1} << 24, index{1} << 14}) {
      const auto row = [&v, elements](benchmark::State& state) {
        try {
          run_row(state, v, elements);
        } catch (const std::exception& e) {
          state.SkipWithError(e.what());
        }
      };
      benchmark::RegisterBenchmark(text("quantize/", v.name, "/", elements).c_str(), row)
          ->Unit(benchmark::kMicrosecond);
    }
}

}  // namespace pare::bench
