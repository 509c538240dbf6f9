#include <catch2/catch.hpp>

#include "layer_case.hpp"

TEST_CASE("the factor of a matrix multiplies up to it, solves with it and inverts") {
  for (const index n : {1, 2, 3, 4, 5, 8, 13, 30}) {
    std::mt19937 generator(7);
    std::normal_distribution<double> normal;
    pare::detail::square_matrix a(n), u(n), v(n);
    std::vector<double> g(static_cast<std::size_t>(n * n));
    for (double& x : g) x = normal(generator);
    for (index i = 0; i < n; ++i)
      for (index j = 0; j < n; ++j) {
        for (index l = 0; l < n; ++l)
          a.view()(i, j) += g[static_cast<std::size_t>(i * n + l)] * g[static_cast<std::size_t>(j * n + l)];
        a.view()(i, j) += i == j;
      }
    u = a;
    REQUIRE(pare::cholesky(u.view()));
    pare::invert_triangle(u.view(), v.view());
    std::vector<double> x(static_cast<std::size_t>(n)), b = x;
    for (double& e : x) e = normal(generator);
    for (index i = 0; i < n; ++i)
      for (index j = 0; j < n; ++j) {
        double product = 0, identity = 0;
        for (index l = 0; l <= std::min(i, j); ++l) product += u.view()(l, i) * u.view()(l, j);
        for (index l = i; l <= j; ++l) identity += u.view()(i, l) * v.view()(l, j);
        REQUIRE(product == Approx(a.view()(i, j)).margin(1e-9));
        REQUIRE(identity == Approx(i == j ? 1 : 0).margin(1e-9));
        b[static_cast<std::size_t>(i)] += a.view()(i, j) * x[static_cast<std::size_t>(j)];
      }
    pare::cholesky_solve(u.view(), b.data());
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(b[i] == Approx(x[i]).margin(1e-9));
  }
}

TEST_CASE("a matrix that is not positive definite has no factor") {
  pare::detail::square_matrix a(2);
  a.elements = {1, 2, 2, 1};
  CHECK_FALSE(pare::cholesky(a.view()));
}

TEST_CASE("nothing pruned, nothing changed: the refit of dense weights is the dense weights") {
  const layer_case given(5, 12, 300);
  const auto result = pare::refit(given.view(), given.bias, given.mask<pare::unstructured>(0), given.moments());
  for (std::size_t i = 0; i < given.weights.size(); ++i)
    CHECK(result.weights[i] == Approx(given.weights[i]).margin(1e-4));
  for (std::size_t c = 0; c < given.bias.size(); ++c) CHECK(result.bias[c] == Approx(given.bias[c]).margin(1e-3));
  CHECK(result.report.solved);
  CHECK(result.report.error_after == Approx(0).margin(1e-8));
  CHECK(pare::warnings(result.report).empty());
}

TEMPLATE_TEST_CASE("a refit never moves a pruned weight, errs far less, and reports the errors that it makes", "",
                   pare::unstructured, (pare::block<4, 4>), (pare::block<3, 5>), (pare::n_of_m<2, 4>),
                   (pare::n_of_m<2, 4, 4>), pare::channel<1>) {
  const layer_case given(10, 24, 400);
  const auto mask = given.mask<TestType>(0.5);
  const auto plain = pare::refit(given.view(), given.bias, mask, given.moments(), {.match_variance = false});
  reals masked = given.weights;
  pare::apply(mask, masked.begin());
  CHECK(plain.report.error_before == Approx(given.error(masked, given.bias)).epsilon(1e-4));
  CHECK(plain.report.error_after == Approx(given.error(plain.weights, plain.bias)).epsilon(1e-3));
  CHECK(plain.report.error_after < 0.3 * plain.report.error_before);
  for (index i = 0; i < mask.shape.size(); ++i)
    if (!mask.keeps(i / given.k, i % given.k)) CHECK(plain.weights[static_cast<std::size_t>(i)] == 0);

  // No other weights on the mask do better, as far as the small ridge lets them.
  for (std::size_t i = 0; i < masked.size(); i += 7) {
    if (plain.weights[i] == 0) continue;
    for (const float step : {-0.1f, 0.1f}) {
      reals moved = plain.weights;
      moved[i] += step;
      CHECK(given.error(moved, plain.bias) > plain.report.error_after);
    }
  }
}

TEST_CASE("a matched output has the mean and the variance of its target") {
  const layer_case given(6, 16, 200);
  const auto result = pare::refit(given.view(), given.bias, given.mask<pare::block<2, 4>>(0.5), given.moments());
  const reals y = given.outputs(result.weights, result.bias);
  for (index c = 0; c < given.n; ++c) {
    double sums[4] = {};
    for (index r = 0; r < given.rows; ++r) {
      const double made = static_cast<double>(given.at(y, r, c)),
                   target = static_cast<double>(given.at(given.targets, r, c));
      sums[0] += made, sums[1] += made * made, sums[2] += target, sums[3] += target * target;
    }
    const auto rows = static_cast<double>(given.rows);
    CHECK(sums[0] == Approx(sums[2]).margin(1e-2));
    CHECK(sums[1] - sums[0] * sums[0] / rows == Approx(sums[3] - sums[2] * sums[2] / rows).epsilon(1e-3));
  }
}

