// target_hashes.cpp: prints a hash of what each kernel of cases/ computes, one "<case> <hash>" a line. Every target
// that this machine has must compute the same bits, or the program fails; the lines of two machines can be compared.
#include <cmath>
#include <cstdio>
#include <pare/nn/reordered.hpp>
#include <span>

#include <pare/nn/dynamic.hpp>

#include "../cases/conv_inputs.hpp"
#include "../cases/inputs.hpp"

namespace cases {
namespace {

/// FNV-1a, 64 bits, over the elements of matrices, without the gaps between their rows.
struct hash {
  std::uint64_t value = 0xcbf29ce484222325u;

  template <class T>
  void add(const loose_matrix<T>& matrix) {
    add(matrix.view());
  }
  template <class T>
  void add(const pare::matrix_view<T>& view) {
    for (index i = 0; i < view.rows; ++i) {
      for (index j = 0; j < view.columns; ++j) {
        unsigned char bytes[sizeof(T)];
        std::memcpy(bytes, &view(i, j), sizeof(T));
        for (const unsigned char byte : bytes) value = (value ^ byte) * 0x100000001b3u;
      }
    }
  }
};

bool targets_agree = true;

/// Runs compute(target, hash) on every target, in both of the ways that CPUs of one may take, and prints the one hash
/// they should give.
template <class Compute>
void report(const std::string& name_of_case, const Compute& compute) {
  const std::vector<pare::target> targets = available_targets();
  std::uint64_t first = 0;
  for (const pare::target t : targets) {
    for (const bool flips_delay_products : {true, false}) {
      if (!flips_delay_products && !PARE_X86) continue;
      pare::flips_delay_products = flips_delay_products;
      hash h;
      compute(t, h);
      if (first == 0) first = h.value;
      if (h.value != first) {
        targets_agree = false;
        std::fprintf(stderr, "%s: %s differs from %s\n", name_of_case.c_str(), name(t).data(),
                     name(targets.front()).data());
      }
    }
  }
  std::printf("%s %016llx\n", name_of_case.c_str(), static_cast<unsigned long long>(first));
}

template <class F, class W, class Out, class Epilogue>
void add_product(hash& h, const operands<F>& o, const W& weights, loose_matrix<Out> y, const Epilogue& epilogue,
                 pare::target t) {
  pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, weights, epilogue, y.view(), t);
  h.add(y);
}
template <class F, class Out, class Epilogue>
void add_product(hash& h, const operands<F>& o, loose_matrix<Out> y, const Epilogue& epilogue, pare::target t) {
  add_product(h, o, o.packed, std::move(y), epilogue, t);
}

template <class F>
void report_sums(std::uint64_t seed) {
  std::vector<operands<F>> products;
  generator random{seed};
  for (const extents& size : {extents{1, 17, 5}, {13, 70, 33}, {25, 130, 16}, {2, 33, 511}})
    products.push_back(draw_operands<F>(random, size));
  products.push_back(
      draw_operands<F>(random, {1, 16, std::min(F::depth, index{70000})}, filling::least, filling::ends));
  report("sums " + describe<F>(), [&](pare::target t, hash& h) {
    for (const auto& o : products)
      add_product(h, o, loose_matrix<typename F::sum>(o.x.view().rows, o.packed.n(), 0), pare::as_is, t);
  });
  if constexpr (sizeof(typename F::w_type) == 1 && sizeof(typename F::a_type) == 1 &&
                std::is_same_v<typename F::structure, pare::dense>)
    report("reordered sums " + describe<F>(), [&](pare::target t, hash& h) {
      for (const auto& o : products)
        add_product(h, o, pare::reordered_weights(o.packed, t),
                    loose_matrix<typename F::sum>(o.x.view().rows, o.packed.n(), 0), pare::as_is, t);
    });
}

/// Sums of convolutions, or of depthwise ones, of any geometry, and of images wide enough for every kind of tile.
template <class F, bool Depthwise>
void report_convolutions(std::uint64_t seed) {
  generator random{seed};
  std::vector<conv_shape> shapes;
  for (int i = 0; i < 12; ++i) shapes.push_back(draw_shape(random));
  for (const index stride : {1, 2})  // of 64 channels, and of 80
    shapes.push_back({2, 11, 31, 48 + 16 * stride, 80, {3, 3}, {stride, stride, 1, 1, 1, 1}});
  std::vector<conv_operands<F>> operands;
  for (conv_shape& s : shapes) {
    if (Depthwise) {
      s.geometry.groups = 1;
      s.outputs = s.inputs * (s.inputs < 20 ? static_cast<index>(random.between(1, 3)) : 1);
    }
    if (pare::window_depth<typename F::structure> != 0) s.geometry.groups = 1;
    operands.emplace_back(random, s, Depthwise);
    keep_some(random, operands.back().w.view(), typename F::structure{});
  }
  report((Depthwise ? "depthwise sums " : "convolution sums ") + describe<F>(), [&](pare::target t, hash& h) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const conv_shape& s = shapes[i];
      const auto x = std::as_const(operands[i].x).view();
      const auto w = std::as_const(operands[i].w).view();
      const auto out = s.out();
      owned_image<typename F::sum> y(s.batch, out.height, out.width, s.outputs);
      if constexpr (Depthwise) {
        pare::depthwise_conv2d<typename F::A, F::depth>(
            x, operands[i].zero_point, pare::packed_depthwise<typename F::W>(w), s.geometry, pare::as_is, y.view(), t);
      } else {
        const pare::packed_conv<typename F::W, typename F::structure> packed(w, s.geometry.groups);
        if constexpr (packed.in_cells) {
          std::vector<std::byte> memory(static_cast<std::size_t>(
              pare::conv2d_workspace<typename F::a_type, typename F::sum>(packed, s.geometry, {s.height, s.width})));
          pare::conv2d<typename F::A, F::depth>(x, operands[i].zero_point, packed, s.geometry, pare::as_is, y.view(),
                                                std::span(memory), t);
        } else {
          pare::conv2d<typename F::A, F::depth>(x, operands[i].zero_point, packed, s.geometry, pare::as_is, y.view(),
                                                t);
        }
      }
      h.add(y.view().pixels());
    }
  });
}

