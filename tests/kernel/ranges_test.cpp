// Ranges that let a target multiply in a shorter way: 7-bit weights, 7-bit unsigned activations.
#include <catch2/catch.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

using w7 = pare::integer_range<std::int8_t, -64, 64>;
using u7 = pare::integer_range<std::uint8_t, 0, 127>;

template <class F>
void check_ranges() {
  constexpr filling fillings[] = {filling::any, filling::least, filling::greatest, filling::ends};
  std::uint64_t seed = 8000;
  for (index k = 0; k <= 40; ++k) {
    for (const filling x : fillings) {
      for (const filling w : fillings) {
        generator random{++seed};
        const extents size{1 + static_cast<index>(seed % 9), 1 + static_cast<index>(seed % 67), k};
        const auto o = draw_operands<F>(random, size, x, w);
        const auto exact = reference_sums(o);
        loose_matrix<std::int32_t> expected(size.m, size.n, 1);
        for (index i = 0; i < size.m; ++i)
          for (index j = 0; j < size.n; ++j) expected(i, j) = static_cast<std::int32_t>(exact(i, j));
        for (const pare::target t : available_targets()) {
          INFO(describe<F>() << " on " << name(t) << ", seed " << seed);
          auto y = expected.blank();
          pare::linear<typename F::A>(o.x.view(), o.zero_point, o.packed, pare::as_is, y.view(), t);
          REQUIRE(difference(y, expected) == "");
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("sums of 7-bit weights are exact at the ends of the ranges") { check_ranges<format<pare::s8, w7>>(); }
TEST_CASE("sums of 7-bit activations are exact at the ends of the ranges") { check_ranges<format<u7, pare::s8>>(); }

}  // namespace cases
