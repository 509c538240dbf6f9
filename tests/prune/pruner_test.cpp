#include <catch2/catch.hpp>
#include <limits>
#include <pare/prune/pruner.hpp>
#include <random>

using pare::index;
using pare::weight_shape;

namespace {

std::vector<float> random_weights(index size, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> weights(static_cast<std::size_t>(size));
  for (float& weight : weights) weight = normal(generator);
  return weights;
}

template <class S, class... Sparsity>
pare::mask<S> select(const std::vector<float>& weights, const weight_shape& shape, Sparsity... sparsity) {
  return pare::pruner<pare::magnitude, S>{}.select(weights.begin(), shape, sparsity...);
}

template <class S>
void check_count_and_order(const weight_shape& shape, double sparsity) {
  const std::vector<float> weights = random_weights(shape.size(), 1);
  const pare::mask<S> mask = select<S>(weights, shape, sparsity);
  std::vector<double> importance(static_cast<std::size_t>(S::groups(shape)));
  for (index i = 0; i < shape.size(); ++i)
    importance[static_cast<std::size_t>(S::group(shape, i / shape.columns(), i % shape.columns()))] +=
        std::abs(static_cast<double>(weights[static_cast<std::size_t>(i)]));
  double greatest_pruned = 0, least_kept = std::numeric_limits<double>::infinity();
  for (std::size_t g = 0; g < importance.size(); ++g)
    if (mask.groups[g] != 0)
      least_kept = std::min(least_kept, importance[g]);
    else
      greatest_pruned = std::max(greatest_pruned, importance[g]);
  CHECK(greatest_pruned <= least_kept);
  CHECK(mask.pruned_groups() == static_cast<index>(sparsity * static_cast<double>(S::groups(shape)) + 1e-6));
  CHECK(mask.kept_groups() + mask.pruned_groups() == S::groups(shape));
}

}  // namespace

TEMPLATE_TEST_CASE("exactly the floor of sparsity x groups is pruned, and what stays is at least as important", "",
                   pare::unstructured, (pare::block<4, 4>), (pare::block<16, 4>), (pare::block<3, 5>), pare::channel<0>,
                   pare::channel<1>) {
  for (const weight_shape& shape : {weight_shape{32, 1, 64}, weight_shape{17, 9, 6}, weight_shape{1, 1, 1}})
    for (const double sparsity : {0.0, 0.1, 0.25, 0.29, 0.5, 0.8, 0.999})
      check_count_and_order<TestType>(shape, sparsity);
}

TEST_CASE("a product within rounding error of a whole number is that number") {
  CHECK(pare::pruned_count(0.29, 100) == 29);  // 28.999999999999996 in double
  CHECK(pare::pruned_count(0.7, 10) == 7);
  CHECK(pare::pruned_count(0.299, 100) == 29);
  CHECK(pare::pruned_count(0.5, 100'000'001) == 50'000'000);
  CHECK(pare::pruned_count(0, 0) == 0);
}

TEST_CASE("one group stays at any sparsity below 1") {
  CHECK(pare::pruned_count(std::nextafter(1.0, 0.0), 10) == 9);
  CHECK(pare::pruned_count(0.99, 1) == 0);
}

TEST_CASE("of equally important groups the lower index is pruned first") {
  const auto mask = select<pare::unstructured>(std::vector<float>(6, -1.f), {2, 1, 3}, 0.5);
  CHECK(mask.groups == std::vector<std::uint8_t>{0, 0, 0, 1, 1, 1});
  const auto pairs = select<pare::n_of_m<1, 3>>(std::vector<float>(6, 2.f), {2, 1, 3});
  CHECK(pairs.groups == std::vector<std::uint8_t>{0, 0, 1, 0, 0, 1});
}

TEST_CASE("n_of_m keeps the greatest N of every M along k and nothing across rows or windows") {
  const std::vector<float> weights{1, -4, 3, 2, 10, 20, 30, 40, 9, 8, 7, 6, 0, 0, 0, 1};
  const auto mask = select<pare::n_of_m<2, 4>>(weights, {2, 1, 8});
  CHECK(mask.groups == std::vector<std::uint8_t>{0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1});
  CHECK(mask.sparsity() == 0.5);
  CHECK(select<pare::n_of_m<2, 4>>(weights, {2, 1, 8}, 0.5).groups == mask.groups);
  CHECK(mask.keeps(1, 0));
  CHECK_FALSE(mask.keeps(1, 2));
}

TEST_CASE("blocks are whole, and those at the edges as small as the edge leaves them") {
  //                               | block |   |
  const std::vector<float> weights{1, 1, 1, 1, 9,  //
                                   1, 1, 1, 1, 9,  //
                                   5, 5, 1, 1, 0};
  const auto mask = select<pare::block<2, 2>>(weights, {3, 1, 5}, 0.5);
  CHECK(mask.groups == std::vector<std::uint8_t>{0, 1, 1, 1, 0, 0});  // 4, 4, 18, 10, 2, 0: the first tie goes
  CHECK_FALSE(mask.keeps(1, 1));
  CHECK(mask.keeps(1, 3));
  CHECK_FALSE(mask.keeps(2, 4));
}

