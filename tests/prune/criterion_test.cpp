#include <catch2/catch.hpp>
#include <functional>
#include <pare/prune/pruner.hpp>
#include <random>

using pare::index;
using pare::weight_shape;

namespace {

/// Any criterion of weights, so that structures x criteria need not all be compiled.
struct any_criterion {
  std::function<double(float, index, index)> importance;
  double operator()(float weight, index row, index column) const { return importance(weight, row, column); }
};

/// Weights and what the criteria read beside them.
struct sample {
  explicit sample(const weight_shape& extents)
      : shape(extents),
        weights(random(shape.size())),
        gradients(random(shape.size())),
        norms(random(shape.columns())),
        scales(random(shape.rows)) {
    for (float& norm : norms) norm = std::abs(norm);
    for (const float norm : norms) inverse.push_back(0.1 + static_cast<double>(norm));
  }

  std::vector<float> random(index size) {
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<std::size_t>(size));
    for (float& value : values) value = normal(generator);
    return values;
  }

  std::vector<any_criterion> weight_criteria() const {
    return {{pare::magnitude{}},
            {pare::group_l2{}},
            {pare::taylor{{gradients.data(), shape.rows, shape.columns()}}},
            {pare::wanda{norms}},
            {pare::obs_saliency{inverse}},
            {pare::batch_norm_scale{scales}},
            {pare::geometric_median{}.fitted(weights.begin(), shape)}};
  }

  std::mt19937 generator{5};
  weight_shape shape;
  std::vector<float> weights, gradients, norms, scales;
  std::vector<double> inverse;
};

/// What is kept is at least as important as what is pruned in the same window, and whole windows have the right count.
template <class S>
void check_mask(const pare::mask<S>& mask, const std::vector<double>& scores, std::size_t window, index pruned) {
  REQUIRE(mask.groups.size() == scores.size());
  for (std::size_t begin = 0; begin < scores.size(); begin += window) {
    double greatest_pruned = -1e300, least_kept = 1e300;
    index count = 0;
    for (std::size_t i = begin; i < begin + window; ++i) {
      if (mask.groups[i] != 0) least_kept = std::min(least_kept, scores[i]);
      if (mask.groups[i] == 0) greatest_pruned = std::max(greatest_pruned, scores[i]), ++count;
    }
    CAPTURE(begin);
    REQUIRE(count == pruned);
    REQUIRE(greatest_pruned <= least_kept);
  }
}

/// The sums of a criterion over a structure's groups, worked out anew.
template <class S>
std::vector<double> sums(const any_criterion& criterion, const sample& of) {
  std::vector<double> scores(static_cast<std::size_t>(S::groups(of.shape)));
  for (index i = 0; i < of.shape.size(); ++i) {
    const index row = i / of.shape.columns(), column = i % of.shape.columns();
    scores[static_cast<std::size_t>(S::group(of.shape, row, column))] +=
        criterion(of.weights[static_cast<std::size_t>(i)], row, column);
  }
  return scores;
}

