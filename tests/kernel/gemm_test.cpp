#include <catch2/catch.hpp>
#include <cmath>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

template <class F>
void check_sums(std::uint64_t seed, const extents& size, filling x = filling::any, filling w = filling::any) {
  generator random{seed};
  const auto o = draw_operands<F>(random, size, x, w);
  const auto exact = reference_sums(o);
  loose_matrix<typename F::sum> expected(size.m, size.n, random.between(0, 3));
  for (index i = 0; i < size.m; ++i) {
    for (index j = 0; j < size.n; ++j) {
      if (!std::in_range<typename F::sum>(exact(i, j))) FAIL("a sum leaves the type that the plan chose");
      expected(i, j) = static_cast<typename F::sum>(exact(i, j));
    }
  }
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " on " << name(t) << ", m " << size.m << ", n " << size.n << ", k " << size.k
                       << ", zero point " << o.zero_point << ", seed " << seed);
    auto y = expected.blank();
    pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, o.packed, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
  }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("sums are the reference's for every height of a tile and every partial cell", "",
                        integer_formats) {
  constexpr index widths[] = {1, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 96, 127, 129};
  std::uint64_t seed = 0;
  for (index m = 1; m <= 25; ++m)
    for (index k = 0; k <= 40; ++k, ++seed) check_sums<TestType>(seed, {m, widths[seed % std::size(widths)], k});
}

TEMPLATE_LIST_TEST_CASE("sums are the reference's for every number of columns", "", integer_formats) {
  for (index n = 1; n <= 130; ++n)
    check_sums<TestType>(1000 + static_cast<std::uint64_t>(n), {1 + n % 9, n, 3 + n % 8});
}

TEMPLATE_LIST_TEST_CASE("empty operands need no memory, and empty sums are 0", "", integer_formats) {
  for (const extents& size : {extents{0, 17, 5}, {3, 0, 5}, {0, 0, 0}, {5, 17, 0}, {17, 65, 0}})
    check_sums<TestType>(2000, size);
}

// Every operand at an end of its range, at the depths where an int32 sum is full and is moved to int64, and at the
// greatest depth that the format promises.
TEMPLATE_LIST_TEST_CASE("sums are exact at the ends of the ranges and at any depth", "", integer_formats) {
  constexpr bool bytes = sizeof(typename TestType::a_type) == 1, wide = sizeof(typename TestType::sum) == 8;
  std::vector<index> depths{std::min(TestType::depth, index{65536})};
  if (wide && bytes) depths = {65785, 65792, 65795, 131580, 132107, TestType::depth};
  if (wide && !bytes)
    depths = {250, 251, 252, 253, 254, 255, 256, 257, 258,  503,  504,  505,  506,  507,  508, 509,
              510, 511, 512, 513, 516, 519, 760, 763, 1004, 1008, 1013, 1016, 1019, 1021, 3001};
  std::uint64_t seed = 3000;
  for (const index k : depths) {
    const index m = k < 2000 ? 1 + k % 7 : 1;
    for (const filling x : {filling::least, filling::greatest, filling::ends})
      for (const filling w : {filling::least, filling::greatest}) check_sums<TestType>(++seed, {m, 17, k}, x, w);
  }
}

// A sum of k products in any order, each rounded, is off by at most g * sum |x * w|, g = k u / (1 - k u), u = 2^-24
// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1).
TEMPLATE_LIST_TEST_CASE("float sums are within the bound of their rounding errors", "", float_formats) {
  const auto check = [](std::uint64_t seed, const extents& size) {
    generator random{seed};
    const auto o = draw_operands<TestType>(random, size);
    const auto exact = reference_sums(o);
    operands<TestType> positive{o.x, o.w, 0, {}};
    for (index l = 0; l < size.k; ++l) {
      for (index i = 0; i < size.m; ++i) positive.x(i, l) = std::abs(o.x(i, l));
      for (index j = 0; j < size.n; ++j) positive.w(j, l) = std::abs(o.w(j, l));
    }
    const auto sizes = reference_sums(positive);
    const double ku = static_cast<double>(size.k) * 0x1p-24, g = ku / (1 - ku);
    for (const pare::target t : available_targets()) {
      loose_matrix<float> y(size.m, size.n, 2);
      auto outside = y;
      pare::linear(o.x.view(), 0, o.packed, pare::as_is, y.view(), t);
      for (index i = 0; i < size.m; ++i) {
        for (index j = 0; j < size.n; ++j) {
          if (std::abs(y(i, j) - exact(i, j)) > g * sizes(i, j))
            FAIL(name(t) << ", seed " << seed << ": " << y(i, j) << " instead of " << exact(i, j));
          outside(i, j) = y(i, j);
        }
      }
      REQUIRE(difference(y, outside) == "");
    }
  };
  std::uint64_t seed = 4000;
  for (index m = 1; m <= 25; ++m)
    for (index n = 1; n <= 70; n += 3, ++seed) check(seed, {m, n, static_cast<index>(seed % 41)});
  for (const index k : {100, 1000, 5000}) check(++seed, {7, 65, k});
  for (index m = 1; m <= 5; ++m) check(++seed, {m, 1030, 141});  // more weights than a cache holds
}

TEMPLATE_LIST_TEST_CASE("sums are the reference's for rows that are rewritten in several blocks, or are too long", "",
                        integer_formats) {
  std::uint64_t seed = 5000;
  for (const extents& size : {extents{250, 40, 29}, {27, 33, 703}, {2, 17, 9001}, {1, 17, 13001}}) {
    if (size.k > TestType::depth) continue;
    for (const filling x : {filling::any, filling::least, filling::ends})
      for (const filling w : {filling::any, filling::least}) check_sums<TestType>(++seed, size, x, w);
  }
}

TEST_CASE("sums are the reference's for rows that are copied for all panels, in several blocks and where few fit") {
  using bytes = s8_s8<pare::dense>;
  for (const filling x : {filling::any, filling::least}) check_sums<bytes>(6000, {125, 281, 259}, x, filling::any);
  check_sums<bytes>(6001, {5, 257, 17001}, filling::any, filling::any);
}

}  // namespace cases
