// dynamic.cpp: variants whose activations are quantized row by row inside the call: float to float over 4-bit weights.
#include "pare/nn/dynamic.hpp"
#include "ours.hpp"

namespace pare::bench {
namespace {

/// 4-bit weights in groups of `group` elements of k: their codes, and a scale for each group.
struct nibble_operands {
  buffer<std::int8_t> w;
  buffer<float> scales;

  nibble_operands(const problem& p, index group) {
    for (index j = 0; j < p.shape.n; ++j) {
      for (index l = 0; l < p.shape.k; l += group) {
        const std::span part(p.w.data() + j * p.shape.k + l, static_cast<std::size_t>(std::min(group, p.shape.k - l)));
        double most = 0;
        for (const float value : part) most = std::max(most, std::abs(double{value}));
        const affine_map map = choose_symmetric<s4_narrow>(most);
        for (const float value : part) w.push_back(quantize_value<s4_narrow>(value, map));
        scales.push_back(map.scale);
      }
    }
  }
};

template <class Weights>
class dynamic_product final : public contender {
 public:
  dynamic_product(const problem& p, target on)
      : on_(on), shape_(p.shape), x_(p.x), bias_(std::span<const float>(p.bias)), y_(p.exact.size()) {
    if constexpr (is_grouped<typename Weights::structure>) {
      constexpr index group = Weights::structure::group;
      const nibble_operands o(p, group);
      weights_ = Weights(matrix_view<const std::int8_t>(o.w.data(), shape_.n, shape_.k),
                         {o.scales.data(), shape_.n, ceil_div(shape_.k, group)});
    } else {
      const nibble_operands o(p, shape_.k);
      weights_ = Weights(matrix_view<const std::int8_t>(o.w.data(), shape_.n, shape_.k), o.scales);
    }
    workspace_.resize(static_cast<std::size_t>(dynamic_workspace(shape_.m, weights_)));
  }

  void run() override {
    const auto [m, n, k] = shape_;
    linear(matrix_view<const float>(x_.data(), m, k), dynamic_rows{workspace_}, weights_, pare::bias(bias_),
           matrix_view<float>(y_.data(), m, n), on_);
  }
  buffer<float> output() const override { return y_; }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes(); }

 private:
  target on_;
  bench::shape shape_;
  buffer<float> x_;
  Weights weights_;
  channels<float> bias_;
  std::vector<std::byte> workspace_;
  buffer<float> y_;
};

}  // namespace

void add_dynamic(std::vector<variant>& all) {
  all.push_back({"q4-perchannel-dyn", arithmetic::bytes, prepare<dynamic_product<scaled_weights<s4>>>});
  all.push_back({"q4g32-dyn", arithmetic::bytes, prepare<dynamic_product<grouped_weights<32, bfloat16>>>});
}

}  // namespace pare::bench
