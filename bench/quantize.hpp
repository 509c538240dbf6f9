// quantize.hpp: what a row quantize/<variant>/<elements> runs: a pass over a tensor that is bound by memory, or, when
// the tensor is in cache, by the instructions of each element.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "buffer.hpp"
#include "pare/simd/target.hpp"

namespace pare::bench {

/// The tensor [elements / columns, columns] that all variants read.
struct quantize_problem {
  static constexpr index columns = 256;
  index elements;
  buffer<float> x;
};

/// Ready to run as often as one likes.
struct quantize_call {
  std::function<void()> run;
  /// The codes of the last run; empty if it makes none of the problem's tensor itself.
  std::function<const std::int8_t*()> codes{};
};

struct quantize_variant {
  std::string name;
  double bytes_per_element;  ///< read and written
  quantize_call (*prepare)(const quantize_problem&);
  bool only_reads = false;  ///< compared with a plain read instead of a copy
};

/// Adds the rows of all variants, those of the installed peers among them. None if `cap` is not the best target: lazy
/// expressions always run on that one.
void add_quantize_rows(target cap);

/// The scale of the first parameter; those after it are up to 7 % greater.
inline constexpr float bench_scale = 1 / 40.f;

// peers/onednn_reorder.cpp
void add_onednn_reorders(std::vector<quantize_variant>& all);

}  // namespace pare::bench
