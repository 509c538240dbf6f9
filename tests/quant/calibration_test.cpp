#include <catch2/catch.hpp>
#include <limits>
#include <pare/quant/calibration.hpp>
#include <vector>

TEST_CASE("min_max remembers the least and the greatest value of all batches") {
  pare::min_max seen;
  seen.observe(std::vector<float>{1, -2, 3});
  seen.observe(std::vector<float>{});
  seen.observe(std::vector<float>{0, 5});
  CHECK(seen.interval().min == -2);
  CHECK(seen.interval().max == 5);
}

TEST_CASE("min_max of positive values does not reach down to zero by itself") {
  pare::min_max seen;
  seen.observe(std::vector<float>{2, 3});
  CHECK(seen.interval().min == 2);
}

TEST_CASE("two min_max merge to what one would have seen, in either order, empty ones included") {
  pare::min_max a, b, none;
  a.observe(std::vector<float>{1, 2});
  b.observe(std::vector<float>{-7});
  a.merge(none);
  b.merge(a);
  none.merge(b);
  CHECK(none.interval().min == -7);
  CHECK(none.interval().max == 2);
}

TEST_CASE("min_max of nothing, NaN or infinity is an error that says so") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  pare::min_max seen;
  CHECK_THROWS_WITH(seen.interval(), "pare: calibration data: expected at least one value, got none");
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity})
    CHECK_THROWS_WITH(seen.observe(std::vector<float>{0, bad, 1}),
                      "pare: calibration data: expected finite values, got NaN or infinity");
}
