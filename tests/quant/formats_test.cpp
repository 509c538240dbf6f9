#include <catch2/catch.hpp>
#include <cmath>
#include <pare/quant/presets.hpp>
#include <vector>

using pare::index;
using shape = std::vector<index>;

namespace {

struct run {
  index parameter, count;
  friend bool operator==(const run&, const run&) = default;
};

template <class G>
std::vector<run> runs(const shape& s) {
  std::vector<run> all;
  pare::parameter_grid<G>(s).for_each_run([&](index parameter, index count) { all.push_back({parameter, count}); });
  return all;
}

/// The parameter of every element in row-major order, found element by element.
template <class G>
std::vector<index> parameters(const shape& s) {
  const pare::parameter_grid<G> grid(s);
  std::vector<index> all, at(s.size(), 0);
  index size = 1;
  for (const index extent : s) size *= extent;
  for (index i = 0; i < size; ++i) {
    index rest = i;
    for (std::size_t axis = s.size(); axis-- > 0; rest /= s[axis]) at[axis] = rest % s[axis];
    all.push_back(grid.offset(at.begin()));
  }
  return all;
}

template <class G>
void check_runs(const shape& s) {
  std::vector<index> spread;
  for (const auto& [parameter, count] : runs<G>(s))
    spread.insert(spread.end(), static_cast<std::size_t>(count), parameter);
  CHECK(spread == parameters<G>(s));
}

}  // namespace

TEST_CASE("groups along an axis have their parameters in the shape of ONNX's blocked scales") {
  CHECK(pare::parameter_grid<pare::per_group<1, 3>>(shape{2, 7}).count() == 2 * 3);
  CHECK(runs<pare::per_group<1, 3>>({2, 7}) == std::vector<run>{{0, 3}, {1, 3}, {2, 1}, {3, 3}, {4, 3}, {5, 1}});
  CHECK(parameters<pare::per_group<0, 2>>({3, 2}) == std::vector<index>{0, 1, 0, 1, 2, 3});
}

TEST_CASE("blocks in two axes share a parameter, and cut short at the edges") {
  CHECK(pare::parameter_grid<pare::per_block<0, 2, 1, 2>>(shape{3, 5}).count() == 2 * 3);
  CHECK(parameters<pare::per_block<0, 2, 1, 2>>({3, 5}) ==
        std::vector<index>{0, 0, 1, 1, 2, 0, 0, 1, 1, 2, 3, 3, 4, 4, 5});
}

TEST_CASE("runs spell out the parameter of every element, whatever the granularity and shape") {
  for (const shape& s :
       {shape{4, 6, 5}, shape{1, 7, 1}, shape{3, 1, 4}, shape{2, 2, 2}, shape{0, 3, 2}, shape{2, 3, 0}}) {
    check_runs<pare::per_tensor>(s);
    check_runs<pare::per_axis<0>>(s);
    check_runs<pare::per_axis<1>>(s);
    check_runs<pare::per_axis<2>>(s);
    check_runs<pare::per_group<0, 3>>(s);
    check_runs<pare::per_group<1, 4>>(s);
    check_runs<pare::per_group<2, 2>>(s);
    check_runs<pare::per_block<0, 2, 2, 3>>(s);
    check_runs<pare::per_block<1, 3, 2, 5>>(s);
  }
}

TEST_CASE("a fixed-point scheme has the scale its fraction says, or the least power of two that fits") {
  CHECK(pare::fixed_point<std::int16_t, 15>::choose(-100, 100).scale == 0x1p-15f);
  CHECK(pare::fixed_point<std::int8_t, -3>::choose(0, 0).scale == 8);
  using any = pare::fixed_point<std::int8_t>;
  CHECK(any::choose(-127, 0).scale == 1);
  CHECK(any::choose(0, 127.001).scale == 2);
  CHECK(any::choose(-1, 0.1).scale == 0x1p-6f);
  CHECK(any::choose(0, 0).scale == 1);
  CHECK(any::choose(0, 1e-45).scale == 0x1p-126f);
  CHECK(any::choose(-1e300, 0).scale == 0x1p126f);
  for (const auto choose : {&any::choose, &pare::symmetric<std::int8_t>::choose}) {
    CHECK_THROWS_AS(choose(0, std::nan("")), pare::error);
    CHECK_THROWS_AS(choose(std::nan(""), 0), pare::error);
  }
}

TEST_CASE("n-bit ranges end where n bits end") {
  static_assert(pare::signed_bits<4>::min == -8 && pare::signed_bits<4>::max == 7);
  static_assert(pare::narrow_bits<2>::min == -1 && pare::narrow_bits<2>::max == 1);
  static_assert(pare::unsigned_bits<5>::max == 31 && pare::unsigned_bits<16, std::uint16_t>::max == 65535);
  CHECK(pare::symmetric<std::int8_t, pare::narrow_bits<4>>::choose(-3.5, 1).scale == 0.5f);
  CHECK(pare::affine<std::uint8_t, pare::unsigned_bits<4>>::choose(0, 15).zero_point == 0);
}

TEST_CASE("ONNX's dynamic parameters are computed in float") {
  const pare::affine_map map = pare::presets::onnx::dynamic_u8::choose(-1.5, 2.25);
  CHECK(map.scale == (2.25f - -1.5f) / 255.f);
  CHECK(map.zero_point == 102);
}

TEST_CASE(
    "the reciprocal gives other codes than the division where its rounding shows, and the same for powers of two") {
  using pare::multiplied, pare::half_even, pare::s8;
  const pare::affine_map sevenths{.scale = 7};
  CHECK(pare::quantize_value<s8>(45.5f, sevenths) == 6);
  CHECK(pare::quantize_value<s8, half_even, multiplied>(45.5f, sevenths) == 7);
  for (const float scale : {0x1p-126f, 0x1p-20f, 1.f, 0x1p30f, 0x1p126f}) {
    int different = 0;
    for (int i = -3000; i <= 3000; ++i) {
      const float x = scale * static_cast<float>(i) / 23;
      different +=
          pare::quantize_value<s8>(x, {scale, 3}) != pare::quantize_value<s8, half_even, multiplied>(x, {scale, 3});
    }
    CHECK(different == 0);
  }
}

TEST_CASE("a non-finite policy names the number that is quantized instead") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(pare::saturate_non_finite::replace(-infinity) == -infinity);
  CHECK(pare::zero_non_finite::replace(infinity) == 0);
  CHECK_THROWS_WITH(pare::refuse_non_finite::replace(infinity),
                    "pare: quantize: expected finite numbers, as the quantizer's non-finite policy says, got inf");
}
