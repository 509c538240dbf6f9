// ours.hpp: the formats of this library as contenders, and the list of them.
#pragma once

#include <span>
#include <type_traits>
#include <vector>

#include "contender.hpp"
#include "operands.hpp"
#include "pare/nn/linear.hpp"

namespace pare::bench {

/// Eleven bits: 2048 products of two fit int32, so sums are never flushed to int64.
using s11 = integer_range<std::int16_t, -1023, 1023>;

/// Activations A and weights W into codes of Out. Depth: the largest k that the ranges are proven for.
template <IntegerRange A, IntegerRange W, IntegerRange Out, RequantizePolicy Policy, class Structure = dense,
          index Depth = default_depth>
class quantized_product final : public contender {
  using sum = std::conditional_t<plan<A, W, Depth>::wide, std::int64_t, std::int32_t>;
  using a_type = typename A::type;
  using w_type = typename W::type;
  using out_type = typename Out::type;

 public:
  quantized_product(const problem& p, target on)
      : on_(on),
        operands_(p),
        weights_(matrix_view<const w_type>(operands_.w.data(), p.shape.n, p.shape.k)),
        bias_(std::span<const sum>(operands_.bias)),
        multipliers_(std::span<const double>(operands_.multipliers)),
        y_(p.exact.size()) {}

  void run() override {
    const auto [m, n, k] = operands_.shape;
    linear<A, Depth>(matrix_view<const a_type>(operands_.x.data(), m, k), operands_.x_map.zero_point, weights_,
                     pare::bias(bias_) | requantize(multipliers_, operands_.output()),
                     matrix_view<out_type>(y_.data(), m, n), on_);
  }
  buffer<float> output() const override { return operands_.dequantize(y_); }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes() + multipliers_.bytes(); }

 private:
  target on_;
  operands<A, W, Out, Policy, sum> operands_;
  packed_weights<W, Structure> weights_;
  channels<sum> bias_;
  multipliers<Policy> multipliers_;
  buffer<out_type> y_;
};

/// Floats by weights stored as W.
template <Element W>
class float_product final : public contender {
 public:
  float_product(const problem& p, target on)
      : on_(on),
        operands_(p),
        weights_(matrix_view<const float>(p.w.data(), p.shape.n, p.shape.k)),
        bias_(std::span<const float>(p.bias)),
        y_(p.exact.size()) {}

  void run() override {
    const auto [m, n, k] = operands_.shape;
    linear(matrix_view<const float>(operands_.x.data(), m, k), 0, weights_, pare::bias(bias_),
           matrix_view<float>(y_.data(), m, n), on_);
  }
  buffer<float> output() const override { return y_; }
  std::size_t bytes() const override { return weights_.bytes() + bias_.bytes(); }

 private:
  target on_;
  float_operands operands_;
  packed_weights<W> weights_;
  channels<float> bias_;
  buffer<float> y_;
};

/// Every variant of ours; `cap` is the best target of this run.
std::vector<variant> our_variants(target cap);
/// Adds those of formats.cpp.
void add_formats(std::vector<variant>& all);
/// Adds those of dynamic.cpp.
void add_dynamic(std::vector<variant>& all);
/// Adds those of sparse.cpp.
void add_sparse(std::vector<variant>& all);
/// Adds those of conv.cpp.
void add_conv(std::vector<variant>& all);

}  // namespace pare::bench
