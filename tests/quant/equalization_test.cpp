#include <catch2/catch.hpp>
#include <pare/quant/equalization.hpp>

using matrix = pare::matrix_view<float>;

TEST_CASE("bias correction gives back the mean output") {
  const std::vector<float> original = {1, 2, 3, 4}, quantized = {1.5f, 2, 2.75f, 4.25f}, means = {2, 4};
  CHECK(pare::bias_correction({original.data(), 2, 2}, {quantized.data(), 2, 2}, means) ==
        std::vector<float>{-1, -0.5f});
  CHECK_THROWS_WITH(pare::bias_correction({original.data(), 2, 2}, {quantized.data(), 1, 2}, means),
                    "pare: quantized.rows: expected 2, got 1");
}

TEST_CASE("equalized layers compute the same through a relu, and have the same range on both sides") {
  std::vector<float> first = {8, -2, 0.5f, 0.25f, 0, 0}, bias = {4, 1, 3}, second = {0.5f, -2, 7, 0.125f, 8, 7};
  const auto output = [&](float x, float y) {
    std::vector<float> out(2, 0.f);
    for (std::size_t c = 0; c < 3; ++c) {
      const float hidden = std::max(0.f, first[2 * c] * x + first[2 * c + 1] * y + bias[c]);
      for (std::size_t j = 0; j < 2; ++j) out[j] += hidden * second[3 * j + c];
    }
    return out;
  };
  const auto before = output(1, 0.5f);
  const auto factors = pare::equalize(matrix(first.data(), 3, 2), bias, matrix(second.data(), 2, 3));
  CHECK(factors == std::vector<float>{4, 0.25f, 1});
  CHECK(output(1, 0.5f) == before);
  CHECK(first == std::vector<float>{2, -0.5f, 2, 1, 0, 0});
  CHECK(second == std::vector<float>{2, -0.5f, 7, 0.5f, 2, 7});
  CHECK_THROWS_WITH(pare::equalize(matrix(first.data(), 3, 2), {}, matrix(second.data(), 3, 2)),
                    "pare: second.columns: expected 3, got 2");
}
