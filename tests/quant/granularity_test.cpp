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

namespace {
struct halves_of_rows {
  static constexpr index min_rank = 2;
  static constexpr index block(index axis, index extent) { return axis == 0 ? 1 : axis == 1 ? extent / 2 : extent; }
};

/// consecutive() as its comment has it, found by looking at every stretch.
template <class G>
void check_consecutive(const shape& s, bool expected) {
  const pare::parameter_grid<G> grid(s);
  bool consecutive = true;
  index next = 0;
  grid.for_each_run([&](index parameter, index count) {
    consecutive = consecutive && parameter == next++ && count == grid.longest_run();
  });
  CHECK(consecutive == expected);
  CHECK(grid.consecutive() == expected);
}
}  // namespace

TEST_CASE("parameters are consecutive if each stretch of one length has the one after the last") {
  check_consecutive<pare::per_tensor>({2, 3, 4}, true);
  check_consecutive<pare::per_axis<0>>({2, 3, 4}, true);
  check_consecutive<pare::per_axis<1>>({2, 3, 4}, false);  // the second row begins again
  check_consecutive<pare::per_axis<1>>({1, 3, 4}, true);
  check_consecutive<groups_of_three_columns>({2, 7}, false);  // the last stretch is shorter
  check_consecutive<groups_of_three_columns>({2, 6}, true);
  check_consecutive<halves_of_rows>({3, 4, 5}, true);
  check_consecutive<halves_of_rows>({3, 5, 5}, false);
}
