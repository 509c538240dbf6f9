// memory.hpp: how many bytes of memory a network really touches, and whether it allocates while it runs.
#pragma once

#include <algorithm>
#include <new>
#include <span>
#include <vector>

#include "program.hpp"

namespace tiny {

/// Calls of operator new so far in this program: memory.cpp replaces it.
long allocations() noexcept;

struct memory_use {
  index touched = 0;          ///< bytes from the first to the last that a run changed
  bool before_it = false;     ///< whether any byte before the arena changed
  long allocations_made = 0;  ///< during the runs
};

/// Runs the network twice in memory of three times its arena, filled with one byte and then another: what a run writes
/// differs from one of the two. fill(to, count) writes the input. Leaves the network without memory: use_memory()
/// again.
template <class T, class Fill>
memory_use measure_memory(program<T>& net, const Fill& fill, pare::target on = pare::best_target()) {
  const auto arena = static_cast<std::size_t>(net.net.arena_bytes());
  pare::aligned_storage<std::byte> memory(static_cast<index>(3 * arena));
  net.net.use_memory({memory.data() + arena, 2 * arena});
  const auto x = net.net.view(net.tensors[net.input]);
  std::vector<char> changed(3 * arena, 0);
  memory_use result;
  for (const std::byte filling : {std::byte{0x5a}, std::byte{0xa5}}) {
    std::fill(memory.begin(), memory.end(), filling);
    fill(x.data, x.size());
    const long before = allocations();
    net.net.run(on);
    result.allocations_made += allocations() - before;
    for (std::size_t i = 0; i < changed.size(); ++i) changed[i] |= memory[static_cast<index>(i)] != filling;
  }
  const auto first = changed.begin() + static_cast<std::ptrdiff_t>(arena);
  result.before_it = std::find(changed.begin(), first, 1) != first;
  result.touched = std::find(changed.rbegin(), std::make_reverse_iterator(first), 1).base() - first;
  return result;
}

}  // namespace tiny
