// pieces.hpp: runs an elementwise kernel over all of an expression, with the maps of a quantization.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <variant>
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
      : piece_(prototype),
        source_(source),
        stream_(stream),
        run_(kernel_for<Piece>(on)),
        run_computed_(computing_kernel(on)) {}

  /// The next `count` elements under these maps.
  void run(index count, piece_maps maps) {
    piece_.maps = maps;
    while (count > 0) {
      const index wanted = computes_ || piece_.maps.run - piece_.maps.begun < count ? count : until_aligned(count);
      piece_.stream = stream_ && misaligned(16) == 0;
      if (!run_strips(wanted)) {
        const auto values = source_(wanted);
        piece_.in = values.data();
        piece_.count = static_cast<index>(values.size());
        run_(piece_);
      }
      piece_.out += piece_.count;
      piece_.position += static_cast<std::uint64_t>(piece_.count);
      piece_.maps.advance(piece_.count);
      count -= piece_.count;
    }
  }

 private:
  /// Computes and converts in one pass where that can be done.
  bool run_strips([[maybe_unused]] index wanted) {
    if constexpr (computes_) {
      const auto rows = source_.strips(wanted, piece_.count);
      if (piece_.count > 0) run_computed_(piece_.reading(rows));
      return piece_.count > 0;
    }
    return false;
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

  static constexpr bool computes_ = requires(Source & source, Piece& piece) {
    piece.reading(source.strips(index{}, piece.count));
  };
  static auto computing_kernel([[maybe_unused]] target on) noexcept {
    if constexpr (computes_) {
      return kernel_for<decltype(std::declval<Piece&>().reading(
          std::declval<Source&>().strips(index{}, std::declval<index&>())))>(on);
    } else {
      return std::monostate{};
    }
  }

  Piece piece_;
  Source source_;
  bool stream_;
  piece_kernel<Piece> run_;
  [[no_unique_address]] decltype(computing_kernel(target{})) run_computed_;
};

/// The maps of consecutive elements, one by one.
class map_list {
 public:
  static constexpr index few = 512;  ///< for so many no memory is allocated

  explicit map_list(index size) : size_(size) {
    if (size <= few) return;
    more_floats_ = aligned_storage<float>(2 * size);
    more_zero_points_ = aligned_storage<std::int32_t>(size);
    scales_ = more_floats_.data();
    zero_points_ = more_zero_points_.data();
  }
  map_list(const map_list&) = delete;

  /// A row of the grid whose first parameter is `first`, and the same again until the list is full.
  template <class Grid>
  void fill(const Grid& grid, const affine_map* first) {
    index filled = 0;
    if (grid.longest_run() == 1) {
      filled = grid.row();
      split(first, filled, scales_, zero_points_);
    } else {
      grid.for_each_run_of_row([&](index relative, index count) {
        std::fill_n(scales_ + filled, count, first[relative].scale);
        std::fill_n(zero_points_ + filled, count, first[relative].zero_point);
        filled += count;
      });
    }
    float* const reciprocals = scales_ + size_;
    for (index i = 0; i < filled; ++i) reciprocals[i] = 1 / scales_[i];
    for (const index row = filled; filled < size_; filled += row) {
      std::copy_n(scales_, row, scales_ + filled);
      std::copy_n(reciprocals, row, reciprocals + filled);
      std::copy_n(zero_points_, row, zero_points_ + filled);
    }
  }
  index size() const noexcept { return size_; }
  piece_maps maps(bool moderate) const noexcept {
    return {nullptr, scales_, zero_points_, scales_ + size_, size_, 0, moderate};
  }

 private:
  static void split(const affine_map* maps, index count, float* __restrict scales,
                    std::int32_t* __restrict zero_points) {
    for (index i = 0; i < count; ++i) {
      scales[i] = maps[i].scale;
      zero_points[i] = maps[i].zero_point;
    }
  }

