// arena.hpp: where the tensors of a network lie in one block of memory, so that those that never live at the same time
// share it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include "../core/cell.hpp"
#include "../core/error.hpp"

namespace pare {

/// A tensor of `bytes` bytes that is written first in step `first` and read or written last in step `last`.
struct lifetime {
  index bytes = 0, first = 0, last = 0;
};

/// Offsets in bytes of each tensor, multiples of a cache line, and the bytes of the whole.
struct arena_plan {
  std::vector<index> offsets;
  index bytes = 0;
};

/// The least arena that any plan can have: the most bytes, each tensor rounded up to cache lines, that live in one
/// step.
inline index live_bytes(std::span<const lifetime> tensors) {
  index most = 0;
  for (const lifetime& at : tensors) {  // the sum can only grow where a tensor begins
    index sum = 0;
    for (const lifetime& t : tensors) {
      if (t.first <= at.first && at.first <= t.last) sum += round_up(t.bytes, strip_bytes);
    }
    most = std::max(most, sum);
  }
  return most;
}

inline namespace PARE_UNIT {

/// Places the largest tensor first, each at the lowest offset where it overlaps none that lives at the same time.
/// Fails on negative sizes or a life that ends before it begins. Source: TFLite Micro, GreedyMemoryPlanner; Pisarchyk
/// and Lee 2020, section 5.2.
inline arena_plan plan_arena(std::span<const lifetime> tensors) {
  for (const lifetime& t : tensors) {
    if (t.bytes < 0) fail("tensors.bytes", "at least 0", t.bytes);
    if (t.last < t.first) fail("tensors.last", text("at least first ", t.first), t.last);
  }
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return tensors[a].bytes > tensors[b].bytes; });
  arena_plan plan{std::vector<index>(tensors.size(), 0), 0};
  std::vector<std::size_t> placed;  // by offset
  for (const std::size_t i : order) {
    const index size = round_up(tensors[i].bytes, strip_bytes);
    index at = 0;
    for (const std::size_t other : placed) {
      const bool together = tensors[other].first <= tensors[i].last && tensors[i].first <= tensors[other].last;
      if (!together) continue;
      if (plan.offsets[other] - at >= size) break;
      at = std::max(at, plan.offsets[other] + round_up(tensors[other].bytes, strip_bytes));
    }
    plan.offsets[i] = at;
    plan.bytes = std::max(plan.bytes, at + size);
    const auto after =
        std::find_if(placed.begin(), placed.end(), [&](std::size_t other) { return plan.offsets[other] > at; });
    placed.insert(after, i);
  }
  return plan;
}

}  // namespace PARE_UNIT
}  // namespace pare
