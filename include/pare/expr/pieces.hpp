// pieces.hpp: runs an elementwise kernel over all of an expression, with the maps of a quantization.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "../core/storage.hpp"
#include "../kernel/convert.hpp"
#include "../quant/quantization.hpp"
#include "source.hpp"

namespace pare::detail {
inline namespace PARE_UNIT {

/// Outputs of this size and more are written past the caches, which they would only empty.
inline constexpr std::size_t stream_from_bytes = std::size_t{8} << 20;

/// Runs a kernel on piece after piece, all in order.
template <class Piece, class Source>
class piece_runner {
 public:
  using out_type = std::remove_pointer_t<decltype(Piece::out)>;

  template <class E>
  piece_runner(const Piece& prototype, const E& source, bool stream, target on)
      : piece_(prototype), source_(source), stream_(stream), run_(kernel_for<Piece>(on)) {}

  /// The next `count` elements under these maps.
  void run(index count, piece_maps maps) {
    piece_.maps = maps;
    while (count > 0) {
      const auto values = source_(until_aligned(count));
      piece_.in = values.data();
      piece_.count = static_cast<index>(values.size());
      piece_.stream = stream_ && misaligned(16) == 0;
      run_(piece_);
      piece_.out += piece_.count;
      piece_.position += static_cast<std::uint64_t>(piece_.count);
      if (piece_.maps.shared == nullptr) advance(piece_.maps, piece_.count);
      count -= piece_.count;
    }
  }

 private:
  static void advance(piece_maps& maps, index count) noexcept {
    maps.scales += count;
    maps.zero_points += count;
    maps.reciprocals += count;
  }
  /// How many elements the next one is behind a multiple of this many bytes.
  index misaligned(std::size_t bytes) const noexcept {
    return static_cast<index>(reinterpret_cast<std::uintptr_t>(piece_.out) % bytes / sizeof(out_type));
  }
  /// Fewer elements if many after them can then be written in whole lines.
  index until_aligned(index count) const noexcept {
    constexpr index many = 4096;
    if (!stream_ || count < many || misaligned(strip_bytes) == 0) return count;
    return static_cast<index>(strip_bytes / sizeof(out_type)) - misaligned(strip_bytes);
  }

  Piece piece_;
  Source source_;
  bool stream_;
  piece_kernel<Piece> run_;
};

/// The maps of consecutive elements, one by one.
class map_list {
 public:
  explicit map_list(index size) : scales_(size), reciprocals_(size), zero_points_(size) {}

  /// A row of the grid whose first parameter is `first`, and the same again until the list is full.
  template <class Grid>
  void fill(const Grid& grid, const affine_map* first) {
    index i = 0;
    grid.for_each_run_of_row([&](index relative, index count) {
      const affine_map map = first[relative];
      const float reciprocal = 1 / map.scale;
      for (const index end = i + count; i < end; ++i) {
        scales_[i] = map.scale;
        reciprocals_[i] = reciprocal;
        zero_points_[i] = map.zero_point;
      }
    });
    for (const index row = i; i < scales_.size(); i += row) {
      const auto again = [&](auto& list) { std::copy_n(list.data(), row, list.data() + i); };
      again(scales_), again(reciprocals_), again(zero_points_);
    }
  }
  piece_maps maps() const noexcept { return {nullptr, scales_.data(), zero_points_.data(), reciprocals_.data()}; }

 private:
  aligned_storage<float> scales_, reciprocals_;
  aligned_storage<std::int32_t> zero_points_;
};

/// How many rows of parameters that change from row to row, or do not, are converted at once: short ones that are alike
/// go together, so that they fill whole strips, and lines when they are written past the caches.
template <class Grid>
index rows_together(const Grid& grid) {
  if (!grid.rows_alike()) return 1;
  const index wanted = std::max<index>(1, 1024 / grid.row()), whole = 16 / std::gcd(grid.row(), index{16});
  return (wanted + whole - 1) / whole * whole;
}

/// Rows whose parameters change too often to call the kernel for each: it reads maps from lists.
template <class Runner, class Grid>
void run_listed(Runner& runner, const Grid& grid, const std::vector<affine_map>& maps) {
  const index row = grid.row(), together = rows_together(grid);
  map_list list(row * together);
  index listed = -1, waiting = 0;
  const auto flush = [&] {
    runner.run(waiting * row, list.maps());
    waiting = 0;
  };
  grid.for_each_row([&](index first) {
    if (first != listed) list.fill(grid, maps.data() + first);
    listed = first;
    if (++waiting == together) flush();
  });
  if (waiting > 0) flush();
}

/// Converts all elements of `source` to memory at `prototype.out`. maps: one for each parameter of the grid.
template <class Piece, class E, class Grid>
void run_pieces(const Piece& prototype, const E& source, const Grid& grid, const std::vector<affine_map>& maps,
                target on = best_target()) {
  std::size_t bytes = sizeof(*prototype.out);
  for (const auto extent : source.shape()) bytes *= static_cast<std::size_t>(extent);
  if (bytes == 0) return;
  constexpr index few = 32;
  const bool listed = grid.longest_run() < few && grid.count() > 1;
  // Stretches that do not end with a strip would write lines half past the caches, half into them.
  const index stretch = listed ? grid.row() * rows_together(grid) : grid.run();
  const bool stream = bytes >= stream_from_bytes && (grid.count() == 1 || stretch % 16 == 0);
  piece_runner<Piece, piece_source<E>> runner(prototype, source, stream, on);
  if (listed) {
    run_listed(runner, grid, maps);
  } else {
    grid.for_each_run([&](index parameter, index count) {
      runner.run(count, {&maps[static_cast<std::size_t>(parameter)], nullptr, nullptr});
    });
  }
  if (stream)
    std::atomic_thread_fence(std::memory_order_seq_cst);  // other threads see what was written past the caches
}

}  // namespace PARE_UNIT
}  // namespace pare::detail
