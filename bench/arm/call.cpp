// call.cpp: calls of one product of 196 x 512 x 512 codes, for counting the instructions that they execute: call
// STRUCTURE CALLS. See instructions.sh.
#include <pare/nn/linear.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace {

using pare::index;

#ifdef WIDE  // activations and outputs of 16 bits
using code = std::int16_t;
using policy = pare::tflite_int64;
constexpr std::int32_t zero_point = 0;
#else
using code = std::int8_t;
using policy = pare::float_nearest_even;
constexpr std::int32_t zero_point = 3;
#endif

/// False if the call computed nothing: so that none is left out.
template <class Structure>
bool run(int calls) {
  constexpr index m = 196, n = 512, k = 512;
  std::mt19937 random(1);
  const auto draw = [&](index count) {
    std::vector<std::int8_t> codes(static_cast<std::size_t>(count));
    for (auto& code : codes) code = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
    return codes;
  };
  const auto bytes = draw(m * k);
  const std::vector<code> x(bytes.begin(), bytes.end());
  auto w = draw(n * k);
  if constexpr (pare::WindowedStructure<Structure>) {
    for (index i = 0; i < n * k; ++i)
      if (i % Structure::window >= Structure::kept) w[static_cast<std::size_t>(i)] = 0;
  }
  const pare::packed_weights<pare::s8_narrow, Structure> packed(pare::matrix_view<const std::int8_t>(w.data(), n, k));
  const std::vector<std::int32_t> biases(n, 5);
  const std::vector<double> scales(n, 1e-3);
  const pare::channels<std::int32_t> bias{std::span(biases)};
  const pare::multipliers<policy> multipliers{std::span(scales)};
  std::vector<code> y(m * n);
  for (int i = 0; i < calls; ++i)
    pare::linear(pare::matrix_view<const code>(x.data(), m, k), zero_point, packed,
                 pare::bias(bias) | pare::requantize(multipliers, {0, -128, 127}),
                 pare::matrix_view<code>(y.data(), m, n));
  return calls == 0 || y != std::vector<code>(m * n);
}

template <class... Structures>
int run_named(const char* name, int calls) {
  bool found = false;
  ((found = found || (Structures::name() == name && run<Structures>(calls))), ...);
  return found ? 0 : 2;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  using namespace pare;
  return run_named<dense, n_of_m<2, 4>, n_of_m<2, 4, 16>, n_of_m<4, 16>, n_of_m<4, 16, 16>, n_of_m<4, 32>,
                   n_of_m<4, 32, 16>>(arguments[1], std::atoi(arguments[2]));
}
