// tap_walk.hpp: the operands of a convolution in memory: an image and the window over it.
#pragma once

#include <cstddef>

#include "../reference/geometry.hpp"

namespace pare {

/// What a run reads: the channels of a tap, a row of the window, or all of it.
enum class tap_run { tap, row, window };

/// An image and the window over it, in bytes. Pixels, rows and images follow each other without gaps.
struct tap_walk {
  const std::byte* image = nullptr;
  index batch = 0;
  image_extents extents, window, out;
  conv_geometry geometry;
  index pixel_bytes = 0;
  index first_byte = 0;          ///< of every pixel: where the channels begin that are read
  index run_bytes = 0;           ///< of one run
  index cell_bytes = 0;          ///< runs are read in multiples of it
  tap_run reads = tap_run::tap;  ///< first_byte is 0 for the others
  std::byte zero_point{0};       ///< every byte of padding

  constexpr index image_bytes() const noexcept { return batch * extents.height * extents.width * pixel_bytes; }
};

}  // namespace pare
