// conv.cpp: this library's convolutions: conv/<variant>/<shape> and dwconv/<variant>/<shape>, NHWC in and out but for
// variants that are named after cells, which find their activations in channel cells and leave them there.
#include "cells.hpp"
#include "ours.hpp"
#include "pare/nn/conv2d_cells.hpp"
#include "pare/nn/depthwise_cells.hpp"

namespace pare::bench {
namespace {

/// Weights OHWI of a depthwise shape as 1HWO.
template <class T>
buffer<T> taps_first(const conv_shape& s, const buffer<T>& w) {
  buffer<T> turned;
  for (index tap = 0; tap < s.depth(); ++tap)
    for (index c = 0; c < s.outputs; ++c) turned.push_back(w[static_cast<std::size_t>(c * s.depth() + tap)]);
  return turned;
}

/// A layer of operands A, W with an epilogue into Out; whatever differs between floats and integers is the caller's.
template <Element A, Element W, class Out, index Depth, class Structure = dense>
class layer {
 public:
  using w_type = typename W::type;
  layer(const conv_shape& s, const buffer<w_type>& w, target on) : shape_(s), on_(on) {
    if (s.depthwise) {
      depthwise_ =
          packed_depthwise<W>(image_view<const w_type>{taps_first(s, w).data(), 1, s.kernel, s.kernel, s.outputs});
    } else {
      weights_ = packed_conv<W, Structure>(image_view<const w_type>{w.data(), s.outputs, s.kernel, s.kernel, s.inputs});
    }
  }
  template <class Epilogue>
  void run(const typename A::type* x, const Epilogue& epilogue, Out* y) const {
    const conv_shape& s = shape_;
    const auto [height, width] = s.extents();
    const image_view<const typename A::type> in{x, 1, s.height, s.width, s.inputs};
    const image_view<Out> out{y, 1, height, width, s.outputs};
    if (s.depthwise) {
      depthwise_conv2d<A, Depth>(in, 0, depthwise_, s.geometry(), epilogue, out, on_);
    } else {
      conv2d<A, Depth>(in, 0, weights_, s.geometry(), epilogue, out, on_);
    }
  }
  std::size_t bytes() const noexcept { return shape_.depthwise ? depthwise_.bytes() : weights_.bytes(); }

 private:
  conv_shape shape_;
  target on_;
  packed_conv<W, Structure> weights_;
  packed_depthwise<W> depthwise_;
};

template <IntegerRange A, IntegerRange W, IntegerRange Out, RequantizePolicy Policy, index Depth,
          class Structure = dense>
class quantized_layer final : public contender {
  using sum = std::conditional_t<plan<A, W, Depth>::wide, std::int64_t, std::int32_t>;

 public:
  quantized_layer(const problem& p, target on)
      : operands_(p),
        layer_(*p.conv, operands_.w, on),
        bias_(std::span<const sum>(operands_.bias)),
        multipliers_(std::span<const double>(operands_.multipliers)),
        y_(p.exact.size()) {
    expect_equal("x zero_point", 0, operands_.x_map.zero_point);
  }
  void run() override {
    layer_.run(operands_.x.data(), pare::bias(bias_) | requantize(multipliers_, operands_.output()), y_.data());
  }
  buffer<float> output() const override { return operands_.dequantize(y_); }
  std::size_t bytes() const override { return layer_.bytes() + bias_.bytes() + multipliers_.bytes(); }

 private:
  operands<A, W, Out, Policy, sum> operands_;
  layer<A, W, typename Out::type, Depth, Structure> layer_;
  channels<sum> bias_;
  multipliers<Policy> multipliers_;
  buffer<typename Out::type> y_;
};

/// Pruned in blocks, int8, in channel cells or with NHWC between layers.
template <bool InCells>
class blocks_layer final : public contender {
  using byte_image = image_view<const std::int8_t>;

 public:
  blocks_layer(const problem& p, target on)
      : shape_(*p.conv),
        on_(on),
        operands_(p),
        weights_(byte_image{operands_.w.data(), shape_.outputs, shape_.kernel, shape_.kernel, shape_.inputs}),
        bias_(std::span<const std::int32_t>(operands_.bias)),
        multipliers_(std::span<const double>(operands_.multipliers)),
        x_(shape_.height * shape_.width, shape_.inputs),
        y_(p.shape.m, p.shape.n),
        rows_(p.exact.size()),
        workspace_(static_cast<std::size_t>(
            conv2d_workspace<std::int8_t, std::int8_t>(weights_, shape_.geometry(), {shape_.height, shape_.width}))) {
    to_cells(byte_image(in()).pixels(), x_.view, on);
  }
  void run() override {
    const auto [height, width] = shape_.extents();
    const conv_shape& s = shape_;
    if constexpr (InCells) {
      run_on(cells_image<const std::int8_t>(x_.memory.data(), 1, s.height, s.width, s.inputs),
             cells_image<std::int8_t>(y_.memory.data(), 1, height, width, s.outputs));
    } else {
      run_on(in(), image_view<std::int8_t>{rows_.data(), 1, height, width, s.outputs});
    }
  }
  buffer<float> output() const override { return operands_.dequantize(InCells ? y_.rows() : rows_); }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes() + multipliers_.bytes(); }

