// xnnpack_conv.cpp: XNNPACK's convolutions, NHWC: signed 8 bits with a scale per channel, and floats.
#include <xnnpack.h>

#include <limits>

#include "../operands.hpp"
#include "../peers.hpp"

namespace pare::bench {
namespace {

void expect_success(const char* call, xnn_status status) {
  if (status != xnn_status_success) fail(call, "xnn_status_success", static_cast<int>(status));
}

template <class Operands, class T>
class xnnpack_convolution final : public contender {
 public:
  xnnpack_convolution(const problem& p, target) : operands_(p), y_(p.exact.size()) {
    operands_.x.resize(operands_.x.size() + XNN_EXTRA_BYTES);  // it may read that much beyond the end
    const conv_shape& s = *p.conv;
    const auto height = static_cast<std::size_t>(s.height), width = static_cast<std::size_t>(s.width);
    if constexpr (sizeof(T) == 1) {
      create(s, xnn_create_convolution2d_nhwc_qc8, static_cast<std::int8_t>(operands_.x_map.zero_point),
             operands_.x_map.scale, operands_.w_scale.data(), operands_.w.data(), operands_.bias.data(),
             static_cast<std::int8_t>(operands_.y_map.zero_point), operands_.y_map.scale, std::int8_t{-128},
             std::int8_t{127});
      expect_success(
          "xnn_setup_convolution2d_nhwc_qc8",
          xnn_setup_convolution2d_nhwc_qc8(operator_, 1, height, width, operands_.x.data(), y_.data(), nullptr));
    } else {
      const float most = std::numeric_limits<float>::infinity();
      create(s, xnn_create_convolution2d_nhwc_f32, operands_.w.data(), operands_.bias.data(), -most, most);
      expect_success(
          "xnn_setup_convolution2d_nhwc_f32",
          xnn_setup_convolution2d_nhwc_f32(operator_, 1, height, width, operands_.x.data(), y_.data(), nullptr));
    }
  }
  ~xnnpack_convolution() override { xnn_delete_operator(operator_); }
  xnnpack_convolution(const xnnpack_convolution&) = delete;
  xnnpack_convolution& operator=(const xnnpack_convolution&) = delete;

  void run() override { xnn_run_operator(operator_, nullptr); }
  buffer<float> output() const override { return operands_.dequantize(y_); }
  std::size_t bytes() const override {
    return sizeof(T) * operands_.w.size() + 4 * (operands_.bias.size() + operands_.multipliers.size());
  }

 private:
  /// The operator's arguments after those of the geometry are `terms`.
  template <class Create, class... Terms>
  void create(const conv_shape& s, Create create, Terms... terms) {
    const conv_geometry g = s.geometry();
    const auto number = [](index i) { return static_cast<std::uint32_t>(i); };
    const auto inputs = static_cast<std::size_t>(s.inputs), outputs = static_cast<std::size_t>(s.outputs);
    const std::size_t groups = s.depthwise ? inputs : 1;
    expect_success(
        "xnn_create_convolution2d_nhwc",
        create(number(g.pad_top), number(g.pad_right), number(g.pad_bottom), number(g.pad_left), number(s.kernel),
               number(s.kernel), number(s.stride), number(s.stride), 1, 1, number(s.depthwise ? s.inputs : 1),
               inputs / groups, outputs / groups, inputs, outputs, terms..., 0, &operator_));
  }

  Operands operands_;
  buffer<T> y_;
  xnn_operator_t operator_ = nullptr;
};

}  // namespace

void add_xnnpack_conv(std::vector<variant>& all, target cap) {
  if (cap != best_target() || xnn_initialize(nullptr) != xnn_status_success) return;
  const auto add = [&](const char* name, arithmetic unit, auto prepare, const char* model) {
    all.push_back(
        {.name = name, .unit = unit, .prepare = prepare, .agrees_with = model, .on_shapes = shapes::convolutions});
  };
  // Debian's version widens to 16 bits on x86, as in xnnpack.cpp.
  add("xnnpack-qs8", PARE_X86 ? arithmetic::halves : arithmetic::bytes,
      prepare<xnnpack_convolution<operands<s8, s8_narrow, s8>, std::int8_t>>, "s8");
  add("xnnpack-f32", arithmetic::floats, prepare<xnnpack_convolution<float_operands, float>>, "f32");
}

}  // namespace pare::bench
