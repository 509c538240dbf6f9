#include <catch2/catch.hpp>

#include "../cases/conv_inputs.hpp"

namespace cases {
namespace {

/// Whole numbers, whose sums are exact in float in any order.
struct whole_floats {
  static void fill(generator& random, owned_image<float>& image) {
    for (index i = 0; i < image.view().size(); ++i) image.view().data[i] = static_cast<float>(random.between(-9, 9));
  }
};

template <class F>
void check_sums(generator& random, const conv_shape& s) {
  conv_operands<F> o(random, s);
  keep_some(random, o.w.view(), typename F::structure{});
  if constexpr (F::kind == pare::value_kind::real) {
    whole_floats::fill(random, o.x);
    whole_floats::fill(random, o.w);
  }
  const auto extents = s.out();
  owned_image<typename F::sum> expected(s.batch, extents.height, extents.width, s.outputs);
  pare::reference::conv2d(o.x.view(), o.zero_point, std::as_const(o.w).view(), 0, s.geometry, expected.view());
  const pare::packed_conv<typename F::W, typename F::structure> packed(std::as_const(o.w).view(), s.geometry.groups);
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " on " << name(t) << ": " << s.describe());
    auto y = expected.blank();
    pare::conv2d<typename F::A, F::depth>(o.x.view(), o.zero_point, packed, s.geometry, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
  }
}

conv_shape square(index size, index inputs, index outputs, index window, index stride, index padding) {
  return {1, size, size, inputs, outputs, {window, window}, {stride, stride, padding, padding, padding, padding}};
}

/// A layer of bytes whose every part is right, for tests that spoil one.
struct small_layer {
  owned_image<std::int8_t> x{1, 5, 6, 3}, w{7, 3, 2, 3}, y{1, 3, 5, 7};
  pare::packed_conv<pare::s8> packed{std::as_const(w).view()};
  owned_image<std::int32_t> sums{1, 3, 5, 7};
  void run(const pare::conv_geometry& g) {
    pare::conv2d(std::as_const(x).view(), 0, packed, g, pare::as_is, sums.view());
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("sums of convolutions of any geometry are those of the definition", "", conv_formats) {
  generator random{1};
  for (int i = 0; i < 120; ++i) check_sums<TestType>(random, draw_shape(random));
}

TEMPLATE_LIST_TEST_CASE("sums of convolutions of which N of every M inputs stay are those of the definition", "",
                        conv_formats_in_windows) {
  generator random{6};
  for (int i = 0; i < 60; ++i) {
    conv_shape s = draw_shape(random);
    s.geometry.groups = 1;
    check_sums<TestType>(random, s);
  }
  check_sums<TestType>(random, {1, 9, 9, 64, 40, {3, 3}, {1, 1, 1, 1, 1, 1}});
  check_sums<TestType>(random, {2, 7, 6, 192, 33, {3, 2}, {2, 1, 1, 1, 1, 1}});
  check_sums<TestType>(random, {1, 6, 6, 96, 64, {3, 3}, {1, 1, 1, 1, 1, 1, 1, 1, 2}});
  check_sums<TestType>(random, square(3, 4200, 3, 2, 1, 1));  // longer than a row of zero points
  owned_image<std::int8_t> crowded(1, 1, 1, 16);
  std::fill_n(crowded.view().data, 5, std::int8_t{1});
  CHECK_THROWS_WITH((pare::packed_conv<pare::s8, pare::n_of_m<4, 16>>(std::as_const(crowded).view())),
                    Catch::Contains("expected at most 4 of 16 that are not 0, got 5"));
}

TEMPLATE_LIST_TEST_CASE("windows of one pixel, as a matrix product and with what forbids it", "", conv_formats) {
  generator random{5};
  for (const index inputs : {1, 3, 4, 30, 65})
    for (const index outputs : {1, 16, 37, 80}) {
      const index batch = random.between(1, 2);
      check_sums<TestType>(random, {batch, 5, 7, inputs, outputs, {1, 1}, {}});
      check_sums<TestType>(random, {batch, 5, 7, inputs, outputs, {1, 1}, {.stride_x = 2}});
      check_sums<TestType>(random, {batch, 5, 7, inputs, outputs, {1, 1}, {.pad_right = 1}});
    }
  check_sums<TestType>(random, {1, 5, 7, 6, 20, {1, 1}, {.groups = 2}});
}

TEMPLATE_LIST_TEST_CASE("windows as large as the image, as a matrix product and with what forbids it", "",
                        conv_formats) {
  generator random{6};
  for (const index inputs : {1, 3, 5, 30, 64})
    for (const index outputs : {1, 37}) {
      check_sums<TestType>(random, {3, 4, 4, inputs, outputs, {4, 4}, {.stride_y = 2, .stride_x = 3}});
      check_sums<TestType>(random, {3, 2, 5, inputs, outputs, {2, 5}, {}});
      check_sums<TestType>(random, {3, 4, 4, inputs, outputs, {4, 4}, {.pad_bottom = 1}});
      check_sums<TestType>(random, {3, 4, 5, inputs, outputs, {4, 4}, {}});
    }
  check_sums<TestType>(random, {2, 3, 3, 8, 20, {3, 3}, {.groups = 2}});
}

TEMPLATE_TEST_CASE("windows with more taps than the table has places, and pixels longer than a row of zero points", "",
                   pare::dense, pare::block16) {
  generator random{2};
  using bytes = s8_s8<TestType>;
  check_sums<bytes>(random, square(24, 20, 5, 19, 1, 9));
  check_sums<bytes>(random, square(4, 4101, 3, 2, 1, 1));
  check_sums<bytes>(random, {1, 1, 900, 1, 8, {1, 400}, {1, 160, 0, 200, 0, 100}});
  check_sums<bytes>(random, square(40, 3, 18, 17, 2, 3));
  check_sums<s16_s8<TestType>>(random, square(3, 2100, 3, 2, 1, 1));
}

TEMPLATE_LIST_TEST_CASE("rows of windows that begin or end beside the image, more of them than are copied at once", "",
                        conv_formats) {
  generator random{9};
  constexpr pare::conv_geometry around{.pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1};
  check_sums<TestType>(random, {2, 40, 3, 64, 20, {3, 3}, around});
  check_sums<TestType>(random, {1, 12, 60, 64, 17, {3, 3}, around});
  check_sums<TestType>(random, {1, 40, 1, 64, 9, {3, 3}, around});
  check_sums<TestType>(random, {1, 30, 8, 64, 17, {2, 4}, {.stride_x = 2, .pad_left = 2, .pad_right = 3}});
  check_sums<TestType>(random, {1, 30, 7, 64, 17, {2, 2}, {.stride_x = 3, .pad_right = 3}});
  check_sums<TestType>(random, {1, 20, 9, 32, 17, {3, 3}, {.pad_left = 2, .pad_right = 2, .dilation_x = 2}});
  check_sums<TestType>(random, {1, 9, 40, 64, 17, {3, 3}, {}});
}

TEMPLATE_TEST_CASE("convolutions of many pixels, in one part and in several", "", pare::dense, pare::block16) {
  generator random{3};
  using bytes = s8_s8<TestType>;
  const conv_shape s = square(33, 9, 70, 3, 1, 1);
  check_sums<bytes>(random, s);
  const conv_operands<bytes> o(random, s);
  const pare::packed_conv<pare::s8, TestType> packed(o.w.view());
  owned_image<std::int32_t> whole(1, 33, 33, 70), parts(1, 33, 33, 70);
  pare::conv2d(o.x.view(), o.zero_point, packed, s.geometry, pare::as_is, whole.view());
  const pare::executor_of three{3, [](index n, const auto& f) {
                                  while (n-- > 0) f(n);
                                }};
  pare::conv2d(o.x.view(), o.zero_point, packed, s.geometry, pare::as_is, parts.view(), pare::best_target(), three);
  CHECK(difference(parts, whole) == "");
}

TEST_CASE("floats: windows inside the image or over its sides, in lines that fill tiles and in others") {
  generator random{7};
  using floats = f32_f32<pare::dense>;
  for (const index outputs : {16, 32, 40, 64, 112})
    for (const index width : {7, 14, 16, 28, 33})
      for (const index inputs : {3, 16, 40})
        check_sums<floats>(random, {2, 5, width, inputs, outputs, {3, 3}, {1, 1, 1, 1, 1, 1}});
  check_sums<floats>(random, {1, 9, 70, 3, 32, {3, 3}, {2, 2, 0, 0, 1, 1}});
  check_sums<floats>(random, {1, 9, 70, 8, 64, {3, 3}, {1, 1, 2, 2, 2, 2, 2, 2}});
  check_sums<floats>(random, {1, 9, 42, 30, 64, {5, 5}, {1, 1, 2, 2, 2, 2}});
  check_sums<floats>(random, {1, 9, 48, 16, 96, {3, 3}, {1, 1, 1, 1, 1, 1, 1, 1, 2}});
  check_sums<floats>(random, {1, 230, 30, 1, 16, {200, 1}, {1, 1, 10, 0, 10, 0}});
  check_sums<floats>(random, {1, 40, 40, 1, 16, {16, 16}, {1, 1, 8, 8, 7, 7}});
}

TEST_CASE("floats: parts of a convolution that begin and end within lines") {
  generator random{8};
  for (const index inputs : {3, 40})
    for (const index width : {14, 40}) {
      const conv_shape s{1, 7, width, inputs, 64, {3, 3}, {1, 1, 1, 1, 1, 1}};
      const conv_operands<f32_f32<pare::dense>> o(random, s);
      const pare::packed_conv<pare::f32> packed(o.w.view());
      owned_image<float> whole(1, 7, width, 64), parts = whole.blank();
      pare::conv2d(o.x.view(), 0, packed, s.geometry, pare::as_is, whole.view());
      for (index n = 2; n < 7; ++n) {
        pare::conv2d(o.x.view(), 0, packed, s.geometry, pare::as_is, parts.view(), pare::best_target(),
                     pare::executor_of{n, [](index count, const auto& f) {
                                         while (count-- > 0) f(count);
                                       }});
        CHECK(difference(parts, whole) == "");
      }
    }
}

TEST_CASE("codes of a convolution are those of bias and requantize after its sums, the residual added in place") {
  generator random{4};
  const conv_shape s = square(7, 24, 37, 3, 1, 1);
  const conv_operands<s8_s8n<pare::dense>> o(random, s);
  owned_image<std::int32_t> sums(1, 7, 7, 37);
  pare::reference::conv2d(o.x.view(), o.zero_point, o.w.view(), 0, s.geometry, sums.view());
  pare::channels<std::int32_t> bias(37, 0);
  std::vector<double> scales;
  for (index c = 0; c < 37; ++c) {
    bias[c] = static_cast<std::int32_t>(random.between(-9999, 9999));
    scales.push_back(0.0003 * static_cast<double>(1 + c));
  }
  const pare::multipliers<pare::tflite> multipliers(scales);
  const pare::output_map map{-3, -128, 127};
  owned_image<std::int8_t> expected(1, 7, 7, 37);
  for (index i = 0; i < expected.view().size(); ++i) {
    const auto terms = pare::tflite::from_scale(scales[static_cast<std::size_t>(i % 37)]);
    expected.view().data[i] =
        static_cast<std::int8_t>(pare::tflite::apply(sums.view().data[i] + bias[i % 37], terms, map));
  }
  const pare::packed_conv<pare::s8_narrow> packed(o.w.view());
  for (const pare::target t : available_targets()) {
    INFO(name(t));
    auto y = expected.blank();
    pare::conv2d(o.x.view(), o.zero_point, packed, s.geometry, pare::bias(bias) | pare::requantize(multipliers, map),
                 y.view(), t);
    CHECK(difference(y, expected) == "");
  }
}

TEST_CASE("a mistake in a convolution's geometry is an error that names it, before anything is written") {
  small_layer layer;
  using Catch::Contains;
  CHECK_NOTHROW(layer.run({}));
  CHECK_THROWS_WITH(layer.run({.stride_y = 0}), Contains("stride along the height: expected at least 1, got 0"));
  CHECK_THROWS_WITH(layer.run({.dilation_y = 3}), Contains("padded image height: expected at least the window's 7"));
  CHECK_THROWS_WITH(layer.run({.pad_left = -1}), Contains("padding along the width"));
  CHECK_THROWS_WITH(layer.run({.groups = 3}), Contains("geometry.groups: expected 1, got 3"));
  CHECK_THROWS_WITH(layer.run({.pad_top = 1}), Contains("y.height: expected 4, got 3"));
  const auto none = std::as_const(layer.x).view();
  CHECK_THROWS_WITH(pare::packed_conv<pare::s8>(std::as_const(layer.w).view(), 2),
                    Contains("a divisor of the 7 outputs"));
  CHECK_THROWS_WITH(pare::packed_conv<pare::s8>(pare::image_view<const std::int8_t>{none.data, 1, 0, 2, 3}),
                    Contains("weights.height: expected at least 1"));
  CHECK_THROWS_WITH(pare::conv2d(pare::image_view<const std::int8_t>{none.data, 1, 5, 6, 4}, 0, layer.packed, {},
                                 pare::as_is, layer.sums.view()),
                    Contains("x.channels: expected 3, got 4"));
  const index huge = index{1} << 40;
  CHECK_THROWS_WITH(pare::conv2d(pare::image_view<const std::int8_t>{none.data, 1, huge, huge, 3}, 0, layer.packed, {},
                                 pare::as_is, layer.sums.view()),
                    Contains("fewer bytes than an index can count"));
  CHECK_THROWS_WITH(pare::conv2d(none, 200, layer.packed, {}, pare::as_is, layer.sums.view()),
                    Contains("x zero_point"));
}

}  // namespace cases
