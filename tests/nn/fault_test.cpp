// What callers do wrong with memory: extents that overflow, addresses without alignment, outputs over inputs.
#include <catch2/catch.hpp>
#include <pare/nn/linear_cells.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

using bytes = std::vector<std::int8_t>;
using view = pare::matrix_view<const std::int8_t>;
using sums_view = pare::matrix_view<std::int32_t>;

const pare::packed_weights<pare::s8_narrow> weights(20, 8, [](index, auto tile) {
  for (index j = 0; j < tile.rows; ++j)
    for (index l = 0; l < tile.columns; ++l) tile(j, l) = static_cast<std::int8_t>(j - l);
});

void multiply(const view& x, const sums_view& y) { pare::linear(x, 0, weights, pare::as_is, y); }

}  // namespace

TEST_CASE("extents whose memory no index can count are named") {
  constexpr index huge = index{1} << 62;
  std::int8_t one = 0;
  std::int32_t sum = 0;
  CHECK_THROWS_WITH(multiply({&one, huge, 8}, {&sum, huge, 20}),
                    "pare: x.rows: expected rows that fit the address space, got 4611686018427387904");
  CHECK_THROWS_WITH(multiply({&one, 2, 8, huge}, {&sum, 2, 20}), Catch::StartsWith("pare: ") || Catch::Contains("x."));
  CHECK_THROWS_WITH((pare::packed_weights<pare::s8>(huge, 8, [](index, auto) {})),
                    "pare: weights.rows: expected rows that fit the address space, got 4611686018427387904");
  CHECK_THROWS_WITH((pare::packed_weights<pare::s8>(8, huge, [](index, auto) {})),
                    "pare: weights.columns: expected at least 0 and below 2^31, got 4611686018427387904");
}

TEST_CASE("empty operands may be null, others may not") {
  CHECK_NOTHROW(multiply({nullptr, 0, 8}, {nullptr, 0, 20}));
  const pare::packed_weights<pare::s8_narrow> none(0, 8, [](index, auto) {}), shallow(20, 0, [](index, auto) {});
  const bytes x(16);
  std::vector<std::int32_t> y(40, 9);
  CHECK_NOTHROW(pare::linear(view(x.data(), 2, 8), 0, none, pare::as_is, sums_view(nullptr, 2, 0)));
  CHECK_NOTHROW(pare::linear(view(nullptr, 2, 0), 0, shallow, pare::as_is, sums_view(y.data(), 2, 20)));
  CHECK(y == std::vector<std::int32_t>(40, 0));
  CHECK_THROWS_AS(multiply({nullptr, 1, 8}, {y.data(), 1, 20}), pare::error);
}

TEST_CASE("activations and codes may start at any byte") {
  bytes x(3 * 8 + 64);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::int8_t>(i * 37);
  for (std::size_t shift = 0; shift < 17; ++shift) {
    loose_matrix<std::int32_t> y(3, 20, 1), expected(3, 20, 1);
    multiply({x.data() + shift, 3, 8}, y.view());
    for (index i = 0; i < 3; ++i)
      for (index j = 0; j < 20; ++j)
        for (index l = 0; l < 8; ++l) {
          if (l == 0) expected(i, j) = 0;
          expected(i, j) += x[shift + static_cast<std::size_t>(i * 8 + l)] * static_cast<std::int8_t>(j % 16 - l);
        }
    CHECK(difference(y, expected) == "");
  }
}

TEST_CASE("rows that go through channel cells refuse an output over them") {
  const std::vector<std::int8_t> codes(64, 1);
  const pare::packed_weights<pare::s8_narrow, pare::block<4, 4>> weights(view(codes.data(), 8, 8));
  const std::vector<std::int32_t> zeros(8);
  const pare::channels<std::int32_t> bias(zeros);
  std::vector<std::int32_t> memory(32);
  const view x(reinterpret_cast<const std::int8_t*>(memory.data()), 4, 8);
  CHECK_THROWS_WITH(pare::linear(x, 0, weights, pare::bias(bias), sums_view(memory.data(), 4, 8), pare::target::scalar),
                    "pare: y.data: expected memory of its own, got memory that the call also reads");
}

TEST_CASE("an output over the activations is refused, one between their rows is not") {
  std::vector<std::int32_t> memory(3 * 32);
  const auto* codes = reinterpret_cast<const std::int8_t*>(memory.data());
  const char* const message = "pare: y.data: expected memory of its own, got memory that the call also reads";
  CHECK_THROWS_WITH(multiply({codes, 3, 8}, {memory.data(), 3, 20}), message);
  CHECK_THROWS_WITH(multiply({codes + 4, 3, 8}, {memory.data() + 2, 3, 20}), message);
  CHECK_THROWS_WITH(multiply({codes + 80, 3, 8, 128}, {memory.data() + 1, 3, 20, 32}), message);
  CHECK_NOTHROW(multiply({codes, 3, 8}, {memory.data() + 6, 3, 20}));             // behind them
  CHECK_NOTHROW(multiply({codes, 3, 8, 128}, {memory.data() + 2, 3, 20, 32}));    // beside them
  CHECK_NOTHROW(multiply({codes + 120, 3, 8, 128}, {memory.data(), 3, 20, 32}));  // before them
}

}  // namespace cases
