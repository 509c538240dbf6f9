#include "pare/reference/geometry.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace pare::test {

TEST_CASE("an axis has as many outputs as there are places for the window") {
  for (index extent = 0; extent < 8; ++extent) {
    for (index taps = 1; taps < 4; ++taps) {
      for (index stride = 1; stride < 4; ++stride) {
        for (index dilation = 1; dilation < 4; ++dilation) {
          for (index pad = 0; pad < 6; ++pad) {
            const index before = pad / 2, after = pad - pad / 2, last = (taps - 1) * dilation;
            index places = 0;
            for (index at = -before; at + last < extent + after; at += stride) ++places;
            if (places == 0) {
              REQUIRE_THROWS_AS(output_extent("width", extent, taps, stride, dilation, before, after), error);
            } else {
              REQUIRE(output_extent("width", extent, taps, stride, dilation, before, after) == places);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("height and width follow their own numbers") {
  constexpr conv_geometry geometry{
      .stride_y = 2, .stride_x = 1, .pad_top = 1, .pad_left = 0, .pad_bottom = 0, .pad_right = 3, .dilation_x = 2};
  static_assert(output_extents(geometry, {7, 5}, {2, 3}) == image_extents{4, 4});
  CHECK(output_extents({}, {7, 5}, {2, 3}) == image_extents{6, 3});
}

TEST_CASE("the taps of an output are those inside the image") {
  const conv_geometry geometry{.stride_y = 2, .stride_x = 3, .pad_top = 1, .pad_left = 2, .dilation_x = 2};
  std::vector<std::vector<index>> taps;
  const auto note = [&](index v, index u, index y, index x) { taps.push_back({v, u, y, x}); };
  for_each_tap(geometry, {3, 4}, {2, 3}, 0, 0, note);
  CHECK(taps == std::vector<std::vector<index>>{{1, 1, 0, 0}, {1, 2, 0, 2}});
  taps.clear();
  for_each_tap(geometry, {3, 4}, {2, 3}, 1, 1, note);
  CHECK(taps == std::vector<std::vector<index>>{{0, 0, 1, 1}, {0, 1, 1, 3}, {1, 0, 2, 1}, {1, 1, 2, 3}});
}

TEST_CASE("a geometry that makes no sense is refused") {
  const auto extents = [](const conv_geometry& g) { return output_extents(g, {5, 5}, {3, 3}); };
  CHECK_THROWS_WITH(extents({.stride_y = 0}), "pare: stride along the height: expected at least 1, got 0");
  CHECK_THROWS_WITH(extents({.stride_x = -1}), "pare: stride along the width: expected at least 1, got -1");
  CHECK_THROWS_WITH(extents({.dilation_y = 0}), Catch::Contains("dilation along the height"));
  CHECK_THROWS_WITH(extents({.dilation_x = 0}), Catch::Contains("dilation along the width"));
  CHECK_THROWS_WITH(extents({.pad_top = -1}), "pare: padding along the height: expected at least 0, got -1");
  CHECK_THROWS_WITH(extents({.pad_right = -2}), "pare: padding along the width: expected at least 0, got -2");
  CHECK_THROWS_WITH(extents({.groups = 0}), "pare: groups: expected at least 1, got 0");
  CHECK_THROWS_WITH(extents({.dilation_y = 3}), "pare: padded image height: expected at least the window's 7, got 5");
  CHECK_THROWS_WITH(output_extents({}, {5, 5}, {0, 3}), Catch::Contains("window height"));
}

}  // namespace pare::test
