// count.cpp CALLS TARGET: multiplies 196 x 512 x 256 bytes to bytes, requantized per channel, as often as asked, for
// count.sh to count instructions.
#include <cstdio>
#include <cstdlib>
#include <pare/nn.hpp>
#include <vector>

int main(int, char** arguments) {
  constexpr pare::index m = 196, n = 512, k = 256;
  const int calls = std::atoi(arguments[1]);
  const pare::target on = pare::parse_target(arguments[2]);
  std::vector<std::int8_t> x(m * k), w(n * k), y(m * n);
  unsigned state = 1;
  for (auto* values : {&x, &w})
    for (auto& value : *values)
      value = static_cast<std::int8_t>(static_cast<int>((state = state * 1664525 + 1013904223) >> 24) % 255 - 127);
  const pare::packed_weights<pare::s8_narrow> packed(pare::matrix_view<const std::int8_t>(w.data(), n, k));
  const pare::reordered_weights reordered(packed, on);
  const pare::channels<std::int32_t> bias(n, 5);
  const pare::multipliers<pare::float_nearest_even> multipliers(std::vector<double>(n, 1e-4));
  for (int i = 0; i < calls; ++i)
    pare::linear(pare::matrix_view<const std::int8_t>(x.data(), m, k), 3, reordered,
                 pare::bias(bias) | pare::requantize(multipliers, {-3, -128, 127}),
                 pare::matrix_view<std::int8_t>(y.data(), m, n), on);
  unsigned sum = 0;
  for (const auto value : y) sum = sum * 31 + static_cast<std::uint8_t>(value);
  std::printf("codes: %08x\n", sum);
}
