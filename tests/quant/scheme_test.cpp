#include <catch2/catch.hpp>
#include <pare/quant/scheme.hpp>

TEST_CASE("a symmetric scheme spreads the greater bound over the codes and leaves zero at zero") {
  using scheme = pare::symmetric<std::int8_t>;
  const pare::affine_map map = scheme::choose(-254, 127);
  CHECK(map.scale == 2);
  CHECK(map.zero_point == 0);
  CHECK(scheme::choose(0, 0).scale == 1);
  CHECK(pare::symmetric<std::int16_t>::choose(-1, 32767).scale == 1);
}

TEST_CASE("an affine scheme covers an interval that contains zero with the whole range") {
  using scheme = pare::affine<std::int8_t>;
  const pare::affine_map wide = scheme::choose(-1, 1.55);
  CHECK(wide.scale == Approx(0.01));
  CHECK(wide.zero_point == -28);
  const pare::affine_map positive = scheme::choose(100, 255);  // as if from 0
  CHECK(positive.scale == 1);
  CHECK(positive.zero_point == -128);
  CHECK(pare::affine<std::uint8_t>::choose(0, 255).zero_point == 0);
}

TEST_CASE("a scheme may name a range of fewer bits than its storage") {
  using six_bits = pare::integer_range<std::int8_t, -31, 31>;
  CHECK(pare::symmetric<std::int8_t, six_bits>::choose(-3.1, 0).scale == Approx(0.1));
}
