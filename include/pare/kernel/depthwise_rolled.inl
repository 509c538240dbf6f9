// depthwise_rolled.inl: windows of 3 x 3 floats, seven columns of one panel from the top to the bottom: a row of the
// image is read once and meets the three rows of the output around it, whose sums are in registers. Images of many
// channels have every pixel of a panel in the same few sets of the first-level cache, which would not hold them for a
// second reading. Included by depthwise_in_place.inl.

inline constexpr int rolled_columns = 7;      ///< images of networks are multiples; 3 x 7 sums and 9 weights fit
inline constexpr index gathered_lines = 448;  ///< 16 channels of a pixel each, 28 KiB

/// Output rows [begin, end) of one image, counted over all images, from column x on.
struct rolled_stripe {
  index begin, end, x;
};

/// The columns of a row of the image, from the one before the stripe if that is inside, meet sums of the three output
/// rows, from the last on.
template <class Traits, bool Left, bool Right, class Sum, class Weights>
PARE_ALWAYS_INLINE void add_rolled_row(Sum (&sum)[3][rolled_columns], const Weights (&w)[9], const std::byte* row,
                                       index column_bytes) {
  PARE_UNROLL for (int u = Left ? 1 : 0; u < rolled_columns + (Right ? 1 : 2); ++u) {
    const auto cell = load_cells<Traits>(row + (u - (Left ? 1 : 0)) * column_bytes);
    PARE_UNROLL for (int l = 0; l < 3; ++l) PARE_UNROLL for (int r = 0; r < rolled_columns; ++r) {
      if (r <= u && u < r + 3) Traits::dot::template mul_add<0>(sum[l][r], cell, w[(2 - l) * 3 + u - r]);
    }
  }
}

/// Where a stripe goes: the first panel of its first pixel, and how far the next pixel and row are.
template <class Out>
struct rolled_output {
  Out* out;
  index pixel, line;
};

/// A stripe of some panels. Left, Right: its windows leave the image there.
template <class Call, bool Left, bool Right, class Out>
__attribute__((noinline)) void rolled_tiles(const Call& call, const rolled_output<Out>& to, const rolled_stripe& stripe,
                                            panel_range panels) {
  using info = depthwise_traits<Call>;
  using dot = typename info::dot;
  const index width = call.extents.width, column_bytes = call.image.channels * cell_bytes;
  const index panel_bytes = call.weights.panel_bytes;
  const index begin = stripe.begin % call.extents.height, end = begin + stripe.end - stripe.begin;
  const index first = larger(begin - 1, index{0});
  const std::byte* image = image_pixel(call, stripe.begin, first, stripe.x - (Left ? 0 : 1));
  for (index panel = panels.begin; panel < panels.end; ++panel) {
    const std::byte *weights = call.weights.strips + panel * panel_bytes, *row = image + panel * strip_bytes;
    const auto stages = stages_for<1>(lane_stages(call), panel * strip_lanes);  // as in held_tiles
    typename dot::part w[9];
    PARE_UNROLL for (int s = 0; s < 9; ++s) w[s] = dot::template load<0>(weights + s * strip_bytes);
    typename dot::acc sum[3][rolled_columns] = {};
    index pixel = stripe.begin * width + stripe.x;
    Out* out = to.out + (panel - panels.begin) * strip_lanes;
    const auto store = [&](const auto& done) __attribute__((always_inline)) {
      store_at<rolled_columns, 1>(
          out, to.pixel, stages, pixel, panel * strip_lanes, [&](int r, int) __attribute__((always_inline)) {
            return lane_result(call, 0, done[r]);
          });
    };
    for (index y = first; y < end; ++y, row += width * column_bytes) {
      add_rolled_row<info, Left, Right>(sum, w, row, column_bytes);
      end_sums<3, rolled_columns>(sum);
      if (y > begin) {
        store(sum[0]);
        pixel += width;
        out += to.line;
      }
      PARE_UNROLL for (int r = 0; r < rolled_columns; ++r) {
        sum[0][r] = sum[1][r];
        sum[1][r] = sum[2][r];
        sum[2][r] = {};
      }
    }
    if (end < call.image.height) add_rolled_row<info, Left, Right>(sum, w, row, column_bytes);
    store(sum[0]);
  }
}

