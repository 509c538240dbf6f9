// depthwise_in_place.inl: windows of 3 x 3 floats, read where they lie: a line or two of the output at a time, some
// pixels, all panels, so that lines of the image pass by in their order and two lines share what they read. Included by
// depthwise.inl.

/// Panels [begin, end).
struct panel_range {
  index begin, end;
};

/// Output pixels [pixel, pixel + count) of a line, whose windows lie in the image; that of the first begins at `image`.
struct inner_pixels {
  const std::byte* image;
  index pixel, count;
};

/// L lines of R pixels of some panels.
template <class Call, int L, int R, int Stride>
__attribute__((noinline)) void in_place_tiles(const Call& call, const std::byte* image, index pixel,
                                              panel_range panels) {
  using info = depthwise_traits<Call>;
  using dot = typename info::dot;
  constexpr int rows = (L - 1) * Stride + 3, columns = (R - 1) * Stride + 3;
  const index column_bytes = call.image.channels * cell_bytes, row_bytes = call.image.width * column_bytes;
  const index width = call.extents.width, panel_bytes = call.weights.panel_bytes;
  const std::byte* weights = call.weights.strips + panels.begin * panel_bytes;
  image += panels.begin * strip_bytes;
  const std::remove_cvref_t<decltype(lane_stages(call))> stages = lane_stages(call);  // as in held_tiles
  for (index panel = panels.begin; panel < panels.end; ++panel, weights += panel_bytes, image += strip_bytes) {
    typename dot::part w[9];
    PARE_UNROLL for (int s = 0; s < 9; ++s) w[s] = dot::template load<0>(weights + s * strip_bytes);
    typename dot::acc sum[L][R] = {};
    const std::byte* row = image;
    PARE_UNROLL for (int v = 0; v < rows; ++v, row += row_bytes) {
      const std::byte* third = row;  // as in `step`
      PARE_UNROLL for (int u = 0; u < columns; ++u) {
        if (u % 3 == 0 && u != 0) third += 3 * column_bytes;
        const auto cell = load_cells<info>(third + u % 3 * column_bytes);
        PARE_UNROLL for (int l = 0; l < L; ++l) PARE_UNROLL for (int r = 0; r < R; ++r) {
          const int y = v - l * Stride, x = u - r * Stride;
          if (y >= 0 && y < 3 && x >= 0 && x < 3) dot::template mul_add<0>(sum[l][r], cell, w[y * 3 + x]);
        }
      }
    }
    end_sums<L, R>(sum);
    PARE_UNROLL for (int l = 0; l < L; ++l) store_whole<R, 1>(
        call, stages, pixel + l * width, panel * strip_lanes, [&](int r, int) __attribute__((always_inline)) {
          return lane_result(call, 0, sum[l][r]);
        });
  }
}

/// L lines of inner pixels, R at a time, then 4 and 1.
template <class Call, int L, int R, int Stride>
void in_place_lines(const Call& call, inner_pixels inner, panel_range panels) {
  const index pixel_bytes = Stride * call.image.channels * cell_bytes;
  for (; inner.count >= R; inner.count -= R, inner.pixel += R, inner.image += R * pixel_bytes)
    in_place_tiles<Call, L, R, Stride>(call, inner.image, inner.pixel, panels);
  if constexpr (R > 1) {
    if (inner.count > 0) in_place_lines<Call, L, (R > 4 ? 4 : 1), Stride>(call, inner, panels);
  }
}

/// R pixels of some panels, V at a time while there are as many, of whose taps some lie outside: `taps` are those that
/// do not, of the first pixel.
template <class Call, int R, int V>
__attribute__((noinline)) void edge_tiles(const Call& call, const cell_tap* taps, const cell_tap* end, index pixel,
                                          panel_range panels) {
  using info = depthwise_traits<Call>;
  const index pixel_bytes = call.geometry.stride_x * call.image.channels * cell_bytes;
  const index panel_bytes = call.weights.panel_bytes;
  const std::remove_cvref_t<decltype(lane_stages(call))> stages = lane_stages(call);
  for (; panels.begin + V <= panels.end; panels.begin += V) {
    const index at = panels.begin * strip_bytes, strips = panels.begin * panel_bytes;
    typename info::dot::acc sum[V][R] = {};
    for (const cell_tap* tap = taps; tap != end; ++tap)
      PARE_UNROLL for (int v = 0; v < V; ++v) add_tap<info, R>(sum[v], tap->cells + at + v * strip_bytes,
                                                               tap->weights + strips + v * panel_bytes, pixel_bytes);
    end_sums<V, R>(sum);
    store_whole<R, V>(
        call, stages, pixel, panels.begin * strip_lanes, [&](int r, int v) __attribute__((always_inline)) {
          return lane_result(call, 0, sum[v][r]);
        });
  }
  if constexpr (V > 1) {
    if (panels.begin < panels.end) edge_tiles<Call, R, 1>(call, taps, end, pixel, panels);
  }
}

