// sparse.cpp: variants whose weights are pruned: spmm/<variant>/<shape>. Rows named nhwc take and give rows of
// channels, the others of their kind find their activations in channel cells and leave them there.
#include "cells.hpp"
#include "ours.hpp"
#include "pare/nn/linear_cells.hpp"

namespace pare::bench {
namespace {

/// int8 in channel cells.
template <class Structure>
class cells_product final : public contender {
 public:
  cells_product(const problem& p, target on)
      : on_(on),
        operands_(p),
        weights_(matrix_view<const std::int8_t>(operands_.w.data(), p.shape.n, p.shape.k)),
        bias_(std::span<const std::int32_t>(operands_.bias)),
        multipliers_(std::span<const double>(operands_.multipliers)),
        x_(p.shape.m, p.shape.k),
        y_(p.shape.m, p.shape.n) {
    to_cells(matrix_view<const std::int8_t>(operands_.x.data(), p.shape.m, p.shape.k), x_.view, on);
  }
  void run() override {
    linear(x_.view, operands_.x_map.zero_point, weights_,
           pare::bias(bias_) | requantize(multipliers_, operands_.output()), y_.view, on_);
  }
  buffer<float> output() const override { return operands_.dequantize(y_.rows()); }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes() + multipliers_.bytes(); }

 private:
  target on_;
  operands<s8, s8_narrow, s8> operands_;
  packed_weights<s8_narrow, Structure> weights_;
  channels<std::int32_t> bias_;
  multipliers<float_nearest_even> multipliers_;
  owned_cells<std::int8_t> x_, y_;
};

/// float in planes of pixels.
template <class Structure>
class float_cells_product final : public contender {
 public:
  float_cells_product(const problem& p, target on)
      : on_(on),
        weights_(matrix_view<const float>(p.w.data(), p.shape.n, p.shape.k)),
        bias_(std::span<const float>(p.bias)),
        x_(p.shape.m, p.shape.k),
        y_(p.shape.m, p.shape.n) {
    to_cells(matrix_view<const float>(p.x.data(), p.shape.m, p.shape.k), x_.view, on);
  }
  void run() override { linear(x_.view, 0, weights_, pare::bias(bias_), y_.view, on_); }
  buffer<float> output() const override { return y_.rows(); }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes(); }

 private:
  target on_;
  packed_weights<f32, Structure> weights_;
  channels<float> bias_;
  owned_cells<float> x_, y_;
};

}  // namespace

void add_sparse(std::vector<variant>& all) {
  const auto add = [&](std::string name, arithmetic unit, auto prepare, const pattern& zeros) {
    all.push_back({.name = std::move(name),
                   .unit = unit,
                   .prepare = prepare,
                   .zeros = zeros,
                   .on_shapes = shapes::sparse,
                   .group = "spmm"});
  };
  const auto bytes = arithmetic::bytes;
  for (const int percent : {80, 90}) {
    const double share = percent / 100.0;
    add(text("s8-block4x4@", percent), bytes, prepare<cells_product<block<4, 4>>>, {share, 4, 4});
    add(text("s8-block4x4-nhwc@", percent), bytes,
        prepare<quantized_product<s8, s8_narrow, s8, float_nearest_even, block<4, 4>>>, {share, 4, 4});
    add(text("s8-block2x4@", percent), bytes, prepare<cells_product<block<2, 4>>>, {share, 2, 4});
    add(text("s8-block1x4@", percent), bytes, prepare<cells_product<block<1, 4>>>, {share, 1, 4});
  }
  const auto add_windows = [&]<index N, index M, index Shared>(n_of_m<N, M, Shared>) {
    add(text("s8-nm", N, ":", M, Shared == 1 ? "" : text("x", Shared)), bytes,
        prepare<quantized_product<s8, s8_narrow, s8, float_nearest_even, n_of_m<N, M, Shared>>>, windows(N, M, Shared));
  };
  const auto add_wide_windows = [&]<index N, index M>(n_of_m<N, M>) {
    add(text("s16s8-nm", N, ":", M), arithmetic::halves,
        prepare<quantized_product<s16, s8_narrow, s16, tflite_int64, n_of_m<N, M>>>, windows(N, M, 1));
  };
  add_windows(n_of_m<2, 4>{});
  add_windows(n_of_m<4, 16>{});
  add_windows(n_of_m<4, 32>{});
  add_windows(n_of_m<2, 4, 16>{});
  add_windows(n_of_m<4, 16, 16>{});
  add_wide_windows(n_of_m<2, 4>{});
  add_wide_windows(n_of_m<4, 16>{});
  add("s16-nm2:4", arithmetic::halves, prepare<quantized_product<s11, s11, s11, power_of_two, n_of_m<2, 4>, 2048>>,
      windows(2, 4, 1));
  add("f32-unstructured@90", arithmetic::floats, prepare<float_cells_product<block<1, 1>>>, {0.9, 1, 1});
}

}  // namespace pare::bench
