#include <catch2/catch.hpp>

#include "../cases/inputs.hpp"

namespace cases {

TEST_CASE("packed weights take whole strips, 4 bytes a channel for their sums, and nothing else") {
  generator random{1};
  const auto w = filled<pare::s8_narrow>(random, 40, 33);
  const pare::packed_weights<pare::s8_narrow> bytes(w.view());
  CHECK(bytes.bytes() == 3 * 9 * 64 + 4 * 48);
  CHECK(bytes.density() == 1);
  const auto halves = filled<pare::s16>(random, 40, 33);
  CHECK(pare::packed_weights<pare::s16>(halves.view()).bytes() == 3 * 17 * 64);
  CHECK(pare::packed_weights<pare::f32>(40, 33, [](index, auto) {}).bytes() == 3 * 33 * 64);
}

TEST_CASE("dropped strips of block16 take no memory") {
  const auto half = [](index, pare::matrix_view<std::int8_t> tile) {
    for (index j = 0; j < tile.rows; ++j)
      for (index l = 0; l < tile.columns; ++l) tile(j, l) = l < 16;
  };
  const pare::packed_weights<pare::s8_narrow, pare::block16> packed(32, 32, half);
  // 2 panels x 4 strips with a 2-byte place each, sums, and the panels' first strips.
  CHECK(packed.bytes() == 2 * 4 * (64 + 2) + 4 * 32 + 4 * 3);
  CHECK(packed.density() == 0.5);
  CHECK(packed.n() == 32);
  CHECK(packed.k() == 32);
}

TEST_CASE("a source is asked for 16 channels at a time and gives what a matrix gives") {
  generator random{2};
  const auto w = filled<pare::s16>(random, 37, 5);
  std::vector<index> asked;
  const pare::packed_weights<pare::s16> packed(37, 5, [&](index first, pare::matrix_view<std::int16_t> tile) {
    asked.push_back(first);
    CHECK(tile.rows == std::min<index>(16, 37 - first));
    CHECK(tile.columns == 5);
    for (index j = 0; j < tile.rows; ++j)
      for (index l = 0; l < tile.columns; ++l) tile(j, l) = w(first + j, l);
  });
  CHECK(asked == std::vector<index>{0, 16, 32});
  const pare::packed_weights<pare::s16> same(w.view());
  REQUIRE(packed.bytes() == same.bytes());
  CHECK(std::memcmp(packed.view().strips, same.view().strips, packed.bytes()) == 0);
}

TEST_CASE("empty weights need no memory") {
  const pare::packed_weights<pare::s8> none(pare::matrix_view<const std::int8_t>{});
  CHECK(none.n() == 0);
  CHECK(none.bytes() == 0);
  CHECK(none.density() == 1);
  const pare::packed_weights<pare::s8, pare::block16> no_depth(pare::matrix_view<const std::int8_t>{nullptr, 20, 0, 3});
  CHECK(no_depth.n() == 20);
  CHECK(no_depth.k() == 0);
  CHECK(no_depth.density() == 1);
}

TEST_CASE("weights of no columns are not asked for, however many rows a damaged file names") {
  const auto source = [](index, const pare::matrix_view<std::int16_t>&) { FAIL("asked for"); };
  const pare::packed_weights<pare::s16, pare::n_of_m<2, 4, 16>> weights(INT32_MAX, 0, source);
  CHECK(weights.n() == INT32_MAX);
  CHECK(weights.bytes() == 0);
}

TEST_CASE("weights move and leave empty ones behind") {
  generator random{3};
  const auto w = filled<pare::s8>(random, 20, 8);
  pare::packed_weights<pare::s8> first(w.view());
  const std::byte* strips = first.view().strips;
  const pare::packed_weights<pare::s8> second = std::move(first);
  CHECK(second.view().strips == strips);
}

TEST_CASE("a weight outside its range is named") {
  loose_matrix<std::int8_t> w(18, 3, 0);
  w(17, 2) = -128;
  CHECK_THROWS_WITH(pare::packed_weights<pare::s8_narrow>(std::as_const(w).view()),
                    "pare: weights[17, 2]: expected a value in [-127, 127], got -128");
  CHECK_NOTHROW(pare::packed_weights<pare::s8>(std::as_const(w).view()));
  using nibbles = pare::integer_range<std::int8_t, -8, 7>;
  const auto eight = [](index, pare::matrix_view<std::int8_t> tile) { tile(0, 0) = 8; };
  CHECK_THROWS_WITH((pare::packed_weights<nibbles, pare::block16>(1, 1, eight)),
                    "pare: weights[0, 0]: expected a value in [-8, 7], got 8");
}

TEST_CASE("extents and memory of weights are checked") {
  const auto nothing = [](index, pare::matrix_view<std::int8_t>) {};
  CHECK_THROWS_WITH(pare::packed_weights<pare::s8>(-1, 4, nothing), "pare: weights.rows: expected at least 0, got -1");
  CHECK_THROWS_WITH(pare::packed_weights<pare::s8>(4, -1, nothing),
                    "pare: weights.columns: expected at least 0 and below 2^31, got -1");
  CHECK_THROWS_WITH(pare::packed_weights<pare::s8>(0, index{1} << 31, nothing),
                    "pare: weights.columns: expected at least 0 and below 2^31, got 2147483648");
  using view = pare::matrix_view<const std::int8_t>;
  CHECK_THROWS_WITH(pare::packed_weights<pare::s8>(view{nullptr, 2, 3}),
                    "pare: weights.data: expected memory for a view that is not empty, got a null pointer");
  const std::int8_t value[6] = {};
  CHECK_THROWS_WITH(pare::packed_weights<pare::s8>(view{value, 2, 3, 2}),
                    "pare: weights.stride: expected at least the 3 columns, got 2");
}

}  // namespace cases
