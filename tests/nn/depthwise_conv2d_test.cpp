#include <catch2/catch.hpp>
#include <cmath>
#include <pare/nn/depthwise_cells.hpp>
#include <pare/nn/threads.hpp>
#include <pare/reference/depthwise.hpp>

#include "../cases/conv_inputs.hpp"

namespace cases {
namespace {

/// A layer and what the definition gives for it. Floats are whole numbers: exact in any order.
template <class F>
struct depthwise_case {
  conv_operands<F> o;
  owned_image<typename F::sum> expected;

  depthwise_case(generator& random, const conv_shape& s)
      : o(random, s, true), expected(s.batch, s.out().height, s.out().width, s.outputs) {
    if constexpr (F::kind == pare::value_kind::real) {
      for (index i = 0; i < o.x.view().size(); ++i) o.x.view().data[i] = static_cast<float>(random.between(-99, 99));
      for (index i = 0; i < o.w.view().size(); ++i) o.w.view().data[i] = static_cast<float>(random.between(-99, 99));
    }
    pare::reference::depthwise(std::as_const(o.x).view(), o.zero_point, std::as_const(o.w).view(), 0, s.geometry,
                               expected.view());
  }
};

template <class F>
void check_sums(generator& random, const conv_shape& s) {
  const depthwise_case<F> layer(random, s);
  const auto& o = layer.o;
  const auto& expected = layer.expected;
  const pare::packed_depthwise<typename F::W> packed(std::as_const(o.w).view());
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " on " << name(t) << ": " << s.describe());
    auto y = expected.blank();
    pare::depthwise_conv2d<typename F::A, F::depth>(std::as_const(o.x).view(), o.zero_point, packed, s.geometry,
                                                    pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
  }
}

/// Runs depthwise_conv2d with memory of exactly the workspace's size, from an address that is not aligned.
template <class F, class X, class W, class Epilogue, class Y, class Executor = pare::sequential>
void run_in_cells(const X& x, std::int32_t zero_point, const W& w, const pare::conv_geometry& g,
                  const Epilogue& epilogue, const Y& y, pare::target t, const Executor& executor = {}) {
  using out = std::remove_pointer_t<decltype(y.data)>;
  const index bytes =
      pare::depthwise_workspace<typename F::a_type, out>(w, g, {x.height, x.width}, executor.concurrency());
  const std::unique_ptr<std::byte[]> memory(new std::byte[static_cast<std::size_t>(bytes + 1)]);
  std::fill_n(memory.get(), bytes + 1, std::byte{0x3c});
  pare::depthwise_conv2d<typename F::A, F::depth>(
      x, zero_point, w, g, epilogue, y, std::span(memory.get() + 1, static_cast<std::size_t>(bytes)), t, executor);
}

/// From cells to cells, from cells to rows, from rows to cells.
template <class F>
void check_cells(generator& random, const conv_shape& s) {
  const depthwise_case<F> layer(random, s);
  const auto& o = layer.o;
  const auto& expected = layer.expected;
  const pare::packed_depthwise<typename F::W> packed(o.w.view());
  const owned_cells<typename F::a_type> x(o.x.view());
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " on " << name(t) << ": " << s.describe());
    const auto run = [&](const auto& from, const auto& to) {
      run_in_cells<F>(from, o.zero_point, packed, s.geometry, pare::as_is, to, t);
    };
    const auto e = expected.view();
    owned_cells<typename F::sum> y(e.batch, e.height, e.width, e.channels), z = y;
    run(x.view(), y.view());
    REQUIRE(difference(y.rows(), expected) == "");
    run(o.x.view(), z.view());
    REQUIRE(difference(z.rows(), expected) == "");
    auto rows = expected.blank();
    run(x.view(), rows.view());
    REQUIRE(difference(rows, expected) == "");
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

TEMPLATE_LIST_TEST_CASE("depthwise sums of any geometry in channel cells are those of the definition", "",
                        dense_conv_formats) {
  generator random{6};
  for (int i = 0; i < 50; ++i) check_cells<TestType>(random, draw_depthwise(random));
}

TEST_CASE("depthwise images in channel cells that take several bands of rows and of channels") {
  generator random{7};
  using bytes = s8_s8<pare::dense>;
  check_cells<bytes>(random, {2, 41, 37, 130, 130, {3, 3}, {1, 1, 1, 1, 1, 1}});
  check_cells<bytes>(random, {1, 63, 80, 66, 198, {5, 3}, {2, 2, 1, 1, 2, 1}});
  check_cells<bytes>(random, {1, 45, 90, 30, 90, {2, 3}, {1, 2, 7, 1, 3, 1, 2, 2}});
  check_cells<bytes>(random, {1, 5, 900, 70, 70, {4, 3}, {1, 1, 1, 1, 1, 1}});
  check_cells<bytes>(random, {1, 30, 400, 5, 65, {29, 3}, {1, 2, 20, 1, 20, 1}});
  check_cells<s16_s8<pare::dense>>(random, {2, 33, 31, 70, 70, {3, 3}, {3, 2, 1, 1, 1, 1}});
  for (const index stride : {1, 2})
    check_cells<f32_f32<pare::dense>>(random, {2, 41, 37, 100, 100, {3, 3}, {stride, stride, 1, 1, 1, 1}});
}

TEST_CASE("windows of three columns, whose weights stay in registers, in images of every small size") {
  generator random{4};
  for (const index window : {1, 2, 3, 4})
    for (const index stride : {1, 2, 3})
      for (const index channels : {16, 48, 64, 100})
        for (index size = 3; size < 13; ++size) {
          const index width = size + random.between(0, 3), bottom = random.between(0, 2);
          const index left = random.between(0, 2), right = random.between(0, 2);
          const pare::conv_geometry geometry{stride, random.between(1, 2), 1, left, bottom, right};
          const conv_shape s{2, size, width, channels, channels, {window, 3}, geometry};
          check_sums<s8_s8<pare::dense>>(random, s);
          check_sums<f32_f32<pare::dense>>(random, s);
        }
}

TEST_CASE("windows of 3 x 3, padded by one, in images whose columns come in sevens") {
  generator random{8};
  for (const index width : {7, 14, 21, 28})
    for (const index channels : {16, 40, 64})
      for (const index height : {1, 2, 3, 7, 8}) {
        const conv_shape s{2, height, width, channels, channels, {3, 3}, {1, 1, 1, 1, 1, 1}};
        check_sums<s8_s8<pare::dense>>(random, s);
        check_sums<f32_f32<pare::dense>>(random, s);
      }
}

TEST_CASE("depthwise sums of floats leave as codes, too") {
  generator random{9};
  for (const index width : {7, 8, 14}) {
    const conv_shape s = square(7, width, 80, 3, 1, 1);
    const depthwise_case<f32_f32<pare::dense>> layer(random, s);
    const pare::packed_depthwise<pare::f32> packed(layer.o.w.view());
    owned_image<std::int8_t> expected(1, 7, width, 80);
    for (index i = 0; i < expected.view().size(); ++i)
      expected.view().data[i] =
          static_cast<std::int8_t>(std::nearbyint(std::clamp(layer.expected.view().data[i] / 256.f, -128.f, 127.f)));
    for (const pare::target t : available_targets()) {
      INFO(name(t) << ": " << s.describe());
      auto y = expected.blank();
      pare::depthwise_conv2d(layer.o.x.view(), 0, packed, s.geometry, pare::quantize_to(256.f, {0, -128, 127}),
                             y.view(), t);
      REQUIRE(difference(y, expected) == "");
    }
  }
}

TEST_CASE("depthwise sums leave as the codes of the policy, however many pixels leave together") {
  generator random{5};
  using policy = pare::float_nearest_even;
  for (const index width : {3, 4, 5, 6, 7, 8, 14, 15})
    for (const index channels : {16, 40, 64}) {
      const conv_shape s = square(6, width, channels, 3, width % 2 + 1, 1);
      const auto [height, columns] = s.out();
      const conv_operands<s8_s8<pare::dense>> o(random, s, true);
      const pare::packed_depthwise<pare::s8> packed(o.w.view());
      owned_image<std::int32_t> sums(1, height, columns, channels);
      pare::reference::depthwise(o.x.view(), o.zero_point, o.w.view(), 0, s.geometry, sums.view());
      pare::channels<std::int32_t> bias(channels, 0);
      for (index c = 0; c < channels; ++c) bias[c] = static_cast<std::int32_t>(random.between(-9999, 9999));
      const std::vector<double> scales(static_cast<std::size_t>(channels), 0.003);
      const pare::output_map map{-3, -120, 100};
      owned_image<std::int8_t> expected(1, height, columns, channels);
      for (index i = 0; i < sums.view().size(); ++i)
        expected.view().data[i] = static_cast<std::int8_t>(
            policy::apply(sums.view().data[i] + bias[i % channels], policy::from_scale(scales[0]), map));
      const pare::multipliers<policy> multipliers(scales);
      const owned_cells<std::int8_t> x(o.x.view());
      for (const pare::target t : available_targets()) {
        INFO(name(t) << ": " << s.describe());
        auto y = expected.blank();
        pare::depthwise_conv2d(o.x.view(), o.zero_point, packed, s.geometry,
                               pare::bias(bias) | pare::requantize(multipliers, map), y.view(), t);
        REQUIRE(difference(y, expected) == "");
        owned_cells<std::int8_t> cells(1, height, columns, channels);
        run_in_cells<s8_s8<pare::dense>>(x.view(), o.zero_point, packed, s.geometry,
                                         pare::bias(bias) | pare::requantize(multipliers, map), cells.view(), t);
        REQUIRE(difference(cells.rows(), expected) == "");
      }
    }
}

TEMPLATE_TEST_CASE("a depthwise convolution in parts writes the same sums, the residual of a part only once", "",
                   s8_s8<pare::dense>, f32_f32<pare::dense>) {
  using sum = typename TestType::sum;
  generator random{3};
  for (const index channels : {40, 80})
    for (const index width : {14, 15, 29}) {
      const conv_shape s = width == 14   ? square(16, width, channels, 3, 1, 1)  // bands of two rows, or of one
                           : width == 15 ? square(13, width, channels, 3, 1, 1)
                                         : square(32, width, channels, 3, 2, 1);
      const auto [height, columns] = s.out();
      depthwise_case<TestType> layer(random, s);
      const auto& o = layer.o;
      const pare::packed_depthwise<typename TestType::W> packed(o.w.view());
      owned_image<sum> before(1, height, columns, channels);
      for (index i = 0; i < before.view().size(); ++i) {
        before.view().data[i] = static_cast<sum>(random.between(-1000, 1000));
        layer.expected.view().data[i] += before.view().data[i];
      }
      const owned_cells<typename TestType::a_type> x(o.x.view());
      for (const pare::target t : available_targets()) {
        INFO(name(t) << ": " << s.describe());
        owned_image<sum> y(1, height, columns, channels);
        std::copy_n(before.view().data, before.view().size(), y.view().data);
        const pare::executor_of four{4, [](index n, const auto& f) {
                                       while (n-- > 0) f(n);
                                     }};
        pare::depthwise_conv2d(o.x.view(), o.zero_point, packed, s.geometry,
                               pare::add(std::as_const(y).view().pixels()), y.view(), t, four);
        CHECK(difference(y, layer.expected) == "");
        owned_cells<sum> cells(1, height, columns, channels);
        run_in_cells<TestType>(x.view(), o.zero_point, packed, s.geometry,
                               pare::add(std::as_const(before).view().pixels()), cells.view(), t, pare::threads(2));
        CHECK(difference(cells.rows(), layer.expected) == "");
      }
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

TEST_CASE("a mistake in a depthwise convolution in channel cells is an error that names it") {
  using Catch::Contains;
  const owned_cells<std::int8_t> x(1, 5, 6, 4);
  const owned_image<std::int8_t> w(1, 3, 3, 8);
  owned_cells<std::int32_t> y(1, 3, 4, 8);
  const pare::packed_depthwise<pare::s8> packed(w.view());
  std::vector<std::byte> memory(
      static_cast<std::size_t>(pare::depthwise_workspace<std::int8_t, std::int32_t>(packed, {}, {5, 6})));
  const auto run = [&](const pare::conv_geometry& g, std::size_t bytes, const pare::cells_image<std::int32_t>& out) {
    pare::depthwise_conv2d(x.view(), 0, packed, g, pare::as_is, out, std::span(memory.data(), bytes));
  };
  CHECK_NOTHROW(run({}, memory.size(), y.view()));
  CHECK_THROWS_WITH(run({}, memory.size() - 1, y.view()),
                    Contains(pare::text("workspace: expected at least ", memory.size(), " bytes")));
  CHECK_THROWS_WITH(run({.groups = 4}, memory.size(), y.view()), Contains("geometry.groups: expected 1, got 4"));
  CHECK_THROWS_WITH(run({.pad_top = 1}, memory.size(), y.view()), Contains("y.height: expected 4, got 3"));
  CHECK_THROWS_WITH(run({}, memory.size(), {y.view().data, 1, 3, 4, 8, 15}), Contains("y.plane: expected at least 16"));
}

}  // namespace cases