/// The byte of pixel (y, x) of the image that `line` is of.
template <class Call>
const std::byte* image_pixel(const Call& call, index line, index y, index x) {
  const auto& image = call.image;
  const index row = line / call.extents.height * image.height + y;
  return reinterpret_cast<const std::byte*>(image.data + (row * image.width + x) * image.channels);
}

/// Pixels [x, x + count) of a line, whose windows leave the image in the same way.
template <class Call>
void edge_pixels(const Call& call, index line, index x, index count, panel_range panels) {
  const auto& g = call.geometry;
  const index top = line % call.extents.height * g.stride_y - g.pad_top;
  for (index done = 0; done < count;) {
    const index left = (x + done) * g.stride_x - g.pad_left;
    cell_tap taps[9], *end = taps;
    for (index tap = 0; tap < 9; ++tap) {
      const index row = top + tap / 3, column = left + tap % 3;
      if (row >= 0 && row < call.image.height && column >= 0 && column < call.image.width)
        *end++ = {image_pixel(call, line, row, column), call.weights.strips + tap * strip_bytes};
    }
    const index pixel = line * call.extents.width + x + done;
    if (count - done >= 4) {
      edge_tiles<Call, 4, 4>(call, taps, end, pixel, panels);
      done += 4;
    } else {
      edge_tiles<Call, 1, 4>(call, taps, end, pixel, panels);
      done += 1;
    }
  }
}

/// Positions [first, last) along one axis whose windows of three lie in the image.
struct inner_range {
  index first, last;
  inner_range(index outputs, index inputs, index stride, index padding)
      : first(smaller(ceil_div(padding, stride), outputs)),
        last(inputs + padding < 3 ? first : clamped((inputs + padding - 3) / stride + 1, first, outputs)) {}
  bool holds(index i) const { return i >= first && i < last; }
};

/// Lines [begin, end) of the output, some panels. Pre: windows are as depthwise_in_place wants them.
template <class Call, int Stride>
void in_place_panels(const Call& call, panel_range panels) {
  const auto& g = call.geometry;
  const index height = call.extents.height, width = call.extents.width;
  const inner_range rows(height, call.image.height, Stride, g.pad_top);
  const inner_range columns(width, call.image.width, Stride, g.pad_left);
  for (index line = call.part.row_begin, lines; line < call.part.row_end; line += lines) {
    const index y = line % height;
    lines = 1;
    if (!rows.holds(y) || columns.first == columns.last) {
      edge_pixels(call, line, 0, columns.first, panels);
      edge_pixels(call, line, columns.first, columns.last - columns.first, panels);
    } else {
      const inner_pixels inner{image_pixel(call, line, y * Stride - g.pad_top, columns.first * Stride - g.pad_left),
                               line * width + columns.first, columns.last - columns.first};
      if (rows.holds(y + 1) && line + 1 < call.part.row_end) lines = 2;
      if (lines == 2) {
        in_place_lines<Call, 2, Stride == 1 ? 6 : 4, Stride>(call, inner, panels);
      } else {
        in_place_lines<Call, 1, 4, Stride>(call, inner, panels);
      }
      for (index l = 0; l < lines; ++l) edge_pixels(call, line + l, 0, columns.first, panels);
    }
    for (index l = 0; l < lines; ++l) edge_pixels(call, line + l, columns.last, width - columns.last, panels);
  }
}

#include "depthwise_rolled.inl"

/// Does panels of 16 channels in place, if the window is 3 x 3. Gives the first panel that is left.
template <class Call>
index depthwise_in_place(const Call& call) {
  const index first = call.part.column_begin / strip_lanes;
  if constexpr (holds_windows<Call> && !IntegerRange<typename Call::weights_range>) {
    const auto& g = call.geometry;
    if (call.window.height == 3 && call.window.width == 3 && g.dilation_x == 1 && g.dilation_y == 1 &&
        g.stride_x == g.stride_y && g.stride_x <= 2 && call.multiplier == 1 &&
        call.part.column_begin % strip_lanes == 0) {
      const index panels = call.part.column_end / strip_lanes;
      if (rolls(call)) {
        rolled_panels(call, {first, panels});
        return panels;
      }
      constexpr index most = 24;  // their weights, 13.5 KiB, stay in the first-level cache
      for (index panel = first; panel < panels; panel += most) {
        const panel_range some{panel, smaller(panel + most, panels)};
        if (g.stride_x == 1) {
          in_place_panels<Call, 1>(call, some);
        } else {
          in_place_panels<Call, 2>(call, some);
        }
      }
      return panels;
    }
  }
  return first;
}
