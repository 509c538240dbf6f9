// ours.cpp: the variants of this library.
#include "ours.hpp"

#include <algorithm>

namespace pare::bench {

std::vector<variant> our_variants(target cap) {
  std::vector<variant> all{
      {.name = "f32", .unit = arithmetic::floats, .prepare = prepare<float_product<f32>>, .on_shapes = shapes::both},
      {.name = "s16s8",
       .unit = arithmetic::halves,
       .prepare = prepare<quantized_product<s16, s8_narrow, s16, tflite_int64>>,
       .on_shapes = shapes::both},
      {.name = "s16",
       .unit = arithmetic::halves,
       .prepare = prepare<quantized_product<s11, s11, s11, power_of_two, dense, 2048>>,
       .on_shapes = shapes::both},
      {"s16-full", arithmetic::halves, prepare<quantized_product<s16, s16_narrow, s16, tflite_int64>>},
      {.name = "s8",
       .unit = arithmetic::bytes,
       .prepare = prepare<quantized_product<s8, s8_narrow, s8, float_nearest_even>>,
       .on_shapes = shapes::both},
      {"s8-w7", arithmetic::bytes,
       prepare<quantized_product<s8, integer_range<std::int8_t, -64, 64>, s8, float_nearest_even>>},
      {"s8-tflite", arithmetic::bytes, prepare<quantized_product<s8, s8_narrow, s8, tflite>>},
      {"u8s8", arithmetic::bytes, prepare<quantized_product<u8, s8_narrow, u8, float_nearest_even>>},
      {"s8-block16@80", arithmetic::bytes, prepare<quantized_product<s8, s8_narrow, s8, float_nearest_even, block16>>,
       0.8},
  };
  add_formats(all);
  add_dynamic(all);
  add_sparse(all);
  add_conv(all);
  for (const target lesser : {target::avx2, target::avx_vnni, target::neon}) {
    if (lesser >= cap || !available(lesser)) continue;
    for (const char* name : {"f32", "s8"}) {
      variant capped = *std::find_if(all.begin(), all.end(), [&](const variant& v) { return v.name == name; });
      capped.name = text(name, "@", pare::name(lesser));
      capped.on = lesser;
      capped.on_shapes = shapes::few;
      all.push_back(capped);
    }
  }
  return all;
}

}  // namespace pare::bench