TEST_CASE("a refit makes up for inputs that a pruned predecessor distorts") {
  layer_case given(4, 8, 200);
  for (float& x : given.inputs) x = 0.5f * x - 1;  // the targets stay those of the dense network
  const auto result =
      pare::refit(given.view(), given.bias, given.mask<pare::unstructured>(0), given.moments(), {.ridge = 1e-9});
  CHECK(result.report.error_before > 0.2);
  CHECK(result.report.error_after < 1e-6);
}

TEST_CASE("with too few rows only means and variances are matched, and the report says so") {
  const layer_case given(4, 32, 64);
  const auto mask = given.mask<pare::block<4, 4>>(0.5);
  const auto result = pare::refit(given.view(), given.bias, mask, given.moments());
  CHECK_FALSE(result.report.solved);
  CHECK(pare::warnings(result.report) ==
        std::vector<std::string>{"only 64 rows of calibration, 128 wanted: means and variances are matched, weights "
                                 "are not refitted"});
  const auto first = static_cast<std::size_t>(
      std::find_if(result.weights.begin(), result.weights.end(), [](float w) { return w != 0; }) -
      result.weights.begin());
  CHECK(result.weights[first] / given.weights[first] == Approx(result.weights[first + 1] / given.weights[first + 1]));
  CHECK(result.report.error_after < result.report.error_before);
  CHECK(pare::refit(given.view(), given.bias, mask, given.moments(), {.rows_per_input = 2}).report.solved);
}

TEST_CASE("dead inputs keep their weights, and outputs without weights become the mean") {
  layer_case given(3, 8, 100);
  for (index r = 0; r < given.rows; ++r) given.inputs[static_cast<std::size_t>(r * 8 + 2)] = 0.25f;
  for (index r = 0; r < given.rows; ++r) given.inputs[static_cast<std::size_t>(r * 8 + 5)] = 0;
  given.targets = given.outputs(given.weights, given.bias);
  pare::mask<pare::channel<0>> mask{{3, 1, 8}, {1, 0, 1}};
  const auto result = pare::refit(given.view(), given.bias, mask, given.moments(), {.match_variance = false});
  CHECK(result.report.dead_inputs == 2);
  CHECK(result.report.pruned_rows == std::vector<index>{1});
  CHECK(pare::warnings(result.report) == std::vector<std::string>{"2 inputs never change on the calibration data",
                                                                  "1 outputs have no weights left and are constant"});
  CHECK(result.weights[2] == Approx(given.weights[2]));
  CHECK(result.weights[21] == Approx(given.weights[21]));
  double mean = 0;
  for (index r = 0; r < given.rows; ++r) mean += static_cast<double>(given.at(given.targets, r, 1)) / 100;
  CHECK(result.bias[1] == Approx(mean));
  for (float& x : given.inputs) x = 0;  // a layer that sees nothing at all
  given.targets = given.outputs(given.weights, given.bias);
  CHECK(pare::refit(given.view(), given.bias, mask, given.moments()).report.dead_inputs == 8);
}

TEST_CASE("operands that do not belong together are refused by name") {
  const layer_case given(4, 8, 64);
  const auto moments = given.moments();
  const auto mask = given.mask<pare::unstructured>(0.5);
  CHECK_THROWS_WITH(pare::refit({given.weights.data(), 2, 8}, {}, mask, moments),
                    "pare: weights.rows: expected 4, got 2");
  CHECK_THROWS_WITH(pare::refit(given.view(), std::span(given.bias).first(1), mask, moments),
                    "pare: bias.size: expected 4, got 1");
  CHECK_THROWS_WITH(pare::refit(given.view(), {}, mask, layer_case(4, 6, 10).moments()),
                    "pare: moments.inputs: expected 8, got 6");
  CHECK_THROWS_WITH(pare::refit(given.view(), {}, mask, moments, {.ridge = 0}),
                    "pare: ridge: expected a finite number above 0, got 0");
  pare::moment_sums sums(4, 8);
  CHECK_THROWS_WITH(sums.finish(), "pare: moments: expected at least one row of calibration, got none");
  CHECK_THROWS_WITH(sums.observe({given.inputs.data(), 2, 7, 8}, {given.targets.data(), 2, 4}),
                    "pare: inputs.columns: expected 8, got 7");
  const reals nan(8, std::nanf(""));
  CHECK_THROWS_WITH(sums.observe({nan.data(), 1, 8}, {given.targets.data(), 1, 4}),
                    Catch::StartsWith("pare: inputs: expected finite numbers"));
}
