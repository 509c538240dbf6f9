#include <catch2/catch.hpp>
#include <pare/core/error.hpp>

TEST_CASE("a mistake is one sentence with the argument, what was expected and what was given") {
  CHECK_THROWS_WITH(pare::fail("weights.rows", "at least 0", -1), "pare: weights.rows: expected at least 0, got -1");
  CHECK_THROWS_WITH(pare::fail("x", "memory", "a null pointer"), "pare: x: expected memory, got a null pointer");
}

TEST_CASE("small numbers do not vanish from a sentence") {
  CHECK_THROWS_WITH(pare::fail("scale", "0.5", 1e-7f), "pare: scale: expected 0.5, got 1e-07");
}

TEST_CASE("a mistake is an invalid argument to the standard library") {
  CHECK_THROWS_AS(pare::fail("x", "1", 2), std::invalid_argument);
  CHECK_THROWS_AS(pare::fail("x", "1", 2), pare::error);
}

TEST_CASE("equal extents pass, others name both numbers") {
  CHECK_NOTHROW(pare::expect_equal("out.rows", 3, 3));
  CHECK_THROWS_WITH(pare::expect_equal("out.rows", 3, 4), "pare: out.rows: expected 3, got 4");
}

TEST_CASE("the handler that is replaced is handed back") {
  const pare::error_handler mine = [](const char*) {};
  const pare::error_handler before = pare::set_error_handler(mine);
  CHECK(pare::set_error_handler(before) == mine);
}
