#include "pare/reference/requantize.hpp"

#include <catch2/catch.hpp>

#include "random_tensor.hpp"

namespace pare::test {

using reference::add_bias;
using reference::requantize;

TEST_CASE("bias is added per column, between the gaps too") {
  std::vector<std::int64_t> sums = {1, 2, 99, 3, 4, 99};
  const std::vector<std::int32_t> bias = {10, -20};
  add_bias(std::span(bias), matrix_view<std::int64_t>(sums.data(), 2, 2, 3));
  CHECK(sums == std::vector<std::int64_t>{11, -18, 99, 13, -16, 99});
  CHECK_THROWS_WITH(add_bias(std::span(bias), matrix_view<std::int64_t>(sums.data(), 1, 3)),
                    "pare: bias: expected 3, got 2");
}

TEST_CASE("each column is requantized with its own terms") {
  std::vector<std::int32_t> sums = {100, 100, 100, -7, -7, -7};
  std::vector<requantize_terms<tflite>> terms;
  for (const double M : {0.5, 0.25, 0.1}) terms.push_back(tflite::from_scale(M));
  std::vector<std::int8_t> codes(6);
  const output_map output{3, -128, 52};
  requantize<tflite>(matrix_view<std::int32_t>(sums.data(), 2, 3), terms, output,
                     matrix_view<std::int8_t>(codes.data(), 2, 3));
  CHECK(codes == std::vector<std::int8_t>{52, 28, 13, 0, 1, 2});
}

TEST_CASE("int32 sums may go through a policy for int64 sums") {
  std::vector<std::int32_t> sums = {1000};
  const std::vector<requantize_terms<tflite_int64>> terms = {tflite_int64::from_scale(0.5)};
  std::int16_t code = 0;
  requantize<tflite_int64>(matrix_view<std::int32_t>(sums.data(), 1, 1), terms, {0, -32768, 32767},
                           matrix_view<std::int16_t>(&code, 1, 1));
  CHECK(code == 500);
}

TEST_CASE("sums, terms and codes that do not fit are named") {
  using policy = power_of_two;
  std::int32_t sums[6] = {};
  std::uint8_t codes[6] = {};
  const std::vector<requantize_terms<policy>> terms(3, policy::from_scale(0.5));
  const auto run = [&](index m, index n, index code_rows, index code_columns, const output_map& map) {
    requantize<policy>(matrix_view<std::int32_t>(sums, m, n), terms, map,
                       matrix_view<std::uint8_t>(codes, code_rows, code_columns));
  };
  CHECK_NOTHROW(run(2, 3, 2, 3, {0, 0, 255}));
  CHECK_THROWS_WITH(run(2, 3, 1, 3, {0, 0, 255}), "pare: codes.rows: expected 2, got 1");
  CHECK_THROWS_WITH(run(2, 3, 2, 2, {0, 0, 255}), "pare: codes.columns: expected 3, got 2");
  CHECK_THROWS_WITH(run(2, 2, 2, 2, {0, 0, 255}), "pare: terms: expected 2, got 3");
  CHECK_THROWS_WITH(run(2, 3, 2, 3, {0, -1, 255}), Catch::StartsWith("pare: output.min:"));
  CHECK_THROWS_WITH(run(2, 3, 2, 3, {0, 0, 256}), Catch::StartsWith("pare: output.max:"));
  CHECK_THROWS_WITH(run(2, 3, 2, 3, {0, 9, 8}), "pare: output.max: expected at least output.min 9, got 8");
}

}  // namespace pare::test
