// conv2d.hpp: convolutions over xtensor expressions, lazy: they run when they are assigned.
#pragma once

#include "../nn/conv2d_cells.hpp"
#include "../nn/depthwise_conv2d.hpp"
#include "layer.hpp"

namespace pare {

/// Packed weights of integers that know their scales: real weight = scales()[output] * code.
template <class Packed>
class with_scales : public Packed {
 public:
  with_scales(Packed packed, channels<float> scales) : Packed(std::move(packed)), scales_(std::move(scales)) {}
  /// One per output channel.
  const channels<float>& scales() const noexcept { return scales_; }
  std::size_t bytes() const noexcept { return Packed::bytes() + scales_.bytes(); }

 private:
  channels<float> scales_;
};

namespace detail {
/// An expression of four axes as images, over its elements.
template <class T, class Shape>
image_view<T> images_of(const char* argument, T* data, const Shape& shape) {
  if (shape.size() != 4) fail(text("rank of ", argument), "4 axes", static_cast<index>(shape.size()));
  const auto extent = [&](std::size_t axis) { return static_cast<index>(shape[axis]); };
  return {data, extent(0), extent(1), extent(2), extent(3)};
}

/// In which range the weights of an expression are packed; W: in which one floats are.
template <class E, Element W = f32>
struct range_of_weights {
  using type = W;
  static_assert(std::is_same_v<typename E::value_type, float>,
                "pare: pack_conv takes float weights, or codes that quantize() made (they know their scales)");
  static_assert(!IntegerRange<W>, "pare: pack_conv stores reals as f32 or f16; quantize() weights first for codes");
};
template <QuantizedExpression E>
struct range_of_weights<E> {
  using type = typename E::range;
};

/// Packs `weights` by make(their image_view), with their scales if they are codes; outputs lie along OutputAxis.
template <index OutputAxis, class E, class Make>
auto pack_images(const E& weights, const Make& make) {
  const elements_of<E> elements(weights);
  auto packed = make(images_of("weights", elements.data(), weights.shape()));
  if constexpr (QuantizedExpression<E>) {
    using quantization = typename E::quantization_type;
    using granularity = typename quantization::granularity;
    static_assert(quantization::scheme::maps_zero_to_zero,
                  "pare: this version packs symmetric weights only; use symmetric<std::int8_t> (see quant/scheme.hpp)");
    static_assert(
        std::is_same_v<granularity, per_tensor> || std::is_same_v<granularity, per_axis<OutputAxis>>,
        "pare: weights have one scale, or one per output channel: per_tensor, per_axis<0> of OHWI weights, or "
        "per_axis<3> of a depthwise convolution's 1HWO");
    channels<float> scales(packed.outputs(), 0.f);
    const auto& maps = weights.parameters().maps;
    for (index c = 0; c < packed.outputs(); ++c)
      scales[c] = maps[maps.size() == 1 ? 0 : static_cast<std::size_t>(c)].scale;
    return with_scales<decltype(packed)>(std::move(packed), std::move(scales));
  } else {
    return packed;
  }
}

/// y[n, i, j, o]: a window over x[n, h, w, c]. Depthwise: each channel by itself.
template <bool Depthwise>
struct window_operation {
  conv_geometry geometry;

