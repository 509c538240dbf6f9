#include <catch2/catch.hpp>
#include <pare/prune/scope.hpp>
#include <random>

using pare::index;
using weights_pruner = pare::pruner<pare::magnitude, pare::unstructured>;

namespace {

static_assert(pare::ScopeOf<pare::each_tensor, weights_pruner> && pare::ScopeOf<pare::all_tensors, weights_pruner>);

std::vector<float> normal_weights(std::size_t size, float deviation) {
  std::mt19937 generator(7);
  std::normal_distribution<float> normal(0, deviation);
  std::vector<float> weights(size);
  for (float& weight : weights) weight = normal(generator);
  return weights;
}

const std::vector<float> large = normal_weights(60, 10.f), small = normal_weights(40, 0.1f);
const std::vector<pare::prunable<weights_pruner>> both{{large, {6, 1, 10}}, {small, {4, 1, 10}}};
const std::span<const pare::prunable<weights_pruner>> tensors(both);

}  // namespace

TEST_CASE("each tensor for itself is pruned as if it were alone") {
  const auto masks = pare::each_tensor{}.select(tensors, 0.5);
  CHECK(masks[0] == weights_pruner{}.select(large.begin(), {6, 1, 10}, 0.5));
  CHECK(masks[1].pruned_groups() == 20);
}

TEST_CASE("all tensors together lose the least of all, exactly as many as asked for") {
  const auto masks = pare::all_tensors{}.select(tensors, 0.37);
  CHECK(masks[0].pruned_groups() + masks[1].pruned_groups() == 37);
  double greatest_pruned = 0, least_kept = 1e9;
  for (std::size_t t = 0; t < 2; ++t)
    for (std::size_t i = 0; i < both[t].weights.size(); ++i) {
      const double importance = std::abs(both[t].weights[i]);
      double& bound = masks[t].groups[i] != 0 ? least_kept : greatest_pruned;
      bound = masks[t].groups[i] != 0 ? std::min(bound, importance) : std::max(bound, importance);
    }
  CHECK(greatest_pruned <= least_kept);
}

TEST_CASE("a minimum of each tensor stays, and the others make up for it") {
  const auto starved = pare::all_tensors{}.select(tensors, 0.6);
  CHECK(starved[1].kept_groups() < 5);
  const auto masks = pare::all_tensors{.minimum_kept = 0.26}.select(tensors, 0.6);
  CHECK(masks[1].kept_groups() == 11);  // ceil(0.26 * 40)
  CHECK(masks[0].pruned_groups() == 60 - 29);
  CHECK(pare::all_tensors{}.select(tensors, 0.98)[1].kept_groups() == 1);
}

TEST_CASE("of equal importances the earlier tensor goes first") {
  const std::vector<float> ones(4, 1.f);
  const std::vector<pare::prunable<weights_pruner>> equal{{ones, {1, 1, 4}}, {ones, {1, 1, 4}}};
  const auto masks = pare::all_tensors{}.select(std::span<const pare::prunable<weights_pruner>>(equal), 0.5);
  CHECK(masks[0].groups == std::vector<std::uint8_t>{0, 0, 0, 1});
  CHECK(masks[1].groups == std::vector<std::uint8_t>{0, 1, 1, 1});
}

TEST_CASE("what cannot be is refused by name") {
  CHECK_THROWS_WITH((pare::all_tensors{.minimum_kept = 0.5}.select(tensors, 0.6)),
                    "pare: sparsity: expected at most 50 of 100 groups pruned, as minimum_kept says, got 60");
  CHECK_THROWS_WITH((pare::all_tensors{.minimum_kept = 2}.select(tensors, 0.6)),
                    "pare: minimum_kept: expected a share in [0, 1], got 2");
  const std::vector<pare::prunable<weights_pruner>> short_of{{std::span(large).first(3), {6, 1, 10}}};
  CHECK_THROWS_WITH(pare::each_tensor{}.select(std::span<const pare::prunable<weights_pruner>>(short_of), 0.5),
                    "pare: weights.size: expected 60, got 3");
}