TEST_CASE("a grid has as many blocks whatever the shape, and their extents differ by at most 1") {
  using structure = pare::grid<2, 3>;
  const weight_shape shape{5, 1, 7};
  std::vector<index> sizes(6);
  for (index i = 0; i < shape.size(); ++i) ++sizes[static_cast<std::size_t>(structure::group(shape, i / 7, i % 7))];
  CHECK(sizes == std::vector<index>{9, 6, 6, 6, 4, 4});
  CHECK(structure::groups(shape) == 6);
  CHECK_THROWS_WITH(structure::groups({1, 1, 7}),
                    "pare: weights: expected at least 2 output channels for the grid, got 1");
  CHECK_THROWS_WITH(structure::groups({5, 1, 2}), "pare: weights: expected k of at least 3 for the grid, got 2");
}

TEST_CASE("an input channel of OHWI weights is pruned in every tap") {
  const std::vector<float> weights{1, 5, 1, 5, 1, 5, 1, 5};  // [1, 2, 2, 2]
  const auto mask = select<pare::channel<1>>(weights, pare::weights_of(std::array{1, 2, 2, 2}), 0.5);
  CHECK(mask.groups == std::vector<std::uint8_t>{0, 1});
  for (index column = 0; column < 8; ++column) CHECK(mask.keeps(0, column) == (column % 2 == 1));
}

TEST_CASE("weights of more than two axes are seen as rows of k") {
  CHECK(pare::weights_of(std::array{8, 3, 3, 4}) == weight_shape{8, 9, 4});
  CHECK(pare::weights_of(std::array{8, 4}) == weight_shape{8, 1, 4});
  CHECK_THROWS_WITH(pare::weights_of(std::array{8}), "pare: weights: expected at least 2 axes, [n, k], got 1");
}

TEST_CASE("weights without elements have an empty mask") {
  CHECK(select<pare::unstructured>({}, {0, 1, 4}, 0.5).groups.empty());
  CHECK(select<pare::n_of_m<2, 4>>({}, {4, 1, 0}).sparsity() == 0);
}

TEST_CASE("sparsity outside its limits, and weights that cannot be compared, are refused by name") {
  const std::vector<float> weights(8, 1.f);
  for (const double sparsity : {-0.1, 1.0, 80.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH(select<pare::unstructured>(weights, {2, 1, 4}, sparsity),
                      Catch::StartsWith("pare: sparsity: expected a number in [0, 1), got "));
  CHECK_THROWS_WITH((select<pare::n_of_m<2, 4>>(weights, {2, 1, 4}, 0.75)),
                    "pare: sparsity: expected 0.5, which the structure fixes, got 0.75");
  CHECK_THROWS_WITH((select<pare::n_of_m<2, 3>>(weights, {2, 1, 4})),
                    "pare: weights: expected k a multiple of 3 for n_of_m<2, 3>, got 4");
  const std::vector<float> broken{1, std::numeric_limits<float>::quiet_NaN(), 1, 1};
  CHECK_THROWS_WITH(select<pare::unstructured>(broken, {1, 1, 4}, 0.5),
                    "pare: weights: expected finite importance, got nan");
}

TEST_CASE("a mask for another shape is refused by name") {
  auto mask = select<pare::unstructured>(std::vector<float>(8, 1.f), {2, 1, 4}, 0.5);
  CHECK_NOTHROW(pare::expect_valid("mask", mask, {2, 1, 4}));
  CHECK_THROWS_WITH(pare::expect_valid("mask", mask, {4, 1, 2}),
                    "pare: mask.shape: expected 4 x 1 x 2 (rows x taps x inputs), got 2 x 1 x 4");
  mask.groups.pop_back();
  CHECK_THROWS_WITH(pare::expect_valid("mask", mask, {2, 1, 4}), "pare: mask.groups: expected 8, got 7");
}

namespace {
struct halfway {
  double operator()(double sparsity, index step) const { return step < until ? sparsity / 2 : sparsity; }
  index until = 10;
};
}  // namespace

TEST_CASE("a schedule decides the sparsity of a step") {
  const std::vector<float> weights = random_weights(100, 2);
  const pare::pruner<pare::magnitude, pare::unstructured, halfway> gradual{.schedule = {.until = 3}};
  CHECK(gradual.select(weights.begin(), {10, 1, 10}, 0.8, 2).pruned_groups() == 40);
  CHECK(gradual.select(weights.begin(), {10, 1, 10}, 0.8, 3).pruned_groups() == 80);
}
