#include <catch2/catch.hpp>
#include <pare/prune/round.hpp>

#include "layer_case.hpp"

namespace {

constexpr double little = 1e-9;  // a ridge that leaves the error alone

template <class S>
double refit_error(const layer_case& given, const pare::mask<S>& mask) {
  return pare::refit(given.view(), {}, mask, given.moments(), {.ridge = little, .match_variance = false})
      .report.error_after;
}

double variance(const pare::layer_moments& moments) {
  double sum = 0;
  for (const double squares : moments.output_squares) sum += squares;
  return sum;
}

}  // namespace

TEMPLATE_TEST_CASE("a group's saliency is what the refitted error grows by without it", "", pare::unstructured,
                   (pare::block<4, 4>), (pare::block<2, 3>), (pare::n_of_m<2, 4, 2>), pare::channel<0>,
                   pare::channel<1>) {
  const layer_case given(6, 12, 200);
  const auto moments = given.moments();
  pare::mask<TestType> mask{{6, 3, 4}, {}};
  mask.groups.assign(static_cast<std::size_t>(TestType::groups(mask.shape)), 1);
  for (const bool some_gone : {false, true}) {
    if (some_gone) mask.groups[1] = 0;
    const auto scores = pare::obs_scores(given.view(), mask, moments, little);
    REQUIRE(scores.size() == mask.groups.size());
    const double before = refit_error(given, mask);
    for (std::size_t group = 0; group < scores.size(); group += 1 + scores.size() / 8) {
      auto without = mask;
      without.groups[group] = 0;
      CAPTURE(group, some_gone);
      const double growth = (refit_error(given, without) - before) * variance(moments);
      CHECK(scores[group] == Approx(growth).epsilon(1e-3).margin(1e-3));
    }
  }
}

TEMPLATE_TEST_CASE("a gradual mask prunes the documented count, and costs less than magnitude's", "",
                   pare::unstructured, (pare::block<2, 4>), (pare::block<4, 4>), pare::channel<0>, pare::channel<1>) {
  const layer_case given(12, 32, 400);
  const auto moments = given.moments();
  for (const double sparsity : {0.0, 0.29, 0.5, 0.75}) {
    const auto mask = pare::gradual_obs<TestType>(given.view(), {12, 1, 32}, moments, sparsity);
    CHECK(mask.pruned_groups() == pare::pruned_count(sparsity, TestType::groups(mask.shape)));
    CHECK(mask == pare::gradual_obs<TestType>(given.view(), {12, 1, 32}, moments, sparsity));
    CHECK(refit_error(given, mask) <= refit_error(given, given.mask<TestType>(sparsity)) + 1e-9);
  }
}

TEMPLATE_TEST_CASE("masks of windows keep N of every M, shared by as many outputs as the type says, and cost less", "",
                   (pare::n_of_m<2, 4>), (pare::n_of_m<4, 16>), (pare::n_of_m<1, 4>), (pare::n_of_m<2, 4, 5>)) {
  const layer_case given(12, 48, 400);
  const auto moments = given.moments();
  const double sparsity = 1 - static_cast<double>(TestType::kept) / TestType::window;
  const auto by_magnitude = given.mask<TestType>(sparsity);
  for (const auto& mask : {pare::sequential_obs<TestType>(given.view(), {12, 1, 48}, moments),
                           pare::gradual_obs<TestType>(given.view(), {12, 1, 48}, moments, sparsity)}) {
    CHECK(mask.pruned_groups() == by_magnitude.pruned_groups());
    CHECK_NOTHROW(pare::expect_windows(mask));
    CHECK(refit_error(given, mask) < 0.9 * refit_error(given, by_magnitude));
  }
}

TEST_CASE("of inputs that say the same one goes, however great its weights") {
  layer_case given(1, 4, 200);
  given.weights = {5, 5, 1, 1};
  for (index r = 0; r < given.rows; ++r)
    given.inputs[static_cast<std::size_t>(r * 4 + 1)] = given.inputs[static_cast<std::size_t>(r * 4)];
  given.targets = given.outputs(given.weights, given.bias);
  const auto mask = pare::gradual_obs<pare::unstructured>(given.view(), {1, 1, 4}, given.moments(), 0.25, 1, little);
  CHECK((mask.groups[0] ^ mask.groups[1]) == 1);
  CHECK(given.mask<pare::unstructured>(0.25).groups == std::vector<std::uint8_t>{1, 1, 0, 1});
  const auto pairs = pare::sequential_obs<pare::n_of_m<3, 4>>(given.view(), {1, 1, 4}, given.moments(), little);
  CHECK(pairs.groups == std::vector<std::uint8_t>{0, 1, 1, 1});  // the second can still make up for the first
}

TEST_CASE("rounding that makes up for itself errs less than rounding to nearest, most so in few bits") {
  const layer_case given(8, 24, 400);
  const auto moments = given.moments();
  const auto mask = given.mask<pare::unstructured>(0.25);
  const auto fitted = pare::refit(given.view(), given.bias, mask, moments, {.match_variance = false});
  const matrix_view<const float> weights(fitted.weights.data(), 8, 24);
  for (const int limit : {127, 7}) {
    const auto rounded = pare::round_refitted(weights, mask, moments, limit);
    reals made(fitted.weights.size()), nearest(fitted.weights.size());
    for (std::size_t i = 0; i < made.size(); ++i) {
      const float scale = rounded.scales[i / 24];
      made[i] = scale * rounded.codes[i];
      nearest[i] = scale * std::nearbyint(fitted.weights[i] / scale);
      REQUIRE(std::abs(rounded.codes[i]) <= limit);
      if (fitted.weights[i] == 0) REQUIRE(rounded.codes[i] == 0);
    }
    reals bias = rounded.bias;  // both with the best one
    for (std::size_t i = 0; i < made.size(); ++i)
      bias[i / 24] += (made[i] - nearest[i]) * static_cast<float>(moments.input_means[i % 24]);
    const double error = given.error(made, rounded.bias);
    CHECK(rounded.error == Approx(error).epsilon(1e-3));
    CHECK(error - fitted.report.error_after < 0.9 * (given.error(nearest, bias) - fitted.report.error_after));
    if (limit == 127) CHECK(error < 1.01 * fitted.report.error_after);
  }
}

TEST_CASE("what cannot be pruned or rounded is refused by name") {
  const layer_case given(4, 8, 64);
  const auto moments = given.moments();
  using two_of_four = pare::n_of_m<2, 4>;
  CHECK_THROWS_WITH((pare::gradual_obs<two_of_four>(given.view(), {4, 1, 8}, moments, 0.75)),
                    "pare: sparsity: expected 0.5, which the structure fixes, got 0.75");
  CHECK_THROWS_WITH((pare::gradual_obs<pare::unstructured>(given.view(), {4, 1, 8}, moments, 1)),
                    "pare: sparsity: expected a number in [0, 1), got 1");
  CHECK_THROWS_WITH((pare::gradual_obs<pare::unstructured>(given.view(), {4, 1, 8}, moments, 0.5, 0)),
                    "pare: steps: expected at least 1, got 0");
  CHECK_THROWS_WITH((pare::sequential_obs<pare::n_of_m<1, 3>>(given.view(), {4, 1, 8}, moments)),
                    "pare: weights: expected k a multiple of 3 for n_of_m<1, 3>, got 8");
  CHECK_THROWS_WITH(pare::round_refitted(given.view(), given.mask<two_of_four>(0.5), moments, 128),
                    "pare: limit: expected a code in [1, 127], got 128");
}
