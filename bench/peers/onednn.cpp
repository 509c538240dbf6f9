// onednn.cpp: oneDNN. Weights are reordered once into the layout that the primitive asks for; activations and outputs
// are plain row-major. Inner product, matmul and 1x1 convolution do the same job: the fastest for the shape is timed.
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
constexpr memory::data_type type_of = std::is_same_v<T, float>          ? memory::data_type::f32
                                      : std::is_same_v<T, std::uint8_t> ? memory::data_type::u8
                                      : std::is_same_v<T, std::int8_t>  ? memory::data_type::s8
                                                                        : memory::data_type::s32;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

/// A primitive and the layouts of its arguments; plain_weights: of the same weights as [n, k] in rows.
struct candidate {
  dnnl::primitive primitive;
  memory::desc x, weights, bias, y, plain_weights;
  std::string name;
};

template <class Primitive, class Description>
candidate finish(const Description& description, const dnnl::primitive_attr& attributes, const memory::desc& plain) {
  const typename Primitive::primitive_desc chosen(description, attributes, cpu());
  return {Primitive(chosen),     chosen.src_desc(), chosen.weights_desc(), chosen.bias_desc(), chosen.dst_desc(), plain,
          chosen.impl_info_str()};
}

/// The three ways to ask for x[m, k] * w[n, k]^T + bias. X, W, B, Y: element types.
template <class X, class W, class B, class Y>
std::vector<candidate> candidates(const shape& s, const dnnl::primitive_attr& attributes) {
  const auto [m, n, k] = s;
  const auto x = [](const memory::dims& dims, tag t) { return memory::desc(dims, type_of<X>, t); };
  const auto w = [](const memory::dims& dims, tag t) { return memory::desc(dims, type_of<W>, t); };
  const auto b = [](const memory::dims& dims, tag t) { return memory::desc(dims, type_of<B>, t); };
  const auto y = [](const memory::dims& dims, tag t) { return memory::desc(dims, type_of<Y>, t); };
  constexpr auto inference = dnnl::prop_kind::forward_inference;
  std::vector<candidate> all;
  all.push_back(finish<dnnl::inner_product_forward>(
      dnnl::inner_product_forward::desc(inference, x({m, k}, tag::ab), w({n, k}, tag::any), b({n}, tag::a),
                                        y({m, n}, tag::ab)),
      attributes, w({n, k}, tag::ab)));
  all.push_back(finish<dnnl::matmul>(
      dnnl::matmul::desc(x({m, k}, tag::ab), w({k, n}, tag::any), b({1, n}, tag::ab), y({m, n}, tag::ab)), attributes,
      w({k, n}, tag::ba)));
  all.push_back(finish<dnnl::convolution_forward>(
      dnnl::convolution_forward::desc(inference, dnnl::algorithm::convolution_direct, x({1, k, 1, m}, tag::nhwc),
                                      w({n, k, 1, 1}, tag::any), b({n}, tag::a), y({1, n, 1, m}, tag::nhwc), {1, 1},
                                      {0, 0}, {0, 0}),
      attributes, w({n, k, 1, 1}, tag::abcd)));
  return all;
}

/// Neither inner product nor convolution knows zero points: x's, and y's as a multiple of the sums' unit, are added to
/// the bias.
template <class Operands>
buffer<std::int32_t> folded_bias(const Operands& o) {
  buffer<std::int32_t> bias = o.bias;
  const auto k = static_cast<std::size_t>(o.shape.k);
  for (std::size_t c = 0; c < bias.size(); ++c) {
    for (std::size_t l = 0; l < k; ++l) bias[c] -= o.x_map.zero_point * o.w[c * k + l];
    bias[c] += static_cast<std::int32_t>(std::lround(o.y_map.zero_point / o.multipliers[c]));
  }
  return bias;
}
buffer<float> folded_bias(const float_operands& o) { return o.bias; }

template <class Operands>
dnnl::primitive_attr attributes_of(const Operands& o) {
  dnnl::primitive_attr attributes;
  attributes.set_output_scales(1 << 1, std::vector<float>(o.multipliers.begin(), o.multipliers.end()));
  return attributes;
}
dnnl::primitive_attr attributes_of(const float_operands&) { return {}; }

template <class Operands, class Y>
class onednn_product final : public contender {
  using x_type = typename decltype(Operands::x)::value_type;
  using w_type = typename decltype(Operands::w)::value_type;
  using bias_type = typename decltype(Operands::bias)::value_type;

 public:
  onednn_product(const problem& p, target)
      : operands_(p), bias_(folded_bias(operands_)), y_(p.exact.size()), stream_(cpu()) {
    const auto all = candidates<x_type, w_type, bias_type, Y>(p.shape, attributes_of(operands_));
    std::vector<double> seconds;
    for (const candidate& c : all) {
      use(c);
      seconds.push_back(best_seconds(*this));
    }
    use(all[static_cast<std::size_t>(std::min_element(seconds.begin(), seconds.end()) - seconds.begin())]);
  }

  void run() override {
    dnnl_primitive_execute(used_.primitive.get(), stream_.get(), static_cast<int>(arguments_.size()),
                           arguments_.data());
    stream_.wait();
  }
  buffer<float> output() const override { return operands_.dequantize(y_); }
  std::size_t bytes() const override {
    return used_.weights.get_size() + sizeof(float) * (bias_.size() + operands_.multipliers.size());
  }
  std::string label() const override { return used_.name; }

 private:
  void use(const candidate& c) {
    used_ = c;
    const auto wrap = [](const memory::desc& layout, const void* data) {
      return memory(layout, cpu(), const_cast<void*>(data));
    };
    memory plain = wrap(c.plain_weights, operands_.w.data());
    memories_ = {wrap(c.x, operands_.x.data()), memory(c.weights, cpu()), wrap(c.bias, bias_.data()),
                 wrap(c.y, y_.data())};
    dnnl::reorder(plain, memories_[1]).execute(stream_, plain, memories_[1]);
    stream_.wait();
    arguments_ = {{DNNL_ARG_SRC, memories_[0].get()},
                  {DNNL_ARG_WEIGHTS, memories_[1].get()},
                  {DNNL_ARG_BIAS, memories_[2].get()},
                  {DNNL_ARG_DST, memories_[3].get()}};
  }

  Operands operands_;
  buffer<bias_type> bias_;
  buffer<Y> y_;
  dnnl::stream stream_;
  candidate used_;
  std::vector<memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

}  // namespace

void add_onednn(std::vector<variant>& all, target cap) {
  if (cap == target::scalar) return;
  using signed_operands = operands<s8, s8_narrow, s8>;
  using unsigned_operands = operands<u8, s8_narrow, u8>;
  all.push_back({"onednn-s8", arithmetic::bytes, prepare<onednn_product<signed_operands, std::int8_t>>, 0, "s8"});
  all.push_back({"onednn-u8", arithmetic::bytes, prepare<onednn_product<unsigned_operands, std::uint8_t>>, 0, "u8s8"});
  all.push_back(
      {"onednn-f32", arithmetic::floats, prepare<onednn_product<float_operands, float>>, 0, "f32", {}, shapes::both});
}

}  // namespace pare::bench
