#include <catch2/catch.hpp>
#include <limits>
#include <pare/prune/sensitivity.hpp>

#include "layer_case.hpp"

namespace {

using weights_pruner = pare::pruner<pare::magnitude, pare::unstructured>;
constexpr double sparsities[] = {0, 0.25, 0.5, 0.75};

}  // namespace

TEST_CASE("a layer's error grows with sparsity, and is what a refit reports") {
  const layer_case given(6, 16, 200);
  const auto moments = given.moments();
  const auto curve =
      pare::sensitivity<weights_pruner>("fc1", given.weights, given.bias, {6, 1, 16}, sparsities, moments);
  CHECK(curve.layer == "fc1");
  CHECK(curve.structure == "unstructured");
  REQUIRE(curve.points.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto report =
        pare::refit(given.view(), given.bias, given.mask<pare::unstructured>(sparsities[i]), moments).report;
    CHECK(curve.points[i].sparsity == sparsities[i]);
    CHECK(curve.points[i].error == report.error_before);
    CHECK(curve.points[i].refitted == report.error_after);
    if (i > 0) CHECK(curve.points[i].error > curve.points[i - 1].error);
  }
}

TEST_CASE("any error of a mask can be asked for, and a structure that fixes the sparsity has one point") {
  const layer_case given(4, 8, 10);
  const auto kept = [](const auto& mask) { return static_cast<double>(mask.kept_groups()); };
  const auto curve = pare::sensitivity<weights_pruner>("all", given.weights, {4, 1, 8}, sparsities, kept);
  CHECK(curve.points[3].error == 8);
  CHECK_FALSE(curve.points[3].refitted);
  using pairs = pare::pruner<pare::magnitude, pare::n_of_m<2, 4>>;
  const auto fixed = pare::sensitivity<pairs>("all", given.weights, {4, 1, 8}, sparsities, kept);
  REQUIRE(fixed.points.size() == 1);
  CHECK(fixed.points[0].sparsity == 0.5);
  CHECK(fixed.structure == "n_of_m<2, 4>");
  CHECK_THROWS_WITH(pare::sensitivity<pairs>("all", given.weights, {4, 1, 4}, sparsities, kept),
                    "pare: weights.size: expected 16, got 32");
}

TEST_CASE("curves are JSON, whatever a layer is called") {
  const double infinite = std::numeric_limits<double>::infinity();
  const std::vector<pare::sensitivity_curve> curves{
      {"a \"b\"\\\n", pare::block<4, 4>::name(), {{0.5, 0.125, 0.0625}, {0.75, infinite, {}}}},
      {"c", pare::n_of_m<2, 4, 16>::name(), {}}};
  CHECK(pare::to_json(curves) ==
        "[\n"
        R"({"layer": "a \"b\"\\\u000a", "structure": "block<4, 4>", "points": [{"sparsity": 0.5, "error": 0.125, )"
        R"("refitted": 0.0625}, {"sparsity": 0.75, "error": null}]},)"
        "\n"
        R"({"layer": "c", "structure": "n_of_m<2, 4, 16>", "points": []})"
        "\n]\n");
  CHECK(pare::to_json({}) == "[\n]\n");
}
