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
  explicit map_list(index size) : scales_(size), reciprocals_(size), zero_points_(size) {}

  /// A row of the grid whose first parameter is `first`, and the same again until the list is full.
  template <class Grid>
  void fill(const Grid& grid, const affine_map* first) {
    index i = 0;
    grid.for_each_run_of_row([&](index relative, index count) {
      const affine_map map = first[relative];
      for (const index end = i + count; i < end; ++i) {
        scales_[i] = map.scale;
        zero_points_[i] = map.zero_point;
      }
    });
    for (const index row = i; i < scales_.size(); i += row) {
      std::copy_n(scales_.data(), row, scales_.data() + i);
      std::copy_n(zero_points_.data(), row, zero_points_.data() + i);
    }
    for (i = 0; i < scales_.size(); ++i) reciprocals_[i] = 1 / scales_[i];
  }
  piece_maps maps() const noexcept {
    piece_maps all{nullptr, scales_.data(), zero_points_.data(), reciprocals_.data()};
    all.run = scales_.size();
    return all;
  }

 private:
  aligned_storage<float> scales_, reciprocals_;
  aligned_storage<std::int32_t> zero_points_;
};

/// How many rows of parameters a list has: the fewest that fill whole strips, if rows are alike.
template <class Grid>
index rows_of_list(const Grid& grid) {
  return grid.rows_alike() ? 16 / std::gcd(grid.row(), index{16}) : 1;
}

/// Rows whose parameters change too often to call the kernel for each: it reads maps from lists.
template <class Runner, class Grid>
void run_listed(Runner& runner, const Grid& grid, const std::vector<affine_map>& maps) {
  const index row = grid.row();
  map_list list(row * rows_of_list(grid));
  const bool repeats = list.maps().run % 16 == 0;
  index listed = -1, waiting = 0;
  const auto flush = [&] {
    if (waiting > 0) runner.run(waiting * row, list.maps());
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
void run_shared(Runner& runner, const Grid& grid, const std::vector<affine_map>& maps) {
  index first = 0, length = 0, runs = 0;
  const auto flush = [&] {
    piece_maps next{&maps[static_cast<std::size_t>(first)]};
    next.run = length;
    if (runs > 0) runner.run(runs * length, next);
    runs = 0;
  };
  grid.for_each_run([&](index parameter, index count) {
    if (runs == 0 || parameter != first + runs || count != length || count % 16 != 0) {
      flush();
      first = parameter;
      length = count;
    }
    ++runs;
  });
  flush();
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
  const index stretch = listed ? grid.row() * rows_of_list(grid) : grid.run();
  const bool stream = bytes >= stream_from_bytes && (grid.count() == 1 || stretch % 16 == 0);
  piece_runner<Piece, piece_source<E>> runner(prototype, source, stream, on);
  if (listed) {
    run_listed(runner, grid, maps);
  } else {
    run_shared(runner, grid, maps);
  }
  if (stream)
    std::atomic_thread_fence(std::memory_order_seq_cst);  // other threads see what was written past the caches
}

}  // namespace PARE_UNIT
}  // namespace pare::detail
