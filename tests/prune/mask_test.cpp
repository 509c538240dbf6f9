#include <catch2/catch.hpp>
#include <pare/prune/mask.hpp>

using flags = std::vector<std::uint8_t>;
using weights = pare::mask<pare::unstructured>;

TEST_CASE("masks combine to what both or either keeps") {
  const weights a{{1, 1, 4}, {1, 1, 0, 0}}, b{{1, 1, 4}, {1, 0, 1, 0}};
  CHECK((a & b).groups == flags{1, 0, 0, 0});
  CHECK((a | b).groups == flags{1, 1, 1, 0});
  CHECK((a & b & a) == (b & a));
  CHECK_THROWS_WITH((a & weights{{2, 1, 2}, {1, 1, 1, 1}}),
                    "pare: mask.shape: expected 1 x 1 x 4 (rows x taps x inputs), got 2 x 1 x 2");
}

TEST_CASE("a mask zeroes what it prunes and leaves the rest") {
  std::vector<float> values{1, 2, 3, 4, 5, 6};
  pare::apply(pare::mask<pare::block<2, 2>>{{2, 1, 3}, {0, 1}}, values.begin());
  CHECK(values == std::vector<float>{0, 0, 3, 0, 0, 6});
}

TEST_CASE("regrown groups are the greatest that were pruned, of equal ones the last") {
  const weights mask{{1, 1, 5}, {1, 0, 0, 0, 0}};
  CHECK(pare::regrow(mask, {9, 1, 3, 3, 2}, 1).groups == flags{1, 0, 0, 1, 0});
  CHECK(pare::regrow(mask, {9, 1, 3, 3, 2}, 3).groups == flags{1, 0, 1, 1, 1});
  CHECK(pare::regrow(mask, {9, 1, 3, 3, 2}, 0) == mask);
  CHECK_THROWS_WITH(pare::regrow(mask, {9, 1, 3, 3, 2}, 5),
                    "pare: count: expected at most the 4 groups that are pruned, got 5");
  CHECK_THROWS_WITH(pare::regrow(mask, {9, 1}, 1), "pare: scores.size: expected 5, got 2");
}

TEST_CASE("the mask of pruned weights is read off their zeros") {
  const std::vector<float> values{0, 0, 3, 0, 0, 6};
  CHECK(pare::nonzero_groups<pare::block<2, 2>>(values.begin(), {2, 1, 3}).groups == flags{0, 1});
  CHECK(pare::nonzero_groups<pare::channel<1>>(values.begin(), {2, 1, 3}).groups == flags{0, 0, 1});
  CHECK(pare::mask_of<pare::block<2, 2>>(values.begin(), {2, 1, 3}).groups == flags{0, 1});
}

TEST_CASE("flags that cut a group, or that keep more than a window may, are no mask of the structure") {
  const std::vector<int> values{0, 1, 1, 1};
  CHECK_THROWS_WITH((pare::mask_of<pare::block<2, 2>>(values.begin(), {2, 1, 2})),
                    "pare: mask: expected whole groups of the structure, got a part of the group at row 0, column 0");
  CHECK_THROWS_WITH((pare::nonzero_groups<pare::n_of_m<2, 4>>(values.begin(), {1, 1, 4})),
                    "pare: weights: expected at most 2 that stay of each 4, got 3 from group 0 on");
  CHECK(pare::mask_of<pare::n_of_m<3, 4>>(values.begin(), {1, 1, 4}).groups == flags{0, 1, 1, 1});
}
