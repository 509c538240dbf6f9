// gemm.cpp: GOPS (2mnk / time) of s8 and f32 products in WebAssembly, on every target of the module:
//   em++ -std=c++20 -O3 -DNDEBUG -msimd128 -Iinclude -c bench/wasm/gemm.cpp -o gemm.o
//   em++ -O1 -sALLOW_MEMORY_GROWTH=1 -sWASM_ASYNC_COMPILATION=0 gemm.o -o gemm.js && node gemm.js
// Without -msimd128: what the scalar target does without vectors.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <pare/nn/linear.hpp>
#include <vector>

namespace {

using pare::index;

/// The least of seven means over at least 30 ms each.
template <class F>
double seconds(const F& f) {
  using clock = std::chrono::steady_clock;
  double least = 1e9, time = 0;
  for (int sample = 0, count = 1; sample < 7; count *= 2) {
    const auto start = clock::now();
    for (int i = 0; i < count; ++i) f();
    time = std::chrono::duration<double>(clock::now() - start).count();
    if (time < 0.03) continue;
    least = std::min(least, time / count);
    ++sample;
    count /= 2;
  }
  return least;
}

template <class T>
std::vector<T> drawn(index count) {
  std::vector<T> values(static_cast<std::size_t>(count));
  std::uint32_t state = 1;
  for (T& value : values) value = static_cast<T>(static_cast<int>((state = state * 1664525u + 1013904223u) >> 25) - 64);
  return values;
}

void measure(index m, index n, index k) {
  const auto x = drawn<std::int8_t>(m * k), w = drawn<std::int8_t>(n * k);
  const auto real_x = drawn<float>(m * k), real_w = drawn<float>(n * k);
  std::vector<std::int8_t> y(static_cast<std::size_t>(m * n));
  std::vector<float> real_y(y.size());
  const pare::packed_weights<pare::s8_narrow> packed(pare::matrix_view<const std::int8_t>(w.data(), n, k));
  const pare::packed_weights<pare::f32> real_packed(pare::matrix_view<const float>(real_w.data(), n, k));
  const pare::multipliers<pare::float_nearest_even> scale(std::vector<double>(static_cast<std::size_t>(n), 1e-4));
  const pare::channels<std::int32_t> bias(n, 5);
  for (const pare::target t : pare::all_targets) {
    if (!pare::available(t)) continue;
    const double bytes = seconds([&] {
      pare::linear(pare::matrix_view<const std::int8_t>(x.data(), m, k), 3, packed,
                   pare::bias(bias) | pare::requantize(scale, {1, -128, 127}),
                   pare::matrix_view<std::int8_t>(y.data(), m, n), t);
    });
    const double floats = seconds([&] {
      pare::linear(pare::matrix_view<const float>(real_x.data(), m, k), 0, real_packed, pare::as_is,
                   pare::matrix_view<float>(real_y.data(), m, n), t);
    });
    const double operations = 2e-9 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    std::printf("%ldx%ldx%ld %-13s s8 %6.2f   f32 %6.2f\n", static_cast<long>(m), static_cast<long>(n),
                static_cast<long>(k), name(t).data(), operations / bytes, operations / floats);
  }
}

}  // namespace

int main() {
  measure(64, 64, 64);
  measure(196, 512, 256);
  measure(784, 128, 128);
  measure(512, 512, 512);
  measure(1, 1024, 1024);
  measure(12544, 32, 16);
}
