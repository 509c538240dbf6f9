// pieces.hpp: runs an elementwise kernel over all of an expression, with the maps of a quantization.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

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
      piece_.stream = stream_ && misaligned() == 0;
      run_(piece_);
      piece_.out += piece_.count;
      piece_.position += static_cast<std::uint64_t>(piece_.count);
      if (piece_.maps.shared == nullptr) piece_.maps.scales += piece_.count, piece_.maps.zero_points += piece_.count;
      count -= piece_.count;
    }
  }

 private:
  index misaligned() const noexcept {
    return static_cast<index>(reinterpret_cast<std::uintptr_t>(piece_.out) % strip_bytes / sizeof(out_type));
  }
  /// Fewer elements if the ones after them can then be streamed.
  index until_aligned(index count) const noexcept {
    if (!stream_ || misaligned() == 0) return count;
    return std::min(count, static_cast<index>(strip_bytes / sizeof(out_type)) - misaligned());
  }

  Piece piece_;
  Source source_;
  bool stream_;
  piece_kernel<Piece> run_;
};

/// Rows whose parameters change too often to call the kernel for each: it reads maps from lists.
template <class Runner, class Grid>
void run_listed(Runner& runner, const Grid& grid, const std::vector<affine_map>& maps) {
  const index row = grid.row();
  // Rows that are alike go together, so that short ones fill whole strips.
  const index together = grid.rows_alike() ? std::max<index>(1, 1024 / row) : 1;
  std::vector<float> scales(static_cast<std::size_t>(row * together));
  std::vector<std::int32_t> zero_points(scales.size());
  index listed = -1, waiting = 0;
  const auto flush = [&] {
    runner.run(waiting * row, {nullptr, scales.data(), zero_points.data()});
    waiting = 0;
  };
  grid.for_each_row([&](index first) {
    if (first != listed) {
      std::size_t i = 0;
      for (index copy = 0; copy < together; ++copy)
        grid.for_each_run_of_row([&](index relative, index count) {
          const affine_map& map = maps[static_cast<std::size_t>(first + relative)];
          for (const std::size_t end = i + static_cast<std::size_t>(count); i < end; ++i)
            scales[i] = map.scale, zero_points[i] = map.zero_point;
        });
      listed = first;
    }
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
  const bool stream = bytes >= stream_from_bytes;
  piece_runner<Piece, piece_source<E>> runner(prototype, source, stream, on);
  constexpr index few = 32;
  if (grid.longest_run() < few && grid.count() > 1) {
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