template <class T>
pare::channels<T> draw_channels(generator& random, index n, std::int64_t most, T scale) {
  pare::channels<T> values(n, 0);
  for (index j = 0; j < n; ++j) values[j] = static_cast<T>(random.between(-most, most)) * scale;
  return values;
}

/// bias | requantize: on sums of products, and with k = 0 on biases of any size, which are then the sums.
template <class F, class Policy, class Out, class Bias>
void report_codes(const char* policy, std::uint64_t seed) {
  generator random{seed};
  const auto products = draw_operands<F>(random, {9, 70, 40}), nothing = draw_operands<F>(random, {1, 2000, 0});
  const auto small = draw_channels<Bias>(random, 70, 1 << 20, 1);
  const auto large = draw_channels<Bias>(random, 2000, sizeof(Bias) == 8 ? std::int64_t{1} << 46 : INT32_MAX, 1);
  std::vector<double> scales;
  for (int j = 0; j < 2000; ++j) {
    const double power = std::ldexp(1.0, -(j % 29));
    scales.push_back(std::is_same_v<Policy, pare::power_of_two> ? power : power * (1 + j / 2000.0));
  }
  const pare::multipliers<Policy> few(std::span<const double>(scales).first(70)), many(scales);
  using limits = std::numeric_limits<Out>;
  const pare::output_map map{3, sizeof(Out) == 4 ? -1000000 : limits::min(),
                             sizeof(Out) == 4 ? 1000000 : limits::max()};
  report(pare::text("codes ", describe<F>(), " ", policy), [&](pare::target t, hash& h) {
    add_product(h, products, loose_matrix<Out>(9, 70, 0), pare::bias(small) | pare::requantize(few, map), t);
    add_product(h, nothing, loose_matrix<Out>(1, 2000, 0), pare::bias(large) | pare::requantize(many, map), t);
  });
}

void report_stages() {
  generator random{1};
  const extents size{9, 70, 40};
  const auto o = draw_operands<s8_s8n<pare::dense>>(random, size);
  const auto wide = draw_operands<s16_s8<pare::dense>>(random, size);
  const auto scales = draw_channels<float>(random, size.n, 1000, 1e-7f);
  const auto real_bias = draw_channels<float>(random, size.n, 1000, 0.01f);
  const auto bias = draw_channels<std::int32_t>(random, size.n, 1 << 20, 1);
  const auto wide_bias = draw_channels<std::int64_t>(random, size.n, std::int64_t{1} << 40, 1);
  const auto words = filled<pare::integer_range<std::int32_t, -1000, 1000>>(random, size.m, size.n);
  const auto halves = filled<pare::s16>(random, size.m, size.n);
  const auto bytes = filled<pare::s8>(random, size.m, size.n);
  report("stages bias relu add map", [&](pare::target t, hash& h) {
    add_product(h, o, words, pare::bias(bias) | pare::relu | pare::add(words.view()) | pare::map(flip_bits{}), t);
  });
  report("stages wide bias relu", [&](pare::target t, hash& h) {
    add_product(h, wide, loose_matrix<std::int64_t>(size.m, size.n, 0), pare::bias(wide_bias) | pare::relu, t);
  });
  report("stages dequantize bias relu6", [&](pare::target t, hash& h) {
    add_product(h, o, loose_matrix<float>(size.m, size.n, 0),
                pare::dequantize(scales) | pare::bias(real_bias) | pare::relu6, t);
  });
  report("stages dequantize add relu quantize", [&](pare::target t, hash& h) {
    add_product(h, o, bytes,
                pare::dequantize(scales) | pare::add(bytes.view(), 0.3f, -5) | pare::relu |
                    pare::quantize_to(0.07f, {-128, -128, 127}),
                t);
  });
  report("stages wide dequantize add quantize", [&](pare::target t, hash& h) {
    add_product(
        h, wide, halves,
        pare::dequantize(scales) | pare::add(halves.view(), 1.5f) | pare::quantize_to(1.25f, {0, -32768, 32767}), t);
  });
}

