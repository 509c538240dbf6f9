#include <catch2/catch.hpp>
#include <numeric>
#include <pare/core/view.hpp>
#include <vector>

using pare::matrix_view;

TEST_CASE("a matrix view finds elements by row stride") {
  std::vector<int> memory(20);
  std::iota(memory.begin(), memory.end(), 0);
  const matrix_view<int> view(memory.data() + 1, 3, 4, 6);
  CHECK(view(0, 0) == 1);
  CHECK(view(2, 3) == 1 + 2 * 6 + 3);
  CHECK(view.row(1) == memory.data() + 7);
  CHECK(matrix_view<const int>(view)(1, 2) == 9);
  CHECK(matrix_view<int>(memory.data(), 4, 5).stride == 5);
}

TEST_CASE("a view is empty if an extent is 0") {
  CHECK(matrix_view<int>{}.empty());
  CHECK(matrix_view<int>(nullptr, 3, 0).empty());
  CHECK(matrix_view<int>(nullptr, 0, 3).empty());
  int one = 0;
  CHECK_FALSE(matrix_view<int>(&one, 1, 1).empty());
}

TEST_CASE("an image view is NHWC") {
  std::vector<int> memory(2 * 3 * 4 * 5);
  std::iota(memory.begin(), memory.end(), 0);
  const pare::image_view<int> view{memory.data(), 2, 3, 4, 5};
  CHECK(view.size() == 120);
  int next = 0;
  for (pare::index n = 0; n < 2; ++n) {
    for (pare::index y = 0; y < 3; ++y) {
      for (pare::index x = 0; x < 4; ++x) {
        for (pare::index c = 0; c < 5; ++c) REQUIRE(view(n, y, x, c) == next++);
      }
    }
  }
}

TEST_CASE("the pixels of an image view are a matrix with the channels as columns") {
  std::vector<int> memory(24);
  const pare::image_view<int> view{memory.data(), 2, 1, 4, 3};
  CHECK(view.pixels().rows == 8);
  CHECK(view.pixels().columns == 3);
  CHECK(&view.pixels()(5, 2) == &view(1, 0, 1, 2));
}

TEST_CASE("a matrix view that cannot be is refused with its name") {
  int memory[4] = {};
  CHECK_NOTHROW(pare::expect_valid("a", matrix_view<int>(memory, 2, 2)));
  CHECK_NOTHROW(pare::expect_valid("a", matrix_view<int>(nullptr, 0, 2)));
  CHECK_NOTHROW(pare::expect_valid("a", matrix_view<int>(memory, 1, 4, 0)));
  CHECK_THROWS_WITH(pare::expect_valid("a", matrix_view<int>(memory, -1, 2)),
                    "pare: a.rows: expected at least 0, got -1");
  CHECK_THROWS_WITH(pare::expect_valid("a", matrix_view<int>(memory, 2, -2)),
                    "pare: a.columns: expected at least 0, got -2");
  CHECK_THROWS_WITH(pare::expect_valid("a", matrix_view<int>(nullptr, 2, 2)), Catch::Contains("a.data"));
  CHECK_THROWS_WITH(pare::expect_valid("a", matrix_view<int>(memory, 2, 2, 1)),
                    "pare: a.stride: expected at least the 2 columns, got 1");
}

TEST_CASE("an image view that cannot be is refused with its name") {
  int memory[4] = {};
  CHECK_NOTHROW(pare::expect_valid("i", pare::image_view<int>{memory, 1, 2, 2, 1}));
  CHECK_NOTHROW(pare::expect_valid("i", pare::image_view<int>{nullptr, 1, 0, 2, 1}));
  CHECK_THROWS_WITH(pare::expect_valid("i", pare::image_view<int>{memory, -1, 2, 2, 1}), Catch::Contains("i.batch"));
  CHECK_THROWS_WITH(pare::expect_valid("i", pare::image_view<int>{memory, 1, -2, 2, 1}), Catch::Contains("i.height"));
  CHECK_THROWS_WITH(pare::expect_valid("i", pare::image_view<int>{memory, 1, 2, -2, 1}), Catch::Contains("i.width"));
  CHECK_THROWS_WITH(pare::expect_valid("i", pare::image_view<int>{memory, 1, 2, 2, -1}), Catch::Contains("i.channels"));
  CHECK_THROWS_WITH(pare::expect_valid("i", pare::image_view<int>{nullptr, 1, 2, 2, 1}), Catch::Contains("i.data"));
}
