// row.cpp: what happens in a row: prepare, check, measure, count.
#include "row.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "measure.hpp"
#include "report.hpp"

namespace pare::bench {
namespace {

constexpr shape dense_shapes[] = {{1, 1024, 1024}, {8, 512, 512},   {16, 256, 256},    {49, 1024, 512}, {196, 512, 256},
                                  {784, 128, 128}, {3136, 64, 64},  {12544, 32, 16},   {64, 64, 64},    {128, 128, 128},
                                  {256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024}};
constexpr shape small_shapes[] = {{1, 16, 16},  {1, 64, 64},   {1, 256, 256},   {32, 32, 32},
                                  {25, 64, 64}, {125, 64, 64}, {4, 1024, 1024}, {3136, 144, 24}};
constexpr shape sparse_shapes[] = {
    {196, 512, 512}, {784, 256, 256}, {3136, 128, 128}, {49, 1024, 1024}, {12544, 64, 32}};
constexpr shape few_shapes[] = {{1, 1024, 1024}, {196, 512, 256}, {64, 64, 64}, {512, 512, 512}};

/// Fails unless `given` is as near to the model's output as two roundings of the same exact result may be.
void expect_agreement(const problem& p, const contender& given, const variant& model, target on) {
  const auto ours = model.prepare(p, on);
  ours->run();
  const buffer<float> expected = ours->output();
  const double tolerance = 2 * relative_distance(expected, p.exact) + 1e-5;
  const double distance = relative_distance(given.output(), buffer<double>(expected.begin(), expected.end()));
  if (!(distance <= tolerance)) fail("output", text("at most ", tolerance, " from that of ", model.name), distance);
}

constexpr conv_shape conv_shapes[] = {
    {112, 112, 32, 64, 1, 1},       {56, 56, 128, 128, 1, 1},       {14, 14, 512, 512, 1, 1},
    {56, 56, 64, 64, 3, 1},         {28, 28, 128, 128, 3, 1},       {14, 14, 256, 256, 3, 1},
    {224, 224, 3, 32, 3, 2},        {112, 112, 32, 32, 3, 1, true}, {56, 56, 128, 128, 3, 1, true},
    {28, 28, 256, 256, 3, 1, true}, {14, 14, 512, 512, 3, 1, true}, {7, 7, 1024, 1024, 3, 1, true},
    {112, 112, 64, 64, 3, 2, true}, {56, 56, 128, 128, 3, 2, true}};

void run_row(benchmark::State& state, const variant& v, const variant* model, const problem& p, target cap) {
  const target on = v.on.value_or(cap);
  const shape& s = p.shape;
  const auto contender = v.prepare(p, on);
  contender->run();
  const double error = relative_distance(contender->output(), p.exact);
  if (!(error < 0.5)) fail("output", "an approximation of the product", text("a relative error of ", error));
  if (model != nullptr) expect_agreement(p, *contender, *model, cap);
  state.counters["rel_error"] = error;
  const double operations = 2.0 * static_cast<double>(s.m * s.n * s.k);
  const measurement measured = measure(*contender, operations, peak_of(on, v.unit));
  state.counters[seconds_counter] = measured.seconds;
  state.counters["GOPS"] = operations / measured.seconds * 1e-9;
  if (measured.of_peak > 0) state.counters["of_peak"] = measured.of_peak;
  state.counters["bytes"] = static_cast<double>(contender->bytes());
  state.SetLabel(contender->label());
  for (auto _ : state) {
  }
}

bool runs_on(const variant& v, const shape& s) {
  const auto in = [&](const auto& list) { return std::find(std::begin(list), std::end(list), s) != std::end(list); };
  const bool is_dense = in(dense_shapes) || in(small_shapes);
  switch (v.on_shapes) {
    case shapes::dense:
      return is_dense;
    case shapes::few:
      return in(few_shapes);
    case shapes::row:
      return is_dense && s.m == 1;
    case shapes::sparse:
      return in(sparse_shapes);
    case shapes::both:
      return is_dense || in(sparse_shapes);
    default:
      return false;
  }
}
bool runs_on(const variant& v, const conv_shape& s) {
  switch (v.on_shapes) {
    case shapes::convolutions:
      return true;
    case shapes::depthwise:
      return s.depthwise;
    case shapes::pruned:
      return !s.depthwise && s.inputs % 4 == 0;
    default:
      return false;
  }
}

/// The row `group`/<variant>/<shape>; problem() is called when it runs.
template <class Problem>
void add_row(const std::vector<variant>& variants, const variant& v, const std::string& group, const std::string& shape,
             target cap, const Problem& problem) {
  const auto model = std::find_if(variants.begin(), variants.end(), [&](const variant& other) {
    return other.name == v.agrees_with && are_convolutions(other.on_shapes) == are_convolutions(v.on_shapes);
  });
  const auto row = [=, &v, model = model == variants.end() ? nullptr : &*model](benchmark::State& state) {
    try {
      run_row(state, v, model, problem(), cap);
    } catch (const std::exception& e) {
      state.SkipWithError(e.what());
    }
  };
  benchmark::RegisterBenchmark(text(group, "/", v.name, "/", shape).c_str(), row)->Unit(benchmark::kMicrosecond);
}

}  // namespace

std::vector<shape> all_shapes() {
  std::vector<shape> all(std::begin(dense_shapes), std::end(dense_shapes));
  all.insert(all.end(), std::begin(small_shapes), std::end(small_shapes));
  all.insert(all.end(), std::begin(sparse_shapes), std::end(sparse_shapes));
  return all;
}

void add_row(const variant& v, const std::string& of, const shape& s, target cap) {
  add_row({}, v, v.group, of, cap, [=, &v]() -> const problem& { return problem_of(s, v.zeros); });
}

void add_rows(const std::vector<variant>& variants, const shape& s, target cap) {
  for (const variant& v : variants) {
    if (!runs_on(v, s)) continue;
    add_row(variants, v, v.group, name(s), cap, [=, &v]() -> const problem& { return problem_of(s, v.zeros); });
  }
}

void add_conv_rows(const std::vector<variant>& variants, target cap) {
  for (const conv_shape& s : conv_shapes) {
    const auto made = std::make_shared<std::map<pattern, problem>>();  // shared by variants
    for (const variant& v : variants) {
      if (!runs_on(v, s)) continue;
      const auto get = [=, &v]() -> const problem& {
        const auto found = made->find(v.zeros);
        return found != made->end() ? found->second : made->emplace(v.zeros, make_problem(s, v.zeros)).first->second;
      };
      add_row(variants, v, s.depthwise ? "dwconv" : "conv", name(s), cap, get);
    }
  }
}

}  // namespace pare::bench
