#include "pare/reference/gemm.hpp"

#include <catch2/catch.hpp>
#include <numeric>

#include "random_tensor.hpp"

namespace pare::test {

using reference::gemm;

TEST_CASE("every product of two int8 numbers is right, whatever the zero points") {
  std::vector<std::int8_t> all(256);
  std::iota(all.begin(), all.end(), std::int8_t{-128});
  std::vector<std::int32_t> out(256 * 256);
  const matrix_view<const std::int8_t> column(all.data(), 256, 1);
  const matrix_view<std::int32_t> table(out.data(), 256, 256);
  for (const std::int32_t a_zero_point : {0, -128, 127}) {
    for (const std::int32_t w_zero_point : {0, 5, -128}) {
      gemm<std::int32_t>(column, a_zero_point, column, w_zero_point, table);
      int wrong = 0;
      for (std::int32_t a = -128; a < 128; ++a) {
        for (std::int32_t w = -128; w < 128; ++w) {
          wrong += table(a + 128, w + 128) != (a - a_zero_point) * (w - w_zero_point);
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("a product of matrices written out by hand") {
  const std::uint8_t activations[] = {1, 2, 3, 4, 5, 6};                        // [2, 3]
  const std::int8_t weights[] = {1, 0, -1, 2, 2, 2, 0, 0, 1, -1, -2, -3};       // [4, 3]
  const std::vector<std::int32_t> expected = {-2, 12, 3, -14, -2, 30, 6, -32};  // [2, 4]
  std::vector<std::int32_t> out(8);
  gemm<std::int32_t>(matrix_view<const std::uint8_t>(activations, 2, 3), 0,
                     matrix_view<const std::int8_t>(weights, 4, 3), 0, matrix_view<std::int32_t>(out.data(), 2, 4));
  CHECK(out == expected);
}

TEST_CASE("zero points may be taken out of the sum") {
  const index m = 5, n = 7, k = 33;
  const auto a = random_values<u8>(m * k, 1);
  const auto w = random_values<s8>(n * k, 2);
  const matrix_view<const std::uint8_t> activations(a.data(), m, k);
  const matrix_view<const std::int8_t> weights(w.data(), n, k);
  std::vector<std::int32_t> memory(static_cast<std::size_t>(m * n));
  const matrix_view<std::int32_t> out(memory.data(), m, n);
  for (const std::int32_t zx : {0, 3, 255}) {
    for (const std::int32_t zw : {0, -128, 9}) {
      gemm<std::int32_t>(activations, zx, weights, zw, out);
      for (index i = 0; i < m; ++i) {
        for (index j = 0; j < n; ++j) {
          std::int32_t products = 0;
          for (index l = 0; l < k; ++l) products += activations(i, l) * weights(j, l);
          const std::int32_t sum_a = std::accumulate(activations.row(i), activations.row(i) + k, 0);
          const std::int32_t sum_w = std::accumulate(weights.row(j), weights.row(j) + k, 0);
          REQUIRE(out(i, j) == products - zx * sum_w - zw * sum_a + static_cast<std::int32_t>(k) * zx * zw);
        }
      }
    }
  }
}

TEST_CASE("rows may lie apart, and nothing between them is read or written") {
  const std::int8_t a[] = {1, 2, 99, 3, 4, 99}, w[] = {5, 6, 7, 99, 99, 7, 8, 7};
  std::vector<std::int64_t> out(6, -1);
  gemm<std::int64_t>(matrix_view<const std::int8_t>(a, 2, 2, 3), 0, matrix_view<const std::int8_t>(w, 2, 2, 5), 0,
                     matrix_view<std::int64_t>(out.data(), 2, 2, 3));
  CHECK(out == std::vector<std::int64_t>{17, 23, -1, 39, 53, -1});
}

TEST_CASE("int16 sums beyond int32 are exact in int64") {
  const std::vector<std::int16_t> least(1000, -32768);
  const std::vector<std::int8_t> narrow(1000, -127);
  std::int64_t out = 0;
  gemm<std::int64_t>(matrix_view<const std::int16_t>(least.data(), 1, 1000), 0,
                     matrix_view<const std::int8_t>(narrow.data(), 1, 1000), 0, matrix_view<std::int64_t>(&out, 1, 1));
  CHECK(out == 1000 * std::int64_t{32768} * 127);
}

TEST_CASE("floats are multiplied as they are") {
  const float a[] = {0.5f, -2}, w[] = {3, 0.25f};
  float out = 0;
  gemm<float>(matrix_view<const float>(a, 1, 2), 0, matrix_view<const float>(w, 1, 2), 0,
              matrix_view<float>(&out, 1, 1));
  CHECK(out == 1);
}

TEST_CASE("an empty sum is 0, and an empty product is no product") {
  std::vector<std::int32_t> out(4, 7);
  const matrix_view<const std::int8_t> none(nullptr, 2, 0);
  gemm<std::int32_t>(none, 3, none, 4, matrix_view<std::int32_t>(out.data(), 2, 2));
  CHECK(out == std::vector<std::int32_t>(4, 0));
  CHECK_NOTHROW(gemm<std::int32_t>(matrix_view<const std::int8_t>(nullptr, 0, 5), 0,
                                   matrix_view<const std::int8_t>(nullptr, 0, 5), 0,
                                   matrix_view<std::int32_t>(nullptr, 0, 0)));
}

TEST_CASE("operands that do not fit are named") {
  std::int8_t a[12] = {};
  std::int32_t out[12] = {};
  const auto multiply = [&](index m, index k, index n, index weights_k, index out_m, index out_n) {
    gemm<std::int32_t>(matrix_view<std::int8_t>(a, m, k), 0, matrix_view<std::int8_t>(a, n, weights_k), 0,
                       matrix_view<std::int32_t>(out, out_m, out_n));
  };
  CHECK_NOTHROW(multiply(2, 3, 4, 3, 2, 4));
  CHECK_THROWS_WITH(multiply(2, 3, 4, 2, 2, 4), "pare: weights.columns: expected 3, got 2");
  CHECK_THROWS_WITH(multiply(2, 3, 4, 3, 1, 4), "pare: out.rows: expected 2, got 1");
  CHECK_THROWS_WITH(multiply(2, 3, 4, 3, 2, 3), "pare: out.columns: expected 4, got 3");
  CHECK_THROWS_WITH(multiply(-2, 3, 4, 3, 2, 3), Catch::Contains("activations.rows"));
}

}  // namespace pare::test