/// Floats that are quantized in the call, times 4-bit weights with a scale per channel, and per group.
void report_nibbles(index rows) {
  generator random{1};
  const extents size{rows, 70, 133};
  const auto x = filled<pare::f32>(random, size.m, size.k);
  const auto w = filled<pare::s4>(random, size.n, size.k);
  const std::vector<float> scales(static_cast<std::size_t>(size.n), 0.01f);
  const pare::scaled_weights<pare::s4> packed(w.view(), scales);
  const auto real_scales = filled<pare::f32>(random, size.n, (size.k + 31) / 32);
  const pare::grouped_weights<32, pare::bfloat16> grouped(w.view(), real_scales.view());
  const auto report_with = [&](const char* weights, const auto& operand) {
    std::vector<std::byte> memory(static_cast<std::size_t>(pare::dynamic_workspace(size.m, operand)));
    report(pare::text("dynamic f32 x ", weights, ", rows: ", rows), [&](pare::target t, hash& h) {
      loose_matrix<float> y(size.m, size.n, 0);
      pare::linear(x.view(), pare::dynamic_rows{memory}, operand, pare::as_is, y.view(), t);
      h.add(y);
    });
  };
  report_with("s4", packed);
  report_with("s4 in groups", grouped);
}

template <class... Formats>
void report_all_sums(std::tuple<Formats...>) {
  std::uint64_t seed = 0;
  (report_sums<Formats>(++seed), ...);
}

void report_all() {
  using bytes = s8_s8n<pare::dense>;
  report_all_sums(integer_formats{});
  report_sums<s8_s8n<pare::n_of_m<2, 4, 16>>>(23);
  report_sums<u8_s8<pare::n_of_m<4, 16, 16>>>(24);
  report_sums<s8_s8n<pare::n_of_m<2, 4>>>(25);
  report_sums<u8_s8<pare::n_of_m<4, 32>>>(26);
  report_sums<s16_s8<pare::n_of_m<2, 4>>>(27);
  report_sums<s16_s8n_shallow<pare::n_of_m<4, 16, 16>>>(28);
  report_sums<s16_s16<pare::n_of_m<4, 16>>>(29);
  report_sums<q12_q12_shallow<pare::n_of_m<4, 32, 16>>>(30);
  report_codes<bytes, pare::tflite, std::int8_t, std::int32_t>("tflite", 1);
  report_codes<bytes, pare::float_nearest_even, std::int8_t, std::int32_t>("float_nearest_even", 4);
  report_codes<bytes, pare::power_of_two, std::int8_t, std::int32_t>("power_of_two", 5);
  report_codes<s8_s8n<pare::block16>, pare::tflite_int64, std::int8_t, std::int32_t>("tflite_int64", 6);
  report_codes<s16_s8n_shallow<pare::dense>, pare::float_nearest_even, std::int16_t, std::int32_t>("float_nearest_even",
                                                                                                   7);
  report_codes<q12_q12_shallow<pare::dense>, pare::tflite_single, std::int32_t, std::int32_t>("tflite_single", 8);
  report_codes<s16_s8<pare::dense>, pare::tflite_int64, std::int16_t, std::int64_t>("tflite_int64", 9);
  report_codes<s16_s16<pare::dense>, pare::tflite_int64, std::int8_t, std::int32_t>("tflite_int64", 10);
  report_stages();
  report_nibbles(7);
  report_nibbles(1);
  report_convolutions<s8_s8<pare::dense>, false>(1);
  report_convolutions<u8_s8n<pare::dense>, false>(2);
  report_convolutions<s16_s8<pare::dense>, false>(3);
  report_convolutions<s8_s8<pare::n_of_m<2, 4>>, false>(10);
  report_convolutions<s16_s8<pare::n_of_m<4, 16>>, false>(13);
  report_convolutions<s8_s8<pare::block<4, 4>>, false>(7);
  report_convolutions<u8_s8n<pare::block<8, 4>>, false>(8);
  report_convolutions<s16_s16<pare::block<2, 4>>, false>(9);
  report_convolutions<s8_s8<pare::block16>, false>(11);
  report_convolutions<s16_s8<pare::block16>, false>(12);
  report_convolutions<s8_s8<pare::dense>, true>(4);
  report_convolutions<u8_s8n<pare::dense>, true>(5);
  report_convolutions<s16_s8<pare::dense>, true>(6);
}

}  // namespace
}  // namespace cases

int main() {
  for (const pare::target t : cases::available_targets()) std::fprintf(stderr, "%s ", name(t).data());
  std::fprintf(stderr, "\n");
  cases::report_all();
  return cases::targets_agree ? 0 : 1;
}
