#include "pare/reference/quantize.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

namespace pare::test {

using reference::along;
using reference::axis_extents;
using reference::dequantize;
using reference::quantize;

TEST_CASE("an axis splits a shape into what lies before it and after it") {
  constexpr std::array<index, 4> shape = {2, 3, 4, 5};
  constexpr auto extents = along(shape, 1);
  static_assert(extents.outer == 2 && extents.channels == 3 && extents.inner == 20 && extents.size() == 120);
  CHECK(extents.channel(19) == 0);
  CHECK(extents.channel(20) == 1);
  CHECK(extents.channel(59) == 2);
  CHECK(extents.channel(60) == 0);
  CHECK(along(shape, 0).inner == 60);
  CHECK(along(shape, 3).channel(7) == 2);
}

TEST_CASE("one map serves a whole tensor") {
  const std::vector<float> reals = {-1, 0, 0.5f, 0.26f, 1e9f};
  const std::vector<affine_map> maps = {{0.5f, 10}};
  std::vector<std::uint8_t> codes(5);
  quantize<u8>(std::span(reals), {.inner = 5}, maps, codes);
  CHECK(codes == std::vector<std::uint8_t>{8, 10, 11, 11, 255});
  std::vector<float> back(5);
  dequantize<u8>(codes, {.inner = 5}, maps, back);
  CHECK(back == std::vector<float>{-1, 0, 0.5f, 0.5f, 122.5f});
}

TEST_CASE("each channel has its own map, whichever axis it is") {
  const std::vector<float> reals = {1, 1, 1, 1, 1, 1, 1, 1};
  const std::vector<affine_map> maps = {{1, 0}, {0.5f, -3}};
  std::vector<std::int8_t> codes(8);
  quantize<s8>(std::span(reals), {2, 2, 2}, maps, codes);
  CHECK(codes == std::vector<std::int8_t>{1, 1, -1, -1, 1, 1, -1, -1});
  quantize<s8>(std::span(reals), {1, 2, 4}, maps, codes);
  CHECK(codes == std::vector<std::int8_t>{1, 1, 1, 1, -1, -1, -1, -1});
  std::vector<float> back(8);
  dequantize<s8>(codes, {1, 2, 4}, maps, back);
  CHECK(back == reals);
}

TEST_CASE("rounding is a choice, and sees the element's index") {
  const std::vector<double> reals(64, 0.5);
  const std::vector<affine_map> maps = {{1, 0}};
  std::vector<std::int8_t> codes(64);
  quantize<s8>(std::span(reals), {.inner = 64}, maps, codes);
  CHECK(codes == std::vector<std::int8_t>(64, 0));
  quantize<s8>(std::span(reals), {.inner = 64}, maps, codes, half_away{});
  CHECK(codes == std::vector<std::int8_t>(64, 1));
  const stochastic rounding{5};
  quantize<s8>(std::span(reals), {.inner = 64}, maps, codes, rounding);
  for (std::size_t i = 0; i < 64; ++i) REQUIRE(codes[i] == rounding(0.5, i));
  CHECK(codes != std::vector<std::int8_t>(64, codes[0]));
}

TEST_CASE("tensors and maps that do not fit are named") {
  std::vector<float> reals(6);
  std::vector<std::int8_t> codes(6);
  std::vector<affine_map> maps(2);
  const auto both = [&](const axis_extents& extents) {
    quantize<s8>(std::span(reals), extents, maps, codes);
    dequantize<s8>(codes, extents, maps, reals);
  };
  CHECK_NOTHROW(both({1, 2, 3}));
  CHECK_THROWS_WITH(both({2, 3, 1}), "pare: maps: expected 3, got 2");
  CHECK_THROWS_WITH(both({1, 2, 4}), "pare: source: expected 8, got 6");
  codes.resize(5);
  CHECK_THROWS_WITH(both({1, 2, 3}), "pare: destination: expected 6, got 5");
  codes.resize(6);
  maps[1].scale = 0;
  CHECK_THROWS_WITH(both({1, 2, 3}), "pare: maps.scale: expected a finite number above 0, got 0");
}

}  // namespace pare::test