/// Checks what a criterion with these scores prunes of the sample.
template <class S, class C>
void check_pruner(const C& criterion, const std::vector<double>& scores, const sample& of) {
  const pare::pruner<C, S> pruner{criterion};
  const auto first = of.weights.begin();
  if constexpr (pare::WindowedStructure<S>) {
    check_mask(pruner.select(first, of.shape), scores, std::size_t{S::window}, S::window - S::kept);
  } else {
    for (const double sparsity : {0.0, 0.29, 0.5, 0.8, 0.999})
      check_mask(pruner.select(first, of.shape, sparsity), scores, scores.size(),
                 pare::pruned_count(sparsity, S::groups(of.shape)));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("every criterion prunes exactly the least important whole groups of every structure", "",
                   pare::unstructured, (pare::block<4, 4>), (pare::block<2, 4>), (pare::block<16, 4>),
                   (pare::block<3, 5>), (pare::grid<4, 8>), pare::channel<0>, pare::channel<1>, (pare::n_of_m<2, 4>),
                   (pare::n_of_m<4, 16>), (pare::n_of_m<2, 4, 16>)) {
  for (const weight_shape& shape : {weight_shape{32, 1, 64}, weight_shape{17, 4, 8}, weight_shape{5, 9, 16}}) {
    const sample given(shape);
    for (const any_criterion& criterion : given.weight_criteria())
      check_pruner<TestType>(criterion, sums<TestType>(criterion, given), given);
    const pare::random_choice random{.seed = 3};
    std::vector<double> scores(static_cast<std::size_t>(TestType::groups(shape)));
    for (std::size_t group = 0; group < scores.size(); ++group) scores[group] = random(static_cast<index>(group));
    check_pruner<TestType>(random, scores, given);
  }
}

TEST_CASE("a pattern shared by output channels is chosen by their sum and held by all of them") {
  const std::vector<float> weights{3, 1, 0, 0,  //
                                   0, 1, 3, 0,  //
                                   0, 0, 1, 2};
  const auto mask = pare::pruner<pare::magnitude, pare::n_of_m<2, 4, 2>>{}.select(weights.begin(), {3, 1, 4});
  CHECK(mask.groups == std::vector<std::uint8_t>{1, 0, 1, 0, 0, 0, 1, 1});
  CHECK(mask.keeps(1, 0));
  CHECK_FALSE(mask.keeps(2, 0));
}

TEST_CASE("criteria follow their formulas") {
  const std::vector<float> row{0.5f, 2.f};
  const std::vector<double> inverse{4, 0.25};
  CHECK(pare::group_l2{}(-3.f, 0, 0) == 9);
  CHECK(pare::taylor{{row.data(), 1, 2}}(-3.f, 0, 1) == 6);
  CHECK(pare::wanda{row}(-3.f, 7, 0) == 1.5);
  CHECK(pare::obs_saliency{inverse}(-3.f, 7, 1) == 18);
  CHECK(pare::batch_norm_scale{row}(-3.f, 1, 5) == 2);
}

TEST_CASE("the filter nearest the geometric median goes first") {
  const std::vector<float> filters{0, 0, 1, 0,
                                   0, 4, 1, 1};  // distances 1 + 4 + 1.41, 1 + 4.12 + 1, 4 + 4.12 + 3.16, ...
  const auto fitted = pare::geometric_median{}.fitted(filters.begin(), {4, 1, 2});
  CHECK(fitted.distances[0] == Approx(5 + std::sqrt(2)));
  CHECK(fitted.distances[1] == Approx(2 + std::sqrt(17)));
  const auto mask = pare::pruner<pare::geometric_median, pare::channel<0>>{}.select(filters.begin(), {4, 1, 2}, 0.25);
  CHECK(mask.groups == std::vector<std::uint8_t>{1, 1, 1, 0});  // sqrt(2) + 1 + sqrt(10) = 5.58 is the least
}

TEST_CASE("random choice depends on its seed alone and prefers no group") {
  const pare::pruner<pare::random_choice, pare::unstructured> one{{.seed = 1}}, two{{.seed = 2}};
  const std::vector<float> weights(1000, 1.f);
  const auto mask = one.select(weights.begin(), {10, 1, 100}, 0.5);
  CHECK(mask == one.select(weights.begin(), {10, 1, 100}, 0.5));
  CHECK(mask != two.select(weights.begin(), {10, 1, 100}, 0.5));
  const auto first_half = std::count(mask.groups.begin(), mask.groups.begin() + 500, std::uint8_t{1});
  CHECK(std::abs(first_half - 250) < 50);  // more than six deviations of a fair choice
}

TEST_CASE("numbers that belong to other weights are refused by name") {
  const sample given({4, 1, 8}), other({2, 1, 4});
  const auto select = [&]<class C>(const C& criterion) {
    return pare::pruner<C, pare::unstructured>{criterion}.select(given.weights.begin(), given.shape, 0.5);
  };
  CHECK_THROWS_WITH(select(pare::taylor{{other.gradients.data(), 2, 4}}), "pare: gradients.rows: expected 4, got 2");
  CHECK_THROWS_WITH(select(pare::wanda{other.norms}), "pare: input_norms.size: expected 8, got 4");
  CHECK_THROWS_WITH(select(pare::obs_saliency{other.inverse}), "pare: inverse_diagonal.size: expected 8, got 4");
  CHECK_THROWS_WITH(select(pare::batch_norm_scale{other.scales}), "pare: scales.size: expected 4, got 2");
  CHECK_THROWS_WITH(select(pare::given_scores{other.inverse}), "pare: scores.size: expected 32, got 4");
}
