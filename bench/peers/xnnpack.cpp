// xnnpack.cpp: XNNPACK's signed 8-bit operators with a scale per channel, which it has as a convolution: 1x1 over m
// pixels. (Its fully connected operator, one scale for all channels, runs the same kernels at the same speed.)
#include <xnnpack.h>

#include <limits>

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

/// Its sparse product of floats: a 1x1 convolution in NCHW. On m pixels it takes as an image of one row.
class xnnpack_sparse_product final : public contender {
 public:
  xnnpack_sparse_product(const problem& p, target) : shape_(p.shape), y_(p.exact.size()) {
    const auto m = static_cast<std::size_t>(p.shape.m), n = static_cast<std::size_t>(p.shape.n),
               k = static_cast<std::size_t>(p.shape.k);
    for (std::size_t l = 0; l < k; ++l)
      for (std::size_t i = 0; i < m; ++i) x_.push_back(p.x[i * k + l]);
    x_.resize(x_.size() + XNN_EXTRA_BYTES);
    for (const float weight : p.w) bytes_ += weight == 0 ? 0 : 8;  // a value and an offset
    bytes_ += n * 8;                                               // a bias and a count
    const float most = std::numeric_limits<float>::infinity();
    expect_success("xnn_create_convolution2d_nchw_f32",
                   xnn_create_convolution2d_nchw_f32(0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, k, n, k, n, p.w.data(),
                                                     p.bias.data(), -most, most, 0, &operator_));
    expect_success("xnn_setup_convolution2d_nchw_f32",
                   xnn_setup_convolution2d_nchw_f32(operator_, 1, 1, m, x_.data(), y_.data(), nullptr));
  }
  ~xnnpack_sparse_product() override { xnn_delete_operator(operator_); }
  xnnpack_sparse_product(const xnnpack_sparse_product&) = delete;
  xnnpack_sparse_product& operator=(const xnnpack_sparse_product&) = delete;

  void run() override { xnn_run_operator(operator_, nullptr); }
  buffer<float> output() const override {
    const auto m = static_cast<std::size_t>(shape_.m), n = static_cast<std::size_t>(shape_.n);
    buffer<float> rows;
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < n; ++j) rows.push_back(y_[j * m + i]);
    return rows;
  }
  std::size_t bytes() const override { return bytes_; }

 private:
  bench::shape shape_;
  buffer<float> x_, y_;
  std::size_t bytes_ = 0;
  xnn_operator_t operator_ = nullptr;
};

}  // namespace

void add_xnnpack(std::vector<variant>& all, target cap) {
  if (cap != best_target() || xnn_initialize(nullptr) != xnn_status_success) return;
  // Debian's version widens to 16 bits on x86: it knows AVX-512, but not VNNI.
  const arithmetic unit = PARE_X86 ? arithmetic::halves : arithmetic::bytes;
  all.push_back({"xnnpack-qs8", unit, prepare<xnnpack_product>, 0, "s8"});
  all.push_back({.name = "xnnpack-f32@90",
                 .unit = arithmetic::floats,
                 .prepare = prepare<xnnpack_sparse_product>,
                 .zeros = {0.9, 1, 1},
                 .on_shapes = shapes::sparse,
                 .group = "spmm"});
}

}  // namespace pare::bench
