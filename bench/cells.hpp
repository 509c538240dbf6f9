// cells.hpp: activations in channel cells that a benchmark row owns.
#pragma once

#include "buffer.hpp"
#include "pare/core/cells.hpp"

namespace pare::bench {

template <class T>
struct owned_cells {
  owned_cells(index pixels, index channels)
      : memory(static_cast<std::size_t>(cells_view<T>(nullptr, pixels, channels).size())),
        view(memory.data(), pixels, channels) {}
  buffer<T> rows() const {
    buffer<T> all;
    for (index i = 0; i < view.pixels; ++i)
      for (index c = 0; c < view.channels; ++c) all.push_back(view(i, c));
    return all;
  }
  buffer<T> memory;
  cells_view<T> view;
};

}  // namespace pare::bench
