#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

// The product of two floats, rounded: a compiler may not fuse it with a sum.
float rounded_product(float a, float b) {
  volatile float product = a * b;
  return product;
}
float relu(float x) { return x > 0 ? x : 0; }
std::int32_t code_of(float x, float scale, const pare::output_map& o) {
  const auto low = static_cast<float>(o.min - o.zero_point), high = static_cast<float>(o.max - o.zero_point);
  const float ratio = std::isnan(x) ? 0 : x / scale;
  return static_cast<std::int32_t>(std::nearbyint(std::min(std::max(ratio, low), high))) + o.zero_point;
}

template <class T>
pare::channels<T> draw_channels(generator& random, index n, std::int64_t most, T scale) {
  pare::channels<T> values(n, 0);
  for (index j = 0; j < n; ++j) values[j] = static_cast<T>(random.between(-most, most)) * scale;
  return values;
}

// linear with stages(y) on an output that holds `before`, against expected(row, column, exact sum).
template <class F, class Out, class Stages, class Expected>
void check(const operands<F>& o, const loose_matrix<Out>& before, const Stages& stages, const Expected& expected) {
  const auto sums = reference_sums(o);
  auto right = before;
  for (index i = 0; i < sums.view().rows; ++i)
    for (index j = 0; j < sums.view().columns; ++j) right(i, j) = expected(i, j, sums(i, j));
  for (const pare::target t : available_targets()) {
    INFO(name(t));
    auto y = before;
    pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, o.packed, stages(y.view()), y.view(), t);
    REQUIRE(difference(y, right) == "");
  }
}

// Calls f(random, size) for some sizes with whole and cut tiles.
template <class Test>
void for_some_sizes(const Test& f) {
  std::uint64_t seed = 0;
  for (const extents& size : {extents{1, 5, 9}, {3, 64, 16}, {9, 70, 21}, {17, 130, 33}, {5, 16, 0}}) {
    INFO("m " << size.m << ", n " << size.n << ", k " << size.k << ", seed " << seed);
    generator random{seed++};
    f(random, size);
  }
}

using bytes = s8_s8n<pare::dense>;
using halves = s16_s8<pare::dense>;
using floats = f32_f32<pare::dense>;

// Floats that are whole numbers, so that their sums are exact in any order.
operands<floats> draw_whole_floats(generator& random, const extents& size) {
  auto whole = [&](index rows) {
    loose_matrix<float> matrix(rows, size.k, 1);
    for (index i = 0; i < rows; ++i)
      for (index l = 0; l < size.k; ++l) matrix(i, l) = static_cast<float>(random.between(-50, 50));
    return matrix;
  };
  auto x = whole(size.m), w = whole(size.n);
  pare::packed_weights<pare::f32> packed(std::as_const(w).view());
  return {std::move(x), std::move(w), 0, std::move(packed)};
}

}  // namespace

TEST_CASE("bias, relu, add and map follow each other on int32 sums") {
  for_some_sizes([](generator& random, const extents& size) {
    const auto o = draw_operands<bytes>(random, size);
    const auto bias = draw_channels<std::int32_t>(random, size.n, 100000, 1);
    const auto residual = filled<pare::integer_range<std::int32_t, -1000, 1000>>(random, size.m, size.n);
    check(
        o, loose_matrix<std::int32_t>(size.m, size.n, 3),
        [&](auto) { return pare::bias(bias) | pare::relu | pare::add(residual.view()) | pare::map(flip_bits{}); },
        [&](index i, index j, std::int64_t sum) {
          const auto biased = static_cast<std::int32_t>(sum) + bias[j];
          return flip_bits{}((biased > 0 ? biased : 0) + residual(i, j));
        });
  });
}

TEST_CASE("bias and relu follow each other on int64 sums") {
  for_some_sizes([](generator& random, const extents& size) {
    const auto o = draw_operands<halves>(random, size);
    const auto bias = draw_channels<std::int64_t>(random, size.n, std::int64_t{1} << 40, 1);
    check(
        o, loose_matrix<std::int64_t>(size.m, size.n, 3), [&](auto) { return pare::bias(bias) | pare::relu; },
        [&](index, index j, std::int64_t sum) { return std::max(sum + bias[j], std::int64_t{0}); });
  });
}

