#include <catch2/catch.hpp>
#include <pare/prune/schedule.hpp>

TEMPLATE_TEST_CASE("a gradual schedule starts at its initial sparsity, ends at the final one and never turns back", "",
                   pare::linear_schedule, pare::polynomial, pare::exponential, pare::cosine) {
  const TestType schedule{.begin = 10, .end = 110, .initial = 0.2};
  CHECK(schedule(0.9, 0) == 0.2);
  CHECK(schedule(0.9, 10) == 0.2);
  CHECK(schedule(0.9, 110) == 0.9);
  CHECK(schedule(0.9, 100000) == 0.9);
  for (pare::index step = 10; step < 110; ++step) {
    CHECK(schedule(0.9, step) < schedule(0.9, step + 1));
    CHECK(schedule(0.9, step + 1) <= 0.9);
  }
}

TEST_CASE("schedules follow their formulas") {
  CHECK(pare::linear_schedule{.begin = 0, .end = 4}(0.8, 1) == Approx(0.2));
  CHECK(pare::polynomial{.begin = 0, .end = 4}(0.8, 1) == Approx(0.8 * (1 - 0.421875)));
  CHECK(pare::polynomial{.begin = 0, .end = 4, .curve = {.exponent = 1}}(0.8, 3) == Approx(0.6));
  CHECK(pare::exponential{.begin = 0, .end = 2}(0.75, 1) == Approx(0.5));  // a half of what is left, twice
  CHECK(pare::cosine{.begin = 0, .end = 4}(0.8, 1) == Approx(0.4 * (1 - std::sqrt(0.5))));
  CHECK(pare::cosine{.begin = 0, .end = 4}(0.8, 2) == Approx(0.4));
}

TEST_CASE("sparsity moves every `frequency` steps") {
  const pare::linear_schedule schedule{.begin = 5, .end = 25, .frequency = 10};
  CHECK(schedule(0.8, 14) == 0);
  CHECK(schedule(0.8, 15) == Approx(0.4));
  CHECK(schedule(0.8, 24) == schedule(0.8, 15));
  CHECK(schedule(0.8, 25) == 0.8);
}

TEST_CASE("a schedule without steps prunes at once, and one never prunes beyond the final sparsity") {
  CHECK(pare::polynomial{}(0.8, 0) == 0.8);
  CHECK(pare::linear_schedule{.begin = 0, .end = 10, .initial = 0.5}(0.3, 5) == Approx(0.3));
}

TEST_CASE("steps that make no sense are refused by name") {
  CHECK_THROWS_WITH((pare::cosine{.frequency = 0}(0.5, 1)), "pare: schedule.frequency: expected at least 1, got 0");
  CHECK_THROWS_WITH((pare::cosine{.begin = 3, .end = 2}(0.5, 1)),
                    "pare: schedule.end: expected at least begin, 3, got 2");
  CHECK_THROWS_WITH((pare::cosine{.end = 2, .initial = 1}(0.5, 1)),
                    "pare: schedule.initial: expected a sparsity in [0, 1), got 1");
}
