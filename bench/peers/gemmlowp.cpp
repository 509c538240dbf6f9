// gemmlowp.cpp: gemmlowp, called as TFLite called it: unsigned codes on both sides, those of the weights offset by 128,
// a multiplier per channel. It has no call to pack once: both sides are packed in every call.
#include <gemmlowp/public/gemmlowp.h>

#include "../operands.hpp"
#include "../peers.hpp"

namespace pare::bench {
namespace {

using gemmlowp::MapOrder;
using gemmlowp::VectorShape;

/// Weights are gemmlowp's left-hand side [n, k], activations its right-hand side [k, m], both with k consecutive.
class gemmlowp_product final : public contender {
  static constexpr int weight_offset = 128;
  using column = gemmlowp::VectorMap<const std::int32_t, VectorShape::Col>;

 public:
  gemmlowp_product(const problem& p, target) : operands_(p), y_(p.exact.size()) {
    for (const std::int8_t w : operands_.w) w_.push_back(static_cast<std::uint8_t>(w + weight_offset));
    for (const double multiplier : operands_.multipliers) {
      const fixed_multiplier fixed = decompose(multiplier);
      values_.push_back(fixed.value);
      exponents_.push_back(fixed.shift);
    }
    context_.set_max_num_threads(1);
  }

  void run() override {
    const auto m = static_cast<int>(operands_.shape.m), n = static_cast<int>(operands_.shape.n),
               k = static_cast<int>(operands_.shape.k);
    const gemmlowp::MatrixMap<const std::uint8_t, MapOrder::RowMajor> w(w_.data(), n, k);
    const gemmlowp::MatrixMap<const std::uint8_t, MapOrder::ColMajor> x(operands_.x.data(), k, m);
    gemmlowp::MatrixMap<std::uint8_t, MapOrder::ColMajor> y(y_.data(), n, m);
    const std::tuple pipeline{gemmlowp::OutputStageBiasAddition<column>{column(operands_.bias.data(), n)},
                              gemmlowp::OutputStageScaleInt32ByFixedPointAndExponentPC<VectorShape::Col>{
                                  column(values_.data(), n), column(exponents_.data(), n), operands_.y_map.zero_point},
                              gemmlowp::OutputStageSaturatingCastToUint8{}};
    gemmlowp::GemmWithOutputPipeline<std::uint8_t, std::uint8_t, gemmlowp::L8R8WithLhsNonzeroBitDepthParams>(
        &context_, w, x, &y, -weight_offset, -operands_.x_map.zero_point, pipeline);
  }
  buffer<float> output() const override { return operands_.dequantize(y_); }
  std::size_t bytes() const override { return w_.size() + 3 * sizeof(std::int32_t) * values_.size(); }

 private:
  operands<u8, s8_narrow, u8> operands_;
  buffer<std::uint8_t> w_, y_;
  buffer<std::int32_t> values_, exponents_;
  gemmlowp::GemmContext context_;
};

}  // namespace

void add_gemmlowp(std::vector<variant>& all, target cap) {
  // It widens to 16 bits. On x86 this file is compiled for AVX2, the best that gemmlowp knows.
  variant v{"gemmlowp-u8", arithmetic::halves, prepare<gemmlowp_product>, 0, "u8s8"};
  if (PARE_X86) v.on = target::avx2;
  if (!v.on || cap >= *v.on) all.push_back(v);
}

}  // namespace pare::bench