  index size_;
  alignas(64) float few_floats_[2 * few];
  alignas(64) std::int32_t few_zero_points_[few];
  aligned_storage<float> more_floats_;
  aligned_storage<std::int32_t> more_zero_points_;
  float* scales_ = few_floats_;  ///< and their reciprocals after them
  std::int32_t* zero_points_ = few_zero_points_;
};

/// How many rows of parameters a list has: the fewest that fill whole strips, if rows are alike.
template <class Grid>
index rows_of_list(const Grid& grid) {
  return grid.rows_alike() ? 16 / std::gcd(grid.row(), index{16}) : 1;
}

/// All `size` elements, of rows whose parameters change too often to call the kernel for each: it reads maps from
/// lists.
template <class Runner, class Grid>
void run_listed(Runner& runner, const Grid& grid, index size, const std::vector<affine_map>& maps, bool moderate) {
  const index row = grid.row();
  map_list list(row * rows_of_list(grid));
  if (grid.rows_alike()) {
    list.fill(grid, maps.data());
    return runner.run(size, list.maps(moderate));
  }
  const bool repeats = list.size() % 16 == 0;
  index listed = -1, waiting = 0;
  const auto flush = [&] {
    if (waiting > 0) runner.run(waiting * row, list.maps(moderate));
    waiting = 0;
  };
  grid.for_each_row([&](index first) {
    if (first != listed || !repeats) flush();
    if (first != listed) list.fill(grid, maps.data() + first);
    listed = first;
    ++waiting;
  });
  flush();
}

/// Stretches of elements that share their parameters: as many at once as have parameters one after the other, and the
/// same length in whole strips.
template <class Runner, class Grid>
void run_shared(Runner& runner, const Grid& grid, const std::vector<affine_map>& maps, bool moderate) {
  const auto run = [&](index first, index runs, index length) {
    piece_maps next{&maps[static_cast<std::size_t>(first)]};
    next.run = length;
    next.moderate = moderate;
    runner.run(runs * length, next);
  };
  if (grid.consecutive() && (grid.count() == 1 || grid.longest_run() % 16 == 0))
    return run(0, grid.count(), grid.longest_run());
  index first = 0, length = 0, runs = 0;
  grid.for_each_run([&](index parameter, index count) {
    if (runs == 0 || parameter != first + runs || count != length || count % 16 != 0) {
      if (runs > 0) run(first, runs, length);
      runs = 0;
      first = parameter;
      length = count;
    }
    ++runs;
  });
  if (runs > 0) run(first, runs, length);
}

/// Converts all elements of `source` to memory at `prototype.out`. maps: one for each parameter of the grid.
template <class Piece, class E, class Grid>
void run_pieces(const Piece& prototype, const E& source, const Grid& grid, const std::vector<affine_map>& maps,
                target on = best_target()) {
  index size = 1;
  for (const auto extent : source.shape()) size *= static_cast<index>(extent);
  if (size == 0) return;
  constexpr index few = 32;
  const bool listed = grid.longest_run() < few && grid.count() > 1;
  // Stretches that do not end with a strip would write lines half past the caches, half into them.
  const index stretch = listed ? grid.row() * rows_of_list(grid) : grid.run();
  const bool large = static_cast<std::size_t>(size) * sizeof(*prototype.out) >= stream_from_bytes;
  const bool stream = large && (grid.count() == 1 || stretch % 16 == 0);
  piece_runner<Piece, piece_source<E>> runner(prototype, source, stream, on);
  // Past the caches memory is the limit, and a division leaves room for more reads at once than a corrected product.
  const bool moderate = Piece::divides && !stream && are_within(maps, 0x1p-60f, 0x1p60f, INT32_MIN, INT32_MAX);
  if (listed) {
    run_listed(runner, grid, size, maps, moderate);
  } else {
    run_shared(runner, grid, maps, moderate);
  }
  if (stream)
    std::atomic_thread_fence(std::memory_order_seq_cst);  // other threads see what was written past the caches
}

}  // namespace PARE_UNIT
}  // namespace pare::detail
