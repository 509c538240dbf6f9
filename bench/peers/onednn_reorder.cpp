// onednn_reorder.cpp: oneDNN's reorder of a row-major tensor from float to int8 and back, with scales as attributes.
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>

#include "../quantize.hpp"

namespace pare::bench {
namespace {

using dnnl::memory;

/// mask: which axes have scales of their own.
template <int Mask, bool Back>
quantize_call reorder(const quantize_problem& p) {
  struct state {
    dnnl::engine engine{dnnl::engine::kind::cpu, 0};
    dnnl::stream stream{engine};
    buffer<float> reals;
    buffer<std::int8_t> codes;
    memory from, to;
    dnnl::reorder primitive;
  };
  const auto s = std::make_shared<state>();
  s->reals = p.x;
  s->codes.resize(p.x.size());
  const memory::dims dims{p.elements / p.columns, p.columns};
  const memory reals({dims, memory::data_type::f32, memory::format_tag::ab}, s->engine, s->reals.data());
  const memory codes({dims, memory::data_type::s8, memory::format_tag::ab}, s->engine, s->codes.data());
  s->from = Back ? codes : reals;
  s->to = Back ? reals : codes;
  const index count = Mask == 0 ? 1 : dims[Mask == 2 ? 1 : 0];
  std::vector<float> factors;
  for (index c = 0; c < count; ++c) {
    const float scale = bench_scale * (1 + 0.01f * static_cast<float>(c % 8));
    factors.push_back(Back ? scale : 1 / scale);
  }
  dnnl::primitive_attr attributes;
  attributes.set_output_scales(Mask, factors);
  s->primitive = dnnl::reorder(s->from, s->to, attributes);
  quantize_call call{[s] {
    s->primitive.execute(s->stream, s->from, s->to);
    s->stream.wait();
  }};
  if (!Back) call.codes = [s] { return s->codes.data(); };
  return call;
}

}  // namespace

void add_onednn_reorders(std::vector<quantize_variant>& all) {
  all.push_back({"onednn/s8", 5, reorder<0, false>});
  all.push_back({"onednn/s8-rows", 5, reorder<1, false>});
  all.push_back({"onednn/s8-columns", 5, reorder<2, false>});
  all.push_back({"onednn/dequantize-s8", 5, reorder<0, true>});
}

}  // namespace pare::bench
