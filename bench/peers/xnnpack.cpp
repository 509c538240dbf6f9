// xnnpack.cpp: XNNPACK's signed 8-bit operators with a scale per channel, which it has as a convolution: 1x1 over m
// pixels. (Its fully connected operator, one scale for all channels, runs the same kernels at the same speed.)
#include <xnnpack.h>

#include "../operands.hpp"
#include "../peers.hpp"

namespace pare::bench {
namespace {

void expect_success(const char* call, xnn_status status) {
  if (status != xnn_status_success) fail(call, "xnn_status_success", static_cast<int>(status));
}

class xnnpack_product final : public contender {
 public:
  xnnpack_product(const problem& p, target) : operands_(p), y_(p.exact.size()) {
    const auto m = static_cast<std::size_t>(p.shape.m), n = static_cast<std::size_t>(p.shape.n),
               k = static_cast<std::size_t>(p.shape.k);
    operands_.x.resize(operands_.x.size() + XNN_EXTRA_BYTES);  // it may read that much beyond the end
    expect_success(
        "xnn_create_convolution2d_nhwc_qc8",
        xnn_create_convolution2d_nhwc_qc8(
            0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, k, n, k, n, static_cast<std::int8_t>(operands_.x_map.zero_point),
            operands_.x_map.scale, operands_.w_scale.data(), operands_.w.data(), operands_.bias.data(),
            static_cast<std::int8_t>(operands_.y_map.zero_point), operands_.y_map.scale, -128, 127, 0, &operator_));
    expect_success("xnn_setup_convolution2d_nhwc_qc8",
                   xnn_setup_convolution2d_nhwc_qc8(operator_, 1, 1, m, operands_.x.data(), y_.data(), nullptr));
  }
  ~xnnpack_product() override { xnn_delete_operator(operator_); }
  xnnpack_product(const xnnpack_product&) = delete;
  xnnpack_product& operator=(const xnnpack_product&) = delete;

  void run() override { xnn_run_operator(operator_, nullptr); }
  buffer<float> output() const override { return operands_.dequantize(y_); }
  std::size_t bytes() const override {
    return operands_.w.size() + sizeof(std::int32_t) * operands_.bias.size() + sizeof(float) * operands_.w_scale.size();
  }

 private:
  operands<s8, s8_narrow, s8> operands_;
  buffer<std::int8_t> y_;
  xnn_operator_t operator_ = nullptr;
};

}  // namespace

void add_xnnpack(std::vector<variant>& all, target cap) {
  if (cap != best_target() || xnn_initialize(nullptr) != xnn_status_success) return;
  // Debian's version widens to 16 bits on x86: it knows AVX-512, but not VNNI.
  const arithmetic unit = PARE_X86 ? arithmetic::halves : arithmetic::bytes;
  all.push_back({"xnnpack-qs8", unit, prepare<xnnpack_product>, 0, "s8"});
}

}  // namespace pare::bench
