// onednn_conv.cpp: oneDNN's convolutions. Weights are reordered once; activations are in whatever layout the primitive
// prefers, or in NHWC: the fastest for the shape is timed, and the label says which it was.
#include <cmath>
#include <oneapi/dnnl/dnnl.hpp>

#include "../measure.hpp"
#include "../operands.hpp"
#include "../peers.hpp"

namespace pare::bench {
namespace {

using dnnl::memory;
using tag = memory::format_tag;

template <class T>
constexpr memory::data_type type_of = std::is_same_v<T, float>         ? memory::data_type::f32
                                      : std::is_same_v<T, std::int8_t> ? memory::data_type::s8
                                                                       : memory::data_type::s32;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// The output's zero point as a multiple of the sums' unit. Pre: x's zero point is 0.
template <class Operands>
buffer<std::int32_t> folded_bias(const Operands& o) {
  buffer<std::int32_t> bias = o.bias;
  for (std::size_t c = 0; c < bias.size(); ++c)
    bias[c] += static_cast<std::int32_t>(std::lround(o.y_map.zero_point / o.multipliers[c]));
  return bias;
}
buffer<float> folded_bias(const float_operands& o) { return o.bias; }

template <class Operands, class T>
class onednn_convolution final : public contender {
  using bias_type = typename decltype(Operands::bias)::value_type;
  using primitive_desc = dnnl::convolution_forward::primitive_desc;

 public:
  onednn_convolution(const problem& p, target)
      : operands_(p), shape_(*p.conv), bias_(folded_bias(operands_)), y_(p.exact.size()), stream_(cpu()) {
    const tag layouts[] = {tag::any, tag::nhwc};
    double seconds[2];
    for (int i = 0; i < 2; ++i) {
      use(layouts[i]);
      seconds[i] = best_seconds(*this);
    }
    use(layouts[seconds[0] < seconds[1] ? 0 : 1]);
  }

  void run() override {
    dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()), arguments_.data());
    stream_.wait();
  }
  buffer<float> output() const override {
    buffer<T> y(y_.size());
    memory plain(images(shape_.extents(), shape_.outputs, tag::nhwc), cpu(), y.data());
    memory blocked = memories_[3];
    dnnl::stream stream(cpu());
    dnnl::reorder(blocked, plain).execute(stream, blocked, plain);
    stream.wait();
    return operands_.dequantize(y);
  }
  std::size_t bytes() const override {
    return memories_[1].get_desc().get_size() + sizeof(float) * (bias_.size() + operands_.multipliers.size());
  }
  std::string label() const override { return label_; }

 private:
  static memory::desc images(image_extents extents, index channels, tag t) {
    return {{1, channels, extents.height, extents.width}, type_of<T>, t};
  }
  /// OHWI in memory, with a group per channel if depthwise.
  memory::desc weights(bool any) const {
    const conv_shape& s = shape_;
    if (s.depthwise) return {{s.outputs, 1, 1, s.kernel, s.kernel}, type_of<T>, any ? tag::any : tag::abcde};
    return {{s.outputs, s.inputs, s.kernel, s.kernel}, type_of<T>, any ? tag::any : tag::acdb};
  }
  primitive_desc choose(tag layout) const {
    const conv_geometry g = shape_.geometry();
    dnnl::primitive_attr attributes;
    if constexpr (sizeof(T) == 1)
      attributes.set_output_scales(1 << 1,
                                   std::vector<float>(operands_.multipliers.begin(), operands_.multipliers.end()));
    return {{dnnl::prop_kind::forward_inference,
             dnnl::algorithm::convolution_direct,
             images({shape_.height, shape_.width}, shape_.inputs, layout),
             weights(true),
             {{shape_.outputs}, type_of<bias_type>, tag::a},
             images(shape_.extents(), shape_.outputs, layout),
             {g.stride_y, g.stride_x},
             {g.pad_top, g.pad_left},
             {g.pad_bottom, g.pad_right}},
            attributes,
            cpu()};
  }
  memory reordered(const memory::desc& from, const void* data, const memory::desc& to) {
    memory plain(from, cpu(), const_cast<void*>(data)), result(to, cpu());
    dnnl::reorder(plain, result).execute(stream_, plain, result);
    stream_.wait();
    return result;
  }
  void use(tag layout) {
    const primitive_desc chosen = choose(layout);
    const memory::desc image = images({shape_.height, shape_.width}, shape_.inputs, tag::nhwc);
    primitive_ = dnnl::convolution_forward(chosen);
    memories_ = {reordered(image, operands_.x.data(), chosen.src_desc()),
                 reordered(weights(false), operands_.w.data(), chosen.weights_desc()),
                 memory(chosen.bias_desc(), cpu(), bias_.data()), memory(chosen.dst_desc(), cpu())};
    arguments_ = {{DNNL_ARG_SRC, memories_[0].get()},
                  {DNNL_ARG_WEIGHTS, memories_[1].get()},
                  {DNNL_ARG_BIAS, memories_[2].get()},
                  {DNNL_ARG_DST, memories_[3].get()}};
    label_ = std::string(chosen.impl_info_str()) + (chosen.src_desc() == image ? " nhwc" : " blocked");
  }

  Operands operands_;
  conv_shape shape_;
  buffer<bias_type> bias_;
  buffer<T> y_;
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::vector<memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
  std::string label_;
};

}  // namespace

void add_onednn_conv(std::vector<variant>& all, target cap) {
  if (cap == target::scalar) return;
  const auto add = [&](const char* name, arithmetic unit, auto prepare, const char* model) {
    all.push_back(
        {.name = name, .unit = unit, .prepare = prepare, .agrees_with = model, .on_shapes = shapes::convolutions});
  };
  add("onednn-s8", arithmetic::bytes, prepare<onednn_convolution<operands<s8, s8_narrow, s8>, std::int8_t>>, "s8");
  add("onednn-f32", arithmetic::floats, prepare<onednn_convolution<float_operands, float>>, "f32");
}

}  // namespace pare::bench