TEST_CASE("dequantize, bias and relu6 are each rounded once") {
  for_some_sizes([](generator& random, const extents& size) {
    const auto o = draw_operands<bytes>(random, size);
    const auto scales = draw_channels<float>(random, size.n, 1000, 1e-7f);
    const auto bias = draw_channels<float>(random, size.n, 700, 0.01f);
    check(
        o, loose_matrix<float>(size.m, size.n, 3),
        [&](auto) { return pare::dequantize(scales) | pare::bias(bias) | pare::relu6; },
        [&](index, index j, std::int64_t sum) {
          return std::min(relu(rounded_product(static_cast<float>(sum), scales[j]) + bias[j]), 6.f);
        });
  });
}

TEST_CASE("the output itself may be the residual") {
  for_some_sizes([](generator& random, const extents& size) {
    const auto o = draw_operands<bytes>(random, size);
    const auto before = filled<pare::s8>(random, size.m, size.n);
    const auto scales = draw_channels<float>(random, size.n, 1000, 1e-7f);
    const pare::output_map map{-128, -128, 127};
    check(
        o, before,
        [&](const auto& y) {
          const pare::matrix_view<const std::int8_t> residual = y;
          return pare::dequantize(scales) | pare::add(residual, 0.3f, -5) | pare::relu | pare::quantize_to(0.07f, map);
        },
        [&](index i, index j, std::int64_t sum) {
          const float real = rounded_product(static_cast<float>(sum), scales[j]);
          const float other = rounded_product(0.3f, static_cast<float>(before(i, j) + 5));
          return static_cast<std::int8_t>(code_of(relu(real + other), 0.07f, map));
        });
  });
}

TEST_CASE("int64 sums become reals by way of double, and 16-bit residuals are added") {
  for_some_sizes([](generator& random, const extents& size) {
    const auto o = draw_operands<halves>(random, size);
    const auto residual = filled<pare::s16>(random, size.m, size.n);
    const auto scales = draw_channels<float>(random, size.n, 1000, 1e-6f);
    const pare::output_map map{0, -32768, 32767};
    check(
        o, loose_matrix<std::int16_t>(size.m, size.n, 1),
        [&](auto) {
          return pare::dequantize(scales) | pare::add(residual.view(), 1.5f) | pare::quantize_to(1.25f, map);
        },
        [&](index i, index j, std::int64_t sum) {
          const float real = rounded_product(static_cast<float>(static_cast<double>(sum)), scales[j]);
          const float other = rounded_product(1.5f, static_cast<float>(residual(i, j)));
          return static_cast<std::int16_t>(code_of(real + other, 1.25f, map));
        });
  });
}

TEST_CASE("floats take bias, relu, a residual in place and the caller's function") {
  for_some_sizes([](generator& random, const extents& size) {
    const auto o = draw_whole_floats(random, size);
    const auto before = filled<pare::f32>(random, size.m, size.n);
    const auto bias = draw_channels<float>(random, size.n, 1000, 0.25f);
    check(
        o, before,
        [&](const auto& y) {
          const pare::matrix_view<const float> residual = y;
          return pare::bias(bias) | pare::relu | pare::add(residual, 0.3f) | pare::map(fold_real{});
        },
        [&](index i, index j, double sum) {
          return fold_real{}(relu(static_cast<float>(sum) + bias[j]) + rounded_product(0.3f, before(i, j)));
        });
  });
}

TEST_CASE("floats become codes, which can be clamped and mapped") {
  const pare::output_map map{7, 0, 255};
  const auto stages = [&](auto) { return pare::quantize_to(0.3f, map) | pare::clamp(3, 250) | pare::map(flip_bits{}); };
  const auto expected = [&](index, index, double sum) {
    const std::int32_t code = code_of(static_cast<float>(sum), 0.3f, map);
    return static_cast<std::uint8_t>(flip_bits{}(std::clamp(code, 3, 250)));
  };
  for_some_sizes([&](generator& random, const extents& size) {
    check(draw_whole_floats(random, size), loose_matrix<std::uint8_t>(size.m, size.n, 1), stages, expected);
  });
  // Sums that are no numbers, infinite, ties, and zeros of both signs.
  constexpr float infinity = std::numeric_limits<float>::infinity();
  generator random{1};
  auto o = draw_whole_floats(random, {8, 33, 1});
  index i = 0;
  for (const float x : {std::nanf(""), infinity, -infinity, 0.15f, -0.15f, 1e30f, -0.f, 0.45f}) o.x(i++, 0) = x;
  check(o, loose_matrix<std::uint8_t>(8, 33, 1), stages, expected);
}

}  // namespace cases
