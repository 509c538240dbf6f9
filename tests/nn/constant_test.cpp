#include <pare/nn/constant.hpp>

#include <catch2/catch.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

constexpr std::int8_t codes[18][5] = {{1, 2, 3, 4, 5}, {-127, 127, 0, 7, -1}, {9}, {}, {0, 0, 0, 0, -5}};
constexpr pare::constant_weights<pare::s8_narrow, 18, 5> weights(codes);
static_assert(weights.n() == 18 && weights.k() == 5);
constexpr float reals[1][3] = {{0.5f, -2, 1e30f}};
constexpr pare::constant_weights<pare::f32, 1, 3> real_weights(reals);

}  // namespace

TEST_CASE("weights that the compiler packed lie in memory as those packed at run time") {
  const pare::packed_weights<pare::s8_narrow> packed(pare::matrix_view<const std::int8_t>(codes[0], 18, 5));
  CHECK(std::memcmp(weights.view().strips, packed.view().strips, 2 * 2 * 64) == 0);
  CHECK(std::equal(weights.view().sums, weights.view().sums + 32, packed.view().sums));
  CHECK(reinterpret_cast<std::uintptr_t>(weights.view().strips) % 64 == 0);
  const pare::packed_weights<pare::f32> real_packed(pare::matrix_view<const float>(reals[0], 1, 3));
  CHECK(std::memcmp(real_weights.view().strips, real_packed.view().strips, 3 * 64) == 0);
  CHECK(real_weights.view().sums == nullptr);
}

TEST_CASE("weights that the compiler packed multiply as those packed at run time") {
  generator random{21};
  const auto x = filled<pare::s8>(random, 3, 5);
  const pare::packed_weights<pare::s8_narrow> packed(pare::matrix_view<const std::int8_t>(codes[0], 18, 5));
  for (const pare::target t : available_targets()) {
    loose_matrix<std::int32_t> expected(3, 18, 2), y = expected.blank();
    pare::linear(std::as_const(x).view(), 3, packed, pare::as_is, expected.view(), t);
    pare::linear(std::as_const(x).view(), 3, weights, pare::as_is, y.view(), t);
    CHECK(difference(y, expected) == "");
  }
}

}  // namespace cases
