// advise.hpp: which structure is worth pruning to: how long dense and pruned weights take on this machine, and how many
// bytes they are.
#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../prune/pruner.hpp"
#include "linear_cells.hpp"

namespace pare {

/// A list of structures with a kernel.
template <class... Structures>
struct structures {};
using usual_structures = structures<block<4, 4>, block<1, 4>, n_of_m<2, 4>, n_of_m<4, 16>, n_of_m<4, 32>,
                                    n_of_m<2, 4, 16>, n_of_m<4, 16, 16>>;

/// One structure at one sparsity: a call with activations and outputs as rows, or both in channel cells.
struct advice_row {
  std::string structure;
  std::string layout;
  double sparsity = 0;
  double seconds = 0;
  std::size_t bytes = 0;
};

/// What advise() measured for y [m, n] = x [m, k] * weights [n, k].
struct advice {
  index m = 0, n = 0, k = 0;
  std::string target;
  double dense_seconds = 0;
  std::size_t dense_bytes = 0;
  std::vector<advice_row> rows;  ///< by structure and layout, sparsity rising
};

/// The least sparsity from which on every row of the structure and layout is faster than dense; none if there is none.
inline std::optional<double> pays_from(const advice& a, std::string_view structure, std::string_view layout) {
  std::optional<double> from;
  for (const advice_row& row : a.rows) {
    if (row.structure != structure || row.layout != layout) continue;
    if (row.seconds >= a.dense_seconds) {
      from.reset();
    } else if (!from) {
      from = row.sparsity;
    }
  }
  return from;
}

namespace detail {
inline namespace PARE_UNIT {

/// A layer to time: int8 activations that are all equal, since a kernel takes as long for any.
template <IntegerRange W, class Clock>
class advisor {
 public:
  advice result;

  advisor(index m, const matrix_view<const typename W::type>& weights, target on)
      : result{.m = m, .n = weights.rows, .k = weights.columns, .target = std::string(name(on)), .rows = {}},
        weights_(weights),
        on_(on) {
    const packed_weights<W> packed(weights);
    result.dense_bytes = packed.bytes();
    result.dense_seconds = seconds([&] { run(packed); });
  }

  template <class S>
  void append(std::span<const double> sparsities) {
    using element = typename W::type;
    const weight_shape shape{.rows = weights_.rows, .inputs = weights_.columns};
    std::vector<element> all;
    for (index j = 0; j < weights_.rows; ++j) all.insert(all.end(), weights_.row(j), weights_.row(j) + shape.inputs);
    const pruner<magnitude, S> pruner;
    std::vector<mask<S>> masks;
    if constexpr (WindowedStructure<S>) {
      if (shape.inputs % S::window == 0) masks.push_back(pruner.select(all.begin(), shape));
    } else {
      for (const double sparsity : sparsities) masks.push_back(pruner.select(all.begin(), shape, sparsity));
    }
    std::vector<advice_row> in_cells;
    for (const auto& mask : masks) {
      auto pruned = all;
      apply(mask, pruned.begin());
      const packed_weights<W, S> packed(matrix_view<const element>(pruned.data(), shape.rows, shape.inputs));
      const auto add = [&](auto& rows, const char* layout, const auto& call) {
        rows.push_back({S::name(), layout, mask.sparsity(), seconds(call), packed.bytes()});
      };
      add(result.rows, "rows", [&] { run(packed); });
      if constexpr (runs_in_cells<S>) add(in_cells, "cells", [&] { run_in_cells(packed); });
    }
    result.rows.insert(result.rows.end(), in_cells.begin(), in_cells.end());
  }

 private:
  auto epilogue() const { return bias(bias_) | requantize(multipliers_, output_map{0, -128, 127}); }
  template <class P>
  void run(const P& packed) {
    linear(matrix_view<const std::int8_t>(x_.data(), result.m, result.k), 3, packed, epilogue(),
           matrix_view<std::int8_t>(y_.data(), result.m, result.n), on_);
  }
  template <class P>
  void run_in_cells(const P& packed) {
    linear(cells_view<const std::int8_t>(x_cells_.data(), result.m, result.k), 3, packed, epilogue(),
           cells_view<std::int8_t>(y_cells_.data(), result.m, result.n), on_);
  }
  /// The shortest of some samples of at least a millisecond: what others do on the machine only adds to it.
  template <class F>
  static double seconds(const F& call) {
    constexpr int samples = 7;
    constexpr double least = 1e-3;
    double best = 0;
    long calls = 1;
    for (int i = 0; i < samples;) {
      const auto begin = Clock::now();
      for (long c = 0; c < calls; ++c) call();
      const double all = std::chrono::duration<double>(Clock::now() - begin).count();
      if (all < least) {
        calls *= 2;
        continue;
      }
      const double one = all / static_cast<double>(calls);
      best = i++ == 0 ? one : std::min(best, one);
    }
    return best;
  }

  matrix_view<const typename W::type> weights_;
  target on_;
  aligned_storage<std::int8_t> x_{result.m * result.k}, y_{result.m * result.n};
  aligned_storage<std::int8_t> x_cells_{cells_view<std::int8_t>(nullptr, result.m, result.k).size()},
      y_cells_{cells_view<std::int8_t>(nullptr, result.m, result.n).size()};
  std::vector<std::int32_t> biases_ = std::vector<std::int32_t>(static_cast<std::size_t>(result.n), 1);
  std::vector<double> scales_ = std::vector<double>(static_cast<std::size_t>(result.n), 1e-3);
  channels<std::int32_t> bias_{std::span<const std::int32_t>(biases_)};
  multipliers<float_nearest_even> multipliers_{std::span<const double>(scales_)};
};

}  // namespace PARE_UNIT
}  // namespace detail

inline namespace PARE_UNIT {

/// Times m rows of int8 activations by these weights [n, k], dense and pruned by magnitude to each sparsity under each
/// structure, on target `on`, one thread. A structure that fixes the sparsity has one row, or none where its window
/// does not divide k. Takes about 10 ms for each row. Clock: one of std::chrono's, or one like them.
template <class Structures = usual_structures, IntegerRange W = s8_narrow, class Clock = std::chrono::steady_clock>
advice advise(const matrix_view<const typename W::type>& weights, target on = best_target(), index m = 196,
              std::span<const double> sparsities = std::array{0.5, 0.6, 0.7, 0.8, 0.9, 0.95}) {
  expect_valid("weights", weights);
  expect_available(on);
  if (m < 1) fail("m", "at least 1", m);
  if (weights.rows < 1 || weights.columns < 1)
    fail("weights", "at least one output channel and input", text(weights.rows, " x ", weights.columns));
  detail::advisor<W, Clock> advisor(m, weights, on);
  [&]<class... S>(structures<S...>) { (advisor.template append<S>(sparsities), ...); }(Structures{});
  return std::move(advisor.result);
}

/// A table: a line for each row with its speed-up over dense and its share of dense's bytes, then from which sparsity
/// each structure is faster.
inline std::string to_text(const advice& a) {
  const auto line = [](const char* format, auto... values) {
    char all[160];
    std::snprintf(all, sizeof all, format, values...);
    return std::string(all);
  };
  std::string out =
                  line("%ldx%ldx%ld on %s, dense: %.2f us, %zu bytes\n", static_cast<long>(a.m), static_cast<long>(a.n),
                       static_cast<long>(a.k), a.target.c_str(), a.dense_seconds * 1e6, a.dense_bytes),
              ends;
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    const advice_row& r = a.rows[i];
    out += line("  %-16s %-5s %5.1f %% pruned: %8.2f us, %5.2f times as fast, %5.3f of the bytes\n",
                r.structure.c_str(), r.layout.c_str(), r.sparsity * 100, r.seconds * 1e6, a.dense_seconds / r.seconds,
                static_cast<double>(r.bytes) / static_cast<double>(a.dense_bytes));
    const bool last =
        i + 1 == a.rows.size() || a.rows[i + 1].structure != r.structure || a.rows[i + 1].layout != r.layout;
    if (!last) continue;
    const auto from = pays_from(a, r.structure, r.layout);
    ends += from ? line("%s in %s is faster from %.1f %% on\n", r.structure.c_str(), r.layout.c_str(), *from * 100)
                 : line("%s in %s is not faster\n", r.structure.c_str(), r.layout.c_str());
  }
  return out + ends;
}

/// {"m": ..., "n": ..., "k": ..., "target": ..., "dense_seconds": ..., "dense_bytes": ..., "rows": [{"structure": ...,
/// "layout": ..., "sparsity": ..., "seconds": ..., "bytes": ...}, ...]}
inline std::string to_json(const advice& a) {
  const auto number = [](double x) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.9g", x);
    return std::string(digits);
  };
  std::string all =
      text("{\"m\": ", a.m, ", \"n\": ", a.n, ", \"k\": ", a.k, ", \"target\": \"", a.target,
           "\", \"dense_seconds\": ", number(a.dense_seconds), ", \"dense_bytes\": ", a.dense_bytes, ", \"rows\": [");
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    const advice_row& r = a.rows[i];
    all += text(i == 0 ? "\n" : ",\n", "{\"structure\": \"", r.structure, "\", \"layout\": \"", r.layout,
                "\", \"sparsity\": ", number(r.sparsity), ", \"seconds\": ", number(r.seconds),
                ", \"bytes\": ", r.bytes, "}");
  }
  return all + "\n]}\n";
}

}  // namespace PARE_UNIT
}  // namespace pare
