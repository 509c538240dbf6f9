// formats.cpp: variants of this library beside the plain ones: weights with a zero point, raw sums, extents that the
// compiler knows.
#include "ours.hpp"
#include "pare/numeric/activation.hpp"
#include "peak.hpp"

namespace pare::bench {
namespace {

/// Unsigned codes on both sides, each with one zero point, as ONNX's default quantization gives them.
class affine_product final : public contender {
 public:
  affine_product(const problem& p, target on)
      : on_(on),
        shape_(p.shape),
        x_map_(map_of<u8>(std::span(p.x))),
        w_map_(map_of<u8>(std::span(p.w))),
        y_map_(map_of<u8>(std::span(p.exact))),
        y_(p.exact.size()) {
    for (const float value : p.x) x_.push_back(quantize_value<u8>(value, x_map_));
    buffer<std::uint8_t> w;
    for (const float value : p.w) w.push_back(quantize_value<u8>(value, w_map_));
    weights_ = affine_weights<u8>(matrix_view<const std::uint8_t>(w.data(), shape_.n, shape_.k), w_map_.zero_point);
    const double unit = double{x_map_.scale} * double{w_map_.scale};
    std::vector<std::int32_t> bias;
    for (const float value : p.bias) bias.push_back(static_cast<std::int32_t>(std::llround(double{value} / unit)));
    bias_ = channels<std::int32_t>(std::span<const std::int32_t>(bias));
    multipliers_ = multipliers<float_nearest_even>(std::vector<double>(bias.size(), unit / double{y_map_.scale}));
  }

  void run() override {
    const auto [m, n, k] = shape_;
    linear(matrix_view<const std::uint8_t>(x_.data(), m, k), x_map_.zero_point, weights_,
           pare::bias(bias_) | requantize(multipliers_, output_of<u8>(y_map_)),
           matrix_view<std::uint8_t>(y_.data(), m, n), on_);
  }
  buffer<float> output() const override {
    buffer<float> real;
    for (const std::uint8_t code : y_) real.push_back(dequantize_value(code, y_map_));
    return real;
  }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes() + multipliers_.bytes(); }

 private:
  target on_;
  bench::shape shape_;
  affine_map x_map_, w_map_, y_map_;
  buffer<std::uint8_t> x_;
  affine_weights<u8> weights_;
  channels<std::int32_t> bias_;
  multipliers<float_nearest_even> multipliers_;
  buffer<std::uint8_t> y_;
};

using byte_operands = operands<s8, s8_narrow, s8>;

/// 8-bit codes to int32 sums, for those who requantize by themselves.
class sums_product final : public contender {
 public:
  sums_product(const problem& p, target on)
      : on_(on),
        operands_(p),
        weights_(matrix_view<const std::int8_t>(operands_.w.data(), p.shape.n, p.shape.k)),
        bias_(std::span<const std::int32_t>(operands_.bias)),
        y_(p.exact.size()) {}

  void run() override {
    const auto [m, n, k] = operands_.shape;
    linear(matrix_view<const std::int8_t>(operands_.x.data(), m, k), operands_.x_map.zero_point, weights_,
           pare::bias(bias_), matrix_view<std::int32_t>(y_.data(), m, n), on_);
  }
  buffer<float> output() const override {
    buffer<float> real;
    for (std::size_t i = 0; i < y_.size(); ++i)
      real.push_back(static_cast<float>(y_[i]) * operands_.x_map.scale *
                     operands_.w_scale[i % operands_.w_scale.size()]);
    return real;
  }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes(); }
  std::span<const std::byte> strips() const { return weights_.parts()[0]; }

 private:
  target on_;
  byte_operands operands_;
  packed_weights<s8_narrow> weights_;
  channels<std::int32_t> bias_;
  buffer<std::int32_t> y_;
};

/// Not a product: reads the packed weights and does nothing with them, which bounds what a single row can reach.
class weights_read final : public contender {
 public:
  weights_read(const problem& p, target on) : on_(on), product_(p, on) { product_.run(); }

  void run() override { read_memory(product_.strips().data(), static_cast<index>(bytes()), on_); }
  buffer<float> output() const override { return product_.output(); }
  std::size_t bytes() const override { return product_.strips().size() / 256 * 256; }
  std::string label() const override { return "reads the weights, multiplies nothing"; }

 private:
  target on_;
  sums_product product_;
};

/// The kernel for weights [N, K], generated for these extents.
template <index N, index K>
class fixed_product final : public contender {
 public:
  fixed_product(const problem& p, target on)
      : on_(on),
        operands_(p),
        weights_(matrix_view<const std::int8_t>(operands_.w.data(), p.shape.n, p.shape.k)),
        bias_(std::span<const std::int32_t>(operands_.bias)),
        multipliers_(std::span<const double>(operands_.multipliers)),
        y_(p.exact.size()) {}

  void run() override {
    linear(matrix_view<const std::int8_t>(operands_.x.data(), operands_.shape.m, K), operands_.x_map.zero_point,
           with_extents(weights_, extent<N>, extent<K>),
           pare::bias(bias_) | requantize(multipliers_, operands_.output()),
           matrix_view<std::int8_t>(y_.data(), operands_.shape.m, N), on_);
  }
  buffer<float> output() const override { return operands_.dequantize(y_); }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes() + multipliers_.bytes(); }

 private:
  target on_;
  byte_operands operands_;
  packed_weights<s8_narrow> weights_;
  channels<std::int32_t> bias_;
  multipliers<float_nearest_even> multipliers_;
  buffer<std::int8_t> y_;
};

std::unique_ptr<contender> prepare_fixed(const problem& p, target on) {
  if (p.shape.n == 1024 && p.shape.k == 1024) return prepare<fixed_product<1024, 1024>>(p, on);
  if (p.shape.n == 64 && p.shape.k == 64) return prepare<fixed_product<64, 64>>(p, on);
  if (p.shape.n == 512 && p.shape.k == 512) return prepare<fixed_product<512, 512>>(p, on);
  if (p.shape.n == 512 && p.shape.k == 256) return prepare<fixed_product<512, 256>>(p, on);
  fail("shape", "one of those with a kernel of its own (see formats.cpp)", name(p.shape));
}

}  // namespace

void add_formats(std::vector<variant>& all) {
  all.push_back({"u8u8", arithmetic::bytes, prepare<affine_product>});
  all.push_back({"f16w", arithmetic::floats, prepare<float_product<f16>>});
  all.push_back({"s8-to-s32", arithmetic::bytes, prepare<sums_product>});
  all.push_back(
      {.name = "s8-read", .unit = arithmetic::bytes, .prepare = prepare<weights_read>, .on_shapes = shapes::row});
  all.push_back({.name = "s8-static", .unit = arithmetic::bytes, .prepare = prepare_fixed, .on_shapes = shapes::few});
}

}  // namespace pare::bench