  template <class Shape, class W>
  void expect(const Shape& x, const W& w) const {
    const auto image = images_of<const float>("x", nullptr, x);
    if constexpr (Depthwise) {
      if (w.outputs() != 0 && (image.channels == 0 || w.outputs() % image.channels != 0))
        fail("x's last axis", text("a divisor of the ", w.outputs(), " outputs"), image.channels);
    } else {
      expect_equal("x's last axis", w.inputs(), image.channels);
      expect_equal("geometry.groups", w.groups(), geometry.groups);
    }
    (void)output_extents(geometry, {image.height, image.width}, w.window());
  }
  template <class Shape, class W>
  Shape shape(Shape x, const W& w) const {
    const auto image = images_of<const float>("x", nullptr, x);
    const image_extents out = output_extents(geometry, {image.height, image.width}, w.window());
    const auto set = [&](std::size_t axis, index extent) { x[axis] = static_cast<typename Shape::value_type>(extent); };
    set(1, out.height);
    set(2, out.width);
    set(3, w.outputs());
    return x;
  }
  template <class W>
  index outputs(const W& w) const {
    return w.outputs();
  }
  template <class A, class X, class Shape, class W, Stage Epilogue, class Y>
  void run(const X* x, const Shape& from, std::int32_t zero_point, const W& w, const Epilogue& epilogue, Y* y,
           const Shape& to, target on) const {
    const auto in = images_of("x", x, from);
    const auto out = images_of("y", y, to);
    if constexpr (Depthwise) {
      pare::depthwise_conv2d<A>(in, zero_point, w, geometry, epilogue, out, on);
    } else if constexpr (W::in_cells) {
      const index bytes = conv2d_workspace<X, Y>(w, geometry, {in.height, in.width});
      aligned_storage<std::byte> workspace(bytes);
      pare::conv2d<A>(in, zero_point, w, geometry, epilogue, out, std::span(workspace), on);
    } else {
      pare::conv2d<A>(in, zero_point, w, geometry, epilogue, out, on);
    }
  }
};
}  // namespace detail

/// Packs an expression of weights OHWI [outputs, window height, window width, inputs / groups]: floats, or codes with
/// one scale for all or one per output (per_axis<0>), dense or pruned in a structure with a kernel
/// (see packed_conv). Reads it once, now. pack_conv<f16>(weights) stores the nearest halves of floats.
template <Element W = f32, XtensorExpression E>
auto pack_conv(const E& weights, index groups = 1) {
  using packed = packed_conv<typename detail::range_of_weights<E, W>::type, typename detail::structure_of<E>::type>;
  return detail::pack_images<0>(weights, [&](const auto& view) { return packed(view, groups); });
}
/// The same for a depthwise convolution: weights 1HWO [1, window height, window width, outputs], scales per_axis<3>.
template <XtensorExpression E>
auto pack_depthwise(const E& weights) {
  static_assert(std::is_same_v<typename detail::structure_of<E>::type, dense>,
                "pare: depthwise convolutions take dense weights; assign the pruned ones to a container first (zeros "
                "cost as much as other weights), or prune whole channels");
  return detail::pack_images<3>(
      weights, [](const auto& view) { return packed_depthwise<typename detail::range_of_weights<E>::type>(view); });
}

inline namespace PARE_UNIT {

/// The convolution of x NHWC [n, h, w, c] with pack_conv's weights, through an epilogue in real units: bias(c) | relu |
/// requantize(out). x is an expression of floats with float weights, or quantize(...) with quantized weights; its
/// padding is 0, the codes' zero point. Without requantize the result is float. Lazy: xt::noalias(y) = conv2d(...) runs
/// it. Fails if x has not 4 axes, or what nn/conv2d.hpp requires is not so.
template <XtensorExpression X, class W, Stage Epilogue = identity_stage>
auto conv2d(X&& x, W&& weights, const conv_geometry& geometry, const Epilogue& epilogue = {},
            target on = best_target()) {
  return layer_expression<detail::window_operation<false>, operand_t<X>, operand_t<W>, Epilogue>(
      {geometry}, std::forward<X>(x), std::forward<W>(weights), epilogue, on);
}
/// The depthwise convolution with pack_depthwise's weights, likewise; outputs / c of them read each channel of x.
template <XtensorExpression X, class W, Stage Epilogue = identity_stage>
auto depthwise_conv2d(X&& x, W&& weights, const conv_geometry& geometry, const Epilogue& epilogue = {},
                      target on = best_target()) {
  return layer_expression<detail::window_operation<true>, operand_t<X>, operand_t<W>, Epilogue>(
      {geometry}, std::forward<X>(x), std::forward<W>(weights), epilogue, on);
}

}  // namespace PARE_UNIT
}  // namespace pare
