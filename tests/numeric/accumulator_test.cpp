#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <pare/numeric/accumulator.hpp>

namespace {

// The largest |a * b| by trying all pairs.
template <class A, class B>
std::int64_t largest_product() {
  std::int64_t largest = 0;
  for (std::int64_t a = A::min; a <= A::max; ++a) {
    for (std::int64_t b = B::min; b <= B::max; ++b) largest = std::max(largest, std::abs(a * b));
  }
  return largest;
}

template <class A, class B>
void check_depth(std::int64_t limit) {
  const std::int64_t depth = pare::max_depth<A, B>(limit), product = largest_product<A, B>();
  REQUIRE(depth * product <= limit);
  REQUIRE((depth + 1) * product > limit);
}

template <class A, class B>
void check_depths() {
  for (const std::int64_t limit : {std::int64_t{INT16_MAX}, std::int64_t{1} << 24, std::int64_t{INT32_MAX}}) {
    check_depth<A, B>(limit);
    check_depth<B, A>(limit);
  }
}

using nibble = pare::integer_range<std::int8_t, -8, 7>;
using positive = pare::integer_range<std::int16_t, 3, 11>;
using negative = pare::integer_range<std::int16_t, -11, -3>;

}  // namespace

TEST_CASE("the depth is the greatest that no choice of 8-bit factors can overflow") {
  check_depths<pare::s8, pare::s8>();
  check_depths<pare::u8, pare::s8>();
  check_depths<pare::u8, pare::u8>();
  check_depths<pare::s8, pare::s8_narrow>();
  check_depths<pare::centered<pare::u8>, pare::s8_narrow>();
  check_depths<pare::centered<pare::s8>, pare::centered<pare::s8>>();
}

TEST_CASE("the depth follows ranges of any width and sign") {
  check_depths<nibble, nibble>();
  check_depths<nibble, pare::s8>();
  check_depths<positive, nibble>();
  check_depths<negative, pare::s8_narrow>();
  check_depths<positive, negative>();
}

TEST_CASE("a factor that is always zero never overflows") {
  using zero = pare::integer_range<std::int8_t, 0, 0>;
  CHECK(pare::max_depth<zero, pare::s8>() == INT64_MAX);
  CHECK(pare::max_depth<pare::s8, zero>() == INT64_MAX);
}

TEST_CASE("a centred range holds every difference of two codes and no more") {
  const auto check = []<class R>(R) {
    std::int64_t least = 0, greatest = 0;
    for (std::int64_t x = R::min; x <= R::max; ++x) {
      for (std::int64_t zero_point = R::min; zero_point <= R::max; ++zero_point) {
        least = std::min(least, x - zero_point);
        greatest = std::max(greatest, x - zero_point);
      }
    }
    REQUIRE(pare::centered<R>::min == least);
    REQUIRE(pare::centered<R>::max == greatest);
  };
  check(pare::s8{});
  check(pare::u8{});
  check(pare::s8_narrow{});
  check(positive{});
}
