#include <catch2/catch.hpp>
#include <pare/quant/granularity.hpp>
#include <vector>

using pare::index;
using shape = std::vector<index>;
using position = std::vector<index>;

namespace {
struct groups_of_three_columns {
  static constexpr index min_rank = 2;
  static constexpr index block(index axis, index) { return axis == 1 ? 3 : 1; }
};
}  // namespace

TEST_CASE("per tensor there is one parameter, whatever the shape") {
  for (const shape& s : {shape{}, shape{0}, shape{5}, shape{2, 3, 4}}) {
    const pare::parameter_grid<pare::per_tensor> grid(s);
    CHECK(grid.count() == 1);
    CHECK(grid.offset(position(s.size(), 1).begin()) == 0);
  }
  CHECK(pare::parameter_grid<pare::per_tensor>(shape{2, 3, 4}).run() == 24);
}

TEST_CASE("per axis there is one parameter for each index along it") {
  const pare::parameter_grid<pare::per_axis<1>> grid(shape{2, 3, 4});
  CHECK(grid.count() == 3);
  CHECK(grid.run() == 4);
  for (index c = 0; c < 3; ++c) CHECK(grid.offset(position{1, c, 3}.begin()) == c);
  CHECK(pare::parameter_grid<pare::per_axis<0>>(shape{0, 3}).count() == 0);
  CHECK(pare::parameter_grid<pare::per_axis<0>>(shape{1, 3}).count() == 1);
}

TEST_CASE("blocks in several axes have their parameters in row-major order, the last block smaller") {
  const pare::parameter_grid<groups_of_three_columns> grid(shape{2, 7});
  CHECK(grid.count() == 2 * 3);
  for (index row = 0; row < 2; ++row)
    for (index column = 0; column < 7; ++column)
      CHECK(grid.offset(position{row, column}.begin()) == row * 3 + column / 3);
}

TEST_CASE("a tensor with too few or too many axes is refused by name") {
  CHECK_THROWS_WITH(pare::parameter_grid<pare::per_axis<1>>(shape{4}), "pare: rank: expected at least 2 axes, got 1");
  CHECK_THROWS_WITH(pare::parameter_grid<pare::per_tensor>(shape(9, 1)), "pare: rank: expected at most 8 axes, got 9");
}
