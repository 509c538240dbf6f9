#include <catch2/catch.hpp>
#include <pare/nn/depthwise_conv2d.hpp>
#include <pare/reference/depthwise.hpp>

#include "../cases/conv_inputs.hpp"

namespace cases {
namespace {

template <class F>
void check_sums(generator& random, const conv_shape& s) {
  conv_operands<F> o(random, s, true);
  if constexpr (F::kind == pare::value_kind::real) {  // whole numbers: exact in any order
    for (index i = 0; i < o.x.view().size(); ++i) o.x.view().data[i] = static_cast<float>(random.between(-99, 99));
    for (index i = 0; i < o.w.view().size(); ++i) o.w.view().data[i] = static_cast<float>(random.between(-99, 99));
  }
  const auto extents = s.out();
  owned_image<typename F::sum> expected(s.batch, extents.height, extents.width, s.outputs);
  pare::reference::depthwise(std::as_const(o.x).view(), o.zero_point, std::as_const(o.w).view(), 0, s.geometry,
                             expected.view());
  const pare::packed_depthwise<typename F::W> packed(std::as_const(o.w).view());
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " on " << name(t) << ": " << s.describe());
    auto y = expected.blank();
    pare::depthwise_conv2d<typename F::A, F::depth>(std::as_const(o.x).view(), o.zero_point, packed, s.geometry,
                                                    pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
  }
}

/// Up to 90 channels, one input in three with more than one output.
conv_shape draw_depthwise(generator& random) {
  conv_shape s = draw_shape(random);
  s.geometry.groups = 1;
  s.outputs = s.inputs * (random.next() % 3 == 0 ? index{random.between(2, 5)} : 1);
  return s;
}

conv_shape square(index height, index width, index channels, index window, index stride, index padding) {
  return {1, height, width, channels, channels, {window, window}, {stride, stride, padding, padding, padding, padding}};
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("depthwise sums of any geometry are those of the definition", "", dense_conv_formats) {
  generator random{1};
  for (int i = 0; i < 150; ++i) check_sums<TestType>(random, draw_depthwise(random));
}

TEST_CASE("depthwise windows and images larger than the rows of cells") {
  generator random{2};
  using bytes = s8_s8<pare::dense>;
  for (const index stride : {1, 2}) {
    check_sums<bytes>(random, square(9, 230, 70, 3, stride, 1));
    check_sums<bytes>(random, square(11, 150, 64, 5, stride, 2));
    check_sums<f32_f32<pare::dense>>(random, square(9, 230, 70, 3, stride, 1));
  }
  check_sums<bytes>(random, square(70, 71, 17, 69, 1, 3));
  check_sums<bytes>(random, {1, 1, 900, 3, 6, {1, 500}, {1, 7, 0, 2, 0, 90}});
  check_sums<s16_s8<pare::dense>>(random, square(27, 25, 5, 24, 1, 0));
  check_sums<s16_s8<pare::dense>>(random, square(1, 1, 5, 70, 1, 35));
}

TEST_CASE("windows of three columns, whose weights stay in registers, in images of every small size") {
  generator random{4};
  for (const index window : {1, 2, 3, 4})
    for (const index stride : {1, 2, 3})
      for (const index channels : {16, 48, 64, 100})
        for (index size = 3; size < 13; ++size) {
          const index width = size + random.between(0, 3), bottom = random.between(0, 2);
          const pare::conv_geometry geometry{stride, random.between(1, 2), 1, 1, bottom, 1};
          const conv_shape s{2, size, width, channels, channels, {window, 3}, geometry};
          check_sums<s8_s8<pare::dense>>(random, s);
          check_sums<f32_f32<pare::dense>>(random, s);
        }
}

TEST_CASE("depthwise sums leave as the codes of the policy, however many pixels leave together") {
  generator random{5};
  using policy = pare::float_nearest_even;
  for (const index width : {3, 4, 5, 6, 7, 8, 14, 15})
    for (const index channels : {16, 40, 64}) {
      const conv_shape s = square(6, width, channels, 3, 1, 1);
      const conv_operands<s8_s8<pare::dense>> o(random, s, true);
      const pare::packed_depthwise<pare::s8> packed(o.w.view());
      owned_image<std::int32_t> sums(1, 6, width, channels);
      pare::reference::depthwise(o.x.view(), o.zero_point, o.w.view(), 0, s.geometry, sums.view());
      pare::channels<std::int32_t> bias(channels, 0);
      for (index c = 0; c < channels; ++c) bias[c] = static_cast<std::int32_t>(random.between(-9999, 9999));
      const std::vector<double> scales(static_cast<std::size_t>(channels), 0.003);
      const pare::output_map map{-3, -120, 100};
      owned_image<std::int8_t> expected(1, 6, width, channels);
      for (index i = 0; i < sums.view().size(); ++i)
        expected.view().data[i] = static_cast<std::int8_t>(
            policy::apply(sums.view().data[i] + bias[i % channels], policy::from_scale(scales[0]), map));
      const pare::multipliers<policy> multipliers(scales);
      for (const pare::target t : available_targets()) {
        INFO(name(t) << ": " << s.describe());
        auto y = expected.blank();
        pare::depthwise_conv2d(o.x.view(), o.zero_point, packed, s.geometry,
                               pare::bias(bias) | pare::requantize(multipliers, map), y.view(), t);
        REQUIRE(difference(y, expected) == "");
      }
    }
}

TEST_CASE("a depthwise convolution in parts writes the same codes, the residual of a part only once") {
  generator random{3};
  const conv_shape s = square(13, 15, 40, 3, 1, 1);
  const conv_operands<s8_s8<pare::dense>> o(random, s, true);
  const pare::packed_depthwise<pare::s8> packed(o.w.view());
  owned_image<std::int32_t> before(1, 13, 15, 40), sums(1, 13, 15, 40);
  before.fill<pare::integer_range<std::int32_t, -1000, 1000>>(random);
  pare::reference::depthwise(o.x.view(), o.zero_point, o.w.view(), 0, s.geometry, sums.view());
  for (index i = 0; i < sums.view().size(); ++i) sums.view().data[i] += before.view().data[i];
  for (const pare::target t : available_targets()) {
    INFO(name(t));
    owned_image<std::int32_t> y(1, 13, 15, 40);
    std::copy_n(before.view().data, before.view().size(), y.view().data);
    const pare::executor_of four{4, [](index n, const auto& f) {
                                   while (n-- > 0) f(n);
                                 }};
    pare::depthwise_conv2d(o.x.view(), o.zero_point, packed, s.geometry, pare::add(std::as_const(y).view().pixels()),
                           y.view(), t, four);
    CHECK(difference(y, sums) == "");
  }
}

TEST_CASE("a mistake in a depthwise convolution's operands is an error that names it") {
  using Catch::Contains;
  const owned_image<std::int8_t> x(1, 5, 6, 4), w(1, 3, 3, 8);
  owned_image<std::int32_t> y(1, 3, 4, 8);
  const pare::packed_depthwise<pare::s8> packed(w.view());
  const auto run = [&](const pare::image_view<const std::int8_t>& image, const pare::conv_geometry& g) {
    pare::depthwise_conv2d(image, 0, packed, g, pare::as_is, y.view());
  };
  CHECK_NOTHROW(run(x.view(), {}));
  CHECK_THROWS_WITH(run(x.view(), {.groups = 4}), Contains("geometry.groups: expected 1, got 4"));
  CHECK_THROWS_WITH(run(x.view(), {.stride_x = 2}), Contains("y.width: expected 2, got 4"));
  CHECK_THROWS_WITH(run({x.view().data, 1, 5, 6, 3}, {}), Contains("x.channels: expected a divisor of the 8 outputs"));
  CHECK_THROWS_WITH(pare::packed_depthwise<pare::s8>({w.view().data, 2, 3, 3, 4}), Contains("weights.batch"));
  owned_image<std::int8_t> low(1, 3, 3, 8);
  low.view().data[5] = -128;
  CHECK_THROWS_WITH(pare::packed_depthwise<pare::s8_narrow>(std::as_const(low).view()),
                    Contains("weights[5]: expected a value in [-127, 127], got -128"));
}

}  // namespace cases