 private:
  byte_image in() const { return {operands_.x.data(), 1, shape_.height, shape_.width, shape_.inputs}; }
  template <class X, class Y>
  void run_on(const X& x, const Y& y) {
    conv2d(x, 0, weights_, shape_.geometry(), pare::bias(bias_) | requantize(multipliers_, operands_.output()), y,
           std::span(workspace_), on_);
  }

  conv_shape shape_;
  target on_;
  operands<s8, s8_narrow, s8> operands_;
  packed_conv<s8_narrow, block<4, 4>> weights_;
  channels<std::int32_t> bias_;
  multipliers<float_nearest_even> multipliers_;
  owned_cells<std::int8_t> x_, y_;
  buffer<std::int8_t> rows_;
  std::vector<std::byte> workspace_;
};

/// A depthwise layer between pruned ones, int8 in channel cells.
class depthwise_in_cells final : public contender {
 public:
  depthwise_in_cells(const problem& p, target on)
      : shape_(*p.conv),
        on_(on),
        operands_(p),
        weights_(image_view<const std::int8_t>{taps_first(shape_, operands_.w).data(), 1, shape_.kernel, shape_.kernel,
                                               shape_.outputs}),
        bias_(std::span<const std::int32_t>(operands_.bias)),
        multipliers_(std::span<const double>(operands_.multipliers)),
        x_(shape_.height * shape_.width, shape_.inputs),
        y_(p.shape.m, p.shape.n),
        workspace_(static_cast<std::size_t>(depthwise_workspace<std::int8_t, std::int8_t>(
            weights_, shape_.geometry(), {shape_.height, shape_.width}))) {
    to_cells(matrix_view<const std::int8_t>{operands_.x.data(), x_.view.pixels, x_.view.channels}, x_.view, on);
  }
  void run() override {
    const auto [height, width] = shape_.extents();
    const conv_shape& s = shape_;
    const cells_image<const std::int8_t> x(x_.memory.data(), 1, s.height, s.width, s.inputs);
    const cells_image<std::int8_t> y(y_.memory.data(), 1, height, width, s.outputs);
    depthwise_conv2d(x, 0, weights_, s.geometry(), pare::bias(bias_) | requantize(multipliers_, operands_.output()), y,
                     std::span(workspace_), on_);
  }
  buffer<float> output() const override { return operands_.dequantize(y_.rows()); }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes() + multipliers_.bytes(); }

 private:
  conv_shape shape_;
  target on_;
  operands<s8, s8_narrow, s8> operands_;
  packed_depthwise<s8_narrow> weights_;
  channels<std::int32_t> bias_;
  multipliers<float_nearest_even> multipliers_;
  owned_cells<std::int8_t> x_, y_;
  std::vector<std::byte> workspace_;
};

class float_layer final : public contender {
 public:
  float_layer(const problem& p, target on)
      : x_(p.x), layer_(*p.conv, p.w, on), bias_(std::span<const float>(p.bias)), y_(p.exact.size()) {}
  void run() override { layer_.run(x_.data(), pare::bias(bias_), y_.data()); }
  buffer<float> output() const override { return y_; }
  std::size_t bytes() const override { return layer_.bytes() + bias_.bytes(); }

 private:
  buffer<float> x_;
  layer<f32, f32, float, default_depth> layer_;
  channels<float> bias_;
  buffer<float> y_;
};

}  // namespace

void add_conv(std::vector<variant>& all) {
  const auto add = [&](const std::string& name, arithmetic unit, auto prepare, const pattern& zeros = {},
                       shapes on = shapes::convolutions) {
    all.push_back({.name = name, .unit = unit, .prepare = prepare, .zeros = zeros, .on_shapes = on});
  };
  add("f32", arithmetic::floats, prepare<float_layer>);
  add("s8", arithmetic::bytes, prepare<quantized_layer<s8, s8_narrow, s8, float_nearest_even, default_depth>>);
  add("s16s8", arithmetic::halves, prepare<quantized_layer<s16, s8_narrow, s16, tflite_int64, default_depth>>);
  for (const auto& [percent, share] : {std::pair{"80", 0.8}, {"90", 0.9}}) {
    add(text("s8-block4x4@", percent), arithmetic::bytes, prepare<blocks_layer<true>>, {share, 4, 4}, shapes::pruned);
    add(text("s8-block4x4-nhwc@", percent), arithmetic::bytes, prepare<blocks_layer<false>>, {share, 4, 4},
        shapes::pruned);
  }
  add("s8-nm2:4", arithmetic::bytes,
      prepare<quantized_layer<s8, s8_narrow, s8, float_nearest_even, default_depth, n_of_m<2, 4>>>, windows(2, 4),
      shapes::pruned);
  add("s8-cells", arithmetic::bytes, prepare<depthwise_in_cells>, {}, shapes::depthwise);
}

}  // namespace pare::bench