/// Whether stripes make up the output, which has the extents of the image, padded by one.
template <class Call>
bool rolls(const Call& call) {
  const auto& g = call.geometry;
  return g.stride_x == 1 && g.pad_left == 1 && g.pad_top == 1 && call.extents.height == call.image.height &&
         call.extents.width == call.image.width && call.extents.width % rolled_columns == 0;
}

/// A stripe of some panels by `tiles`, a rolled_tiles, gathered `together` panels at a time, which leave pixel by
/// pixel.
template <class Call, class Tiles>
void gathered_stripe(const Call& call, float* out, const rolled_stripe& stripe, panel_range panels, index together,
                     const Tiles& tiles) {
  const index lines = stripe.end - stripe.begin, width = call.extents.width, stride = call.out_stride;
  alignas(strip_bytes) float gathered[gathered_lines * strip_lanes];
  for (index panel = panels.begin; panel < panels.end; panel += together) {
    const index count = smaller(together, panels.end - panel), lanes = count * strip_lanes;
    tiles(call, {gathered, lanes, rolled_columns * lanes}, stripe, {panel, panel + count});
    const float* from = gathered;
    for (index y = 0; y < lines; ++y) {
      float* to = out + y * width * stride + panel * strip_lanes;
      for (index x = 0; x < rolled_columns; ++x, to += stride)
        for (index lane = 0; lane < lanes; lane += strip_lanes, from += strip_lanes)
          store_strip(to + lane, load_lanes<f32x16>(from));
    }
  }
}

/// A stripe of some panels. Lines of the output that lie a pixel of many channels apart fall in a few sets of the
/// first-level cache: on Zen 5 each takes 18 to 26 cycles, four side by side take 5. Where four panels can be gathered,
/// they are. Larger images lie further away than the second level, and have their stores among products (28x28x256
/// gathered took 1.4 times as long).
template <class Call, class Out, class Tiles>
void rolled_stripe_of(const Call& call, Out* out, const rolled_stripe& stripe, panel_range panels, const Tiles& tiles) {
  const index width = call.extents.width, stride = call.out_stride;
  out += (stripe.begin * width + stripe.x) * stride;
  if constexpr (std::is_same_v<Out, float>) {
    constexpr index least = 4, most = 8;
    const index together = smaller(gathered_lines / ((stripe.end - stripe.begin) * rolled_columns), most);
    if (together >= least) return gathered_stripe(call, out, stripe, panels, together, tiles);
  }
  tiles(call, {out + panels.begin * strip_lanes, stride, width * stride}, stripe, panels);
}

/// Some panels. Pre: rolls, and windows are as depthwise_in_place wants them.
template <class Call>
void rolled_panels(const Call& call, panel_range panels) {
  using out_type = std::remove_pointer_t<decltype(call.out)>;
  const index height = call.extents.height, width = call.extents.width;
  for (index line = call.part.row_begin, end; line < call.part.row_end; line = end) {
    end = smaller(line / height * height + height, call.part.row_end);
    for (index x = 0; x < width; x += rolled_columns) {
      const bool left = x == 0, right = x + rolled_columns == width;
      const auto tiles = left && right ? rolled_tiles<Call, true, true, out_type>
                         : left        ? rolled_tiles<Call, true, false, out_type>
                         : right       ? rolled_tiles<Call, false, true, out_type>
                                       : rolled_tiles<Call, false, false, out_type>;
      rolled_stripe_of(call, call.out, {line, end, x}, panels, tiles);
    }
  }
}
