#include <catch2/catch.hpp>

#include "property.hpp"

namespace cases {
namespace {

using pare::s8;
using pare::u8;

/// Sums of activations A and weights W, both with zero points, on every target and on two threads, against the
/// definition.
template <class A, class W>
void check_sums(std::uint64_t seed, const extents& size, filling x_filling = filling::any,
                filling w_filling = filling::any) {
  generator random{seed};
  const auto x = filled<A>(random, size.m, size.k, x_filling);
  const auto w = filled<W>(random, size.n, size.k, w_filling);
  const auto x_zero = draw<A>(random, random.next() % 2 == 0 ? filling::any : filling::ends);
  const auto w_zero = draw<W>(random, random.next() % 2 == 0 ? filling::any : filling::ends);
  loose_matrix<std::int32_t> expected(size.m, size.n, random.between(0, 3));
  pare::reference::gemm<std::int32_t>(x.view(), x_zero, w.view(), w_zero, expected.view());
  const pare::affine_weights<W> packed(w.view(), w_zero);
  for (const pare::target t : available_targets()) {
    INFO(label<A>() << " x " << label<W>() << " on " << name(t) << ", m " << size.m << ", n " << size.n << ", k "
                    << size.k << ", zero points " << +x_zero << " and " << +w_zero << ", seed " << seed);
    auto y = expected.blank();
    pare::linear<A>(x.view(), x_zero, packed, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
    auto halves = expected.blank();
    pare::linear<A>(x.view(), x_zero, packed, pare::as_is, halves.view(), t, in_parts{2});
    REQUIRE(difference(halves, expected) == "");
  }
}

template <class A, class W>
void check_any(std::uint64_t seed, const extents& size) {
  generator random{seed};
  const auto x = draw_filling(random), w = draw_filling(random);
  check_sums<A, W>(seed, size, x, w);
}
const added_property both_unsigned{"u8 times u8", check_any<u8, u8>};
const added_property both_signed{"s8 times s8 with zero points", check_any<s8, s8>};

}  // namespace

TEST_CASE("sums with zero points on both sides are the reference's") {
  std::uint64_t seed = 5000;
  for (index m = 1; m <= 27; m += 2)
    for (index k = 0; k <= 70; k += 3, ++seed) {
      const extents size{m, 1 + static_cast<index>(seed * 7 % 70), k};
      check_sums<u8, u8>(seed, size);
      if (seed % 4 == 0) check_sums<s8, s8>(seed, size);
      if (seed % 4 == 1) check_sums<u8, s8>(seed, size);
    }
}

TEST_CASE("more rows than are summed at a time, and empty operands") {
  check_sums<u8, u8>(1, {2 * pare::detail::summed_rows + 5, 3, 37});
  check_sums<u8, u8>(2, {0, 3, 37});
  check_sums<u8, u8>(3, {3, 0, 37});
  check_sums<u8, u8>(4, {3, 20, 0});
}

TEST_CASE("sums with zero points are exact at the ends of the ranges and at the greatest depth") {
  constexpr auto depth = static_cast<index>(pare::max_depth<pare::centered<u8>, pare::centered<u8>>());
  for (const filling x : {filling::least, filling::greatest})
    for (const filling w : {filling::least, filling::greatest}) {
      for (std::uint64_t seed = 0; seed < 8; ++seed) check_sums<u8, u8>(seed, {2, 17, depth}, x, w);
    }
}

TEST_CASE("mistakes with weights' zero points are named") {
  const std::vector<std::uint8_t> w(40000, 1);
  using view = pare::matrix_view<const std::uint8_t>;
  CHECK_THROWS_WITH(pare::affine_weights<u8>(view(w.data(), 2, 3), 256),
                    "pare: weights zero_point: expected a value in [0, 255], got 256");
  CHECK_THROWS_WITH(pare::affine_weights<u8>(view(w.data(), 2, 3), -1),
                    "pare: weights zero_point: expected a value in [0, 255], got -1");
  CHECK_THROWS_WITH(pare::affine_weights<u8>(view(nullptr, 2, 3), 0),
                    "pare: weights.data: expected memory for a view that is not empty, got a null pointer");
  const pare::affine_weights<u8> deep(view(w.data(), 1, 33026), 7);
  std::int32_t y[1];
  CHECK_THROWS_WITH(pare::linear(view(w.data(), 1, 33026), 0, deep, pare::as_is, pare::matrix_view(y, 1, 1)),
                    "pare: weights.columns: expected at most 33025, what int32 sums hold, got 33026");
}

}  // namespace cases
