// packed_conv.hpp: the weights of a convolution as its kernel reads them, owned: packed once, run on any target.
#pragma once

#include "../core/standard.hpp"
#include "../kernel/taps.hpp"
#include "../numeric/range.hpp"
#include "packed.hpp"

namespace pare {

/// Weights OHWI [outputs, window height, window width, inputs / groups] in the element range W, in panels of 16 outputs
/// whose k axis is the runs of kernel/taps.hpp, each completed with zeros to whole cells.
///
/// The outputs of a panel read one range of input channels: all of them, their group's, or, where a panel holds several
/// groups, those of all of them, with zeros for the inputs that an output does not see.
///
/// Structure is dense, block<16, C>, n_of_m<N, M>, n_of_m<N, M, 16>, or block<R, C> with R = 1, 2, 4 or 8, whose
/// activations are in channel cells (conv2d_cells.hpp): k is then the window's taps, each of all input channels, and a
/// block of zeros, other groups' included, costs nothing.
template <Element W, class Structure = dense>
class packed_conv {
 public:
  using range = W;
  using element = typename W::type;
  using structure = Structure;
  static constexpr bool in_cells = is_listed<Structure> && group_of<Structure> < strip_lanes;
  static_assert(std::is_same_v<Structure, dense> || is_listed<Structure> || window_depth<Structure> != 0,
                "pare: convolutions take dense weights, block<R, C> with R = 1, 2, 4, 8 or 16, n_of_m<N, M> and "
                "n_of_m<N, M, 16>; for other structures zeros cost as much as other weights");

  packed_conv() = default;
  /// Fails if groups does not divide the outputs, the window is empty, or a weight is outside W.
  explicit packed_conv(const image_view<const element>& weights, index groups = 1) { pack(weights, groups); }
  /// Packs floats, each rounded to the nearest half.
  explicit packed_conv(const image_view<const float>& weights, index groups = 1) requires std::is_same_v<W, f16> {
    pack(weights, groups);
  }

  index outputs() const noexcept { return outputs_; }
  /// Channels of the input image.
  index inputs() const noexcept { return group_inputs_ * groups_; }
  image_extents window() const noexcept { return window_; }
  index groups() const noexcept { return groups_; }
  /// Products per output.
  index depth() const noexcept { return window_.height * window_.width * group_inputs_; }
  /// Memory of the packed operand.
  std::size_t bytes() const noexcept { return matrix_.bytes(); }
  /// Fraction of the blocks that are kept; 1 for dense.
  double density() const noexcept { return matrix_.density(); }

  // What a kernel needs.
  /// Products per output with the zeros that complete the runs.
  index packed_depth() const noexcept { return matrix_.k(); }
  panel_view<Structure> view() const noexcept { return matrix_.view(); }
  tap_run reads() const noexcept {
    if (groups_ != 1 || in_cells || window_depth<Structure> != 0) return tap_run::tap;
    return run_of<W, is_listed<Structure>>(window_, group_inputs_);
  }
  /// Channels that one tap reads.
  index read_inputs() const noexcept { return read_inputs_; }
  /// The first input channel that `panel` reads.
  index first_input(index panel) const noexcept {
    if (groups_ == 1 || in_cells) return 0;
    const index group = panel * strip_lanes / (outputs_ / groups_);
    return smaller(group * group_inputs_, inputs() - read_inputs_);
  }

 private:
  /// Inputs that one cell of the weights meets, or one window of them.
  static constexpr index cell_inputs = larger(step_depth<W>, window_depth<Structure>);
  template <class T>
  void pack(const image_view<const T>& weights, index groups);
  index most_inputs_of_a_panel() const noexcept;
  template <class T>
  void copy_channel(const image_view<const T>& weights, index output, element* row) const noexcept;

  index outputs_ = 0, groups_ = 1, group_inputs_ = 0, read_inputs_ = 0;
  image_extents window_;
  packed_weights<W, Structure> matrix_;
};

template <Element W, class Structure>
template <class T>
void packed_conv<W, Structure>::pack(const image_view<const T>& weights, index groups) {
  outputs_ = weights.batch;
  groups_ = groups;
  group_inputs_ = weights.channels;
  expect_valid("weights", weights);
  if (groups < 1) fail("groups", "at least 1", groups);
  if (outputs_ % groups != 0) fail("groups", words("a divisor of the ", outputs_, " outputs"), groups);
  if (weights.height < 1) fail("weights.height", "at least 1", weights.height);
  if (weights.width < 1) fail("weights.width", "at least 1", weights.width);
  window_ = {weights.height, weights.width};
  read_inputs_ = most_inputs_of_a_panel();
  const index rows = window_.height, columns = window_.width, tap = round_up(read_inputs_, cell_inputs);
  const index k = reads() == tap_run::window ? round_up(rows * columns * group_inputs_, cell_inputs)
                  : reads() == tap_run::row  ? rows * round_up(columns * group_inputs_, cell_inputs)
                                             : rows * columns * tap;
  const auto source = [&](index first, const matrix_view<element>& tile) {
    for (index j = 0; j < tile.rows; ++j) {
      fill_elements(tile.row(j), k, element{0});
      copy_channel(weights, first + j, tile.row(j));
    }
  };
  matrix_ = packed_weights<W, Structure>(outputs_, k, source, larger(tap, index{1}));
}

template <Element W, class Structure>
index packed_conv<W, Structure>::most_inputs_of_a_panel() const noexcept {
  if (in_cells) return inputs();
  if (groups_ == 1 || outputs_ == 0) return group_inputs_;
  const index per_group = outputs_ / groups_;
  index most = 0;
  for (index first = 0; first < outputs_; first += strip_lanes) {
    const index last = smaller(first + strip_lanes, outputs_) - 1;
    most = larger(most, last / per_group - first / per_group + 1);
  }
  return most * group_inputs_;
}

template <Element W, class Structure>
template <class T>
void packed_conv<W, Structure>::copy_channel(const image_view<const T>& weights, index output,
                                             element* row) const noexcept {
  const index group = output / larger(outputs_ / groups_, index{1});
  const index first = group * group_inputs_ - first_input(output / strip_lanes);
  const index tap_step = reads() != tap_run::tap ? group_inputs_ : round_up(read_inputs_, cell_inputs);
  const index row_step =
      reads() == tap_run::row ? round_up(window_.width * group_inputs_, cell_inputs) : window_.width * tap_step;
  for (index v = 0; v < window_.height; ++v)
    for (index u = 0; u < window_.width; ++u)
      for (index c = 0; c < group_inputs_; ++c)
        row[v * row_step + u * tap_step + first + c] = static_cast<element>(weights(output, v, u, c));
}

}  // namespace pare
