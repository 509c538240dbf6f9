#include <catch2/catch.hpp>
#include <pare/nn/threads.hpp>

#include "../cases/conv_inputs.hpp"

namespace cases {
namespace {

/// Zeroes weights OHWI in blocks of R outputs by C inputs of one tap: about `share` of 8.
template <index R, index C, class T>
void drop_blocks(generator& random, const pare::image_view<T>& w, int share) {
  for (index o = 0; o < w.batch; o += R)
    for (index tap = 0; tap < w.height * w.width; ++tap)
      for (index c = 0; c < w.channels; c += C) {
        if (static_cast<int>(random.next() % 8) >= share) continue;
        for (index i = o; i < std::min(o + R, w.batch); ++i)
          for (index l = c; l < std::min(c + C, w.channels); ++l) w(i, tap / w.width, tap % w.width, l) = T{0};
      }
}

/// Runs conv2d with memory of exactly the workspace's size, from an address that is not aligned.
template <class F, class X, class Weights, class Epilogue, class Y>
void run(const X& x, std::int32_t zero_point, const Weights& w, const pare::conv_geometry& g, const Epilogue& epilogue,
         const Y& y, pare::target t) {
  using out = std::remove_pointer_t<decltype(y.data)>;
  const index bytes = pare::conv2d_workspace<typename F::a_type, out>(w, g, {x.height, x.width});
  const std::unique_ptr<std::byte[]> memory(new std::byte[static_cast<std::size_t>(bytes + 1)]);
  std::fill_n(memory.get(), bytes + 1, std::byte{0x3c});
  pare::conv2d<typename F::A, F::depth>(x, zero_point, w, g, epilogue, y,
                                        std::span(memory.get() + 1, static_cast<std::size_t>(bytes)), t);
}

template <class F>
void check_sums(generator& random, const conv_shape& s, int share) {
  conv_operands<F> o(random, s);
  if constexpr (F::kind == pare::value_kind::real) {  // whole numbers, whose sums are exact in any order
    for (auto* image : {&o.x, &o.w})
      for (index i = 0; i < image->view().size(); ++i)
        image->view().data[i] = static_cast<float>(random.between(-9, 9));
  }
  drop_blocks<F::structure::rows, F::structure::columns>(random, o.w.view(), share);
  const auto extents = s.out();
  owned_image<typename F::sum> expected(s.batch, extents.height, extents.width, s.outputs);
  const auto x = std::as_const(o.x).view();
  pare::reference::conv2d(x, o.zero_point, std::as_const(o.w).view(), 0, s.geometry, expected.view());
  const pare::packed_conv<typename F::W, typename F::structure> packed(std::as_const(o.w).view(), s.geometry.groups);
  const owned_cells<typename F::a_type> cells(x);
  for (const pare::target t : available_targets()) {
    INFO(label<typename F::A>() << " rows " << F::structure::rows << " on " << name(t) << ": " << s.describe());
    auto y = expected.blank();
    run<F>(x, o.zero_point, packed, s.geometry, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
    owned_cells<typename F::sum> z(s.batch, extents.height, extents.width, s.outputs);
    run<F>(cells.view(), o.zero_point, packed, s.geometry, pare::as_is, z.view(), t);
    REQUIRE(difference(z.rows(), expected) == "");
  }
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("sums of block-sparse convolutions of any geometry are those of the definition", "",
                        conv_formats_in_cells) {
  generator random{11};
  for (int i = 0; i < 60; ++i) check_sums<TestType>(random, draw_shape(random), i % 9);
}

TEST_CASE("block-sparse convolutions whose rows pass through the workspace in several bands") {
  generator random{12};
  using bytes = s8_s8<pare::block<4, 4>>;
  check_sums<bytes>(random, {2, 40, 37, 130, 9, {3, 3}, {1, 1, 1, 1, 1, 1}}, 6);
  check_sums<bytes>(random, {1, 43, 40, 101, 5, {5, 3}, {2, 3, 2, 0, 1, 2}}, 6);
  check_sums<bytes>(random, {1, 3, 900, 70, 6, {3, 7}, {1, 2, 1, 3, 1, 3, 1, 2}}, 6);  // one row is a band
}

TEST_CASE("a depthwise layer in channel cells is a convolution of as many groups, whose blocks are four channels") {
  generator random{13};
  for (const index channels : {1, 4, 7, 32}) {
    conv_shape s{1, 9, 11, channels, channels, {3, 3}, {1, 1, 1, 1, 1, 1}};
    s.geometry.groups = channels;
    check_sums<s8_s8<pare::block<4, 4>>>(random, s, 0);
  }
  owned_image<std::int8_t> w(32, 3, 3, 1);
  w.fill<pare::s8_narrow>(random);
  for (index i = 0; i < w.view().size(); ++i) w.view().data[i] |= 1;
  const pare::packed_conv<pare::s8_narrow, pare::block<4, 4>> packed(std::as_const(w).view(), 32);
  CHECK(packed.density() == 1.0 / 8);  // 9 of the 72 cells under a window hold a group's channels
}

TEST_CASE("codes and residuals of block-sparse convolutions are those of dense ones, in parts too") {
  generator random{14};
  const conv_shape s{2, 13, 11, 24, 21, {3, 3}, {1, 1, 1, 1, 1, 1}};
  conv_operands<s8_s8n<pare::dense>> o(random, s);
  drop_blocks<4, 4>(random, o.w.view(), 6);
  pare::channels<std::int32_t> bias(21, 0);
  std::vector<double> scales;
  for (index c = 0; c < 21; ++c) {
    bias[c] = static_cast<std::int32_t>(random.between(-9999, 9999));
    scales.push_back(0.0003 * static_cast<double>(1 + c));
  }
  const pare::multipliers<pare::float_nearest_even> multipliers(scales);
  owned_image<std::int8_t> residual(2, 13, 11, 21), expected(2, 13, 11, 21);
  residual.fill<pare::s8>(random);
  const auto x = std::as_const(o.x).view();
  const auto w = std::as_const(o.w).view();
  const pare::packed_conv<pare::s8_narrow> dense(w);
  const pare::packed_conv<pare::s8_narrow, pare::block<4, 4>> packed(w);
  const pare::threads two(2);
  const auto check = [&](const auto& epilogue) {
    pare::conv2d(x, o.zero_point, dense, s.geometry, epilogue, expected.view(), pare::target::scalar);
    for (const pare::target t : available_targets()) {
      INFO(name(t));
      auto y = expected.blank();
      run<s8_s8n<pare::dense>>(x, o.zero_point, packed, s.geometry, epilogue, y.view(), t);
      CHECK(difference(y, expected) == "");
      owned_cells<std::int8_t> cells(2, 13, 11, 21);
      run<s8_s8n<pare::dense>>(owned_cells<std::int8_t>(x).view(), o.zero_point, packed, s.geometry, epilogue,
                               cells.view(), t);
      CHECK(difference(cells.rows(), expected) == "");
      std::vector<std::byte> memory(
          static_cast<std::size_t>(pare::conv2d_workspace<std::int8_t, std::int8_t>(packed, s.geometry, {13, 11}, 2)));
      auto parts = expected.blank();
      pare::conv2d(x, o.zero_point, packed, s.geometry, epilogue, parts.view(), std::span(memory), t, two);
      CHECK(difference(parts, expected) == "");
      parts = expected.blank();
      pare::prepare_conv2d(x, o.zero_point, packed, s.geometry, epilogue, parts.view(), std::span(memory), t).run(two);
      CHECK(difference(parts, expected) == "");
    }
  };
  const pare::output_map map{-3, -128, 127};
  check(pare::bias(bias) | pare::requantize(multipliers, map));
  pare::channels<float> real_scales(21, 0.f);
  for (index c = 0; c < 21; ++c) real_scales[c] = 0.001f * static_cast<float>(c + 1);
  const auto other = std::as_const(residual).view().pixels();
  check(pare::bias(bias) | pare::dequantize(real_scales) | pare::add(other, 0.3f, -5) | pare::quantize_to(0.07f, map));
}

TEST_CASE("a mistake in a call in channel cells is an error that names it") {
  owned_cells<std::int8_t> x(1, 5, 6, 3), y(1, 3, 5, 7);
  owned_image<std::int8_t> w(7, 3, 2, 3);
  const pare::packed_conv<pare::s8, pare::block<4, 4>> packed(std::as_const(w).view());
  owned_cells<std::int32_t> sums(1, 3, 5, 7);
  std::vector<std::byte> memory(
      static_cast<std::size_t>(pare::conv2d_workspace<std::int8_t, std::int32_t>(packed, {}, {5, 6})));
  const auto run = [&](const pare::conv_geometry& g, std::size_t bytes, index plane) {
    auto in = std::as_const(x).view();
    in.plane = plane;
    pare::conv2d(in, 0, packed, g, pare::as_is, sums.view(), std::span(memory.data(), bytes));
  };
  using Catch::Contains;
  CHECK_NOTHROW(run({}, memory.size(), x.view().plane));
  CHECK_THROWS_WITH(run({}, memory.size() - 1, x.view().plane),
                    Contains(pare::text("workspace: expected at least ", memory.size(), " bytes")));
  CHECK_THROWS_WITH(run({.stride_y = 0}, memory.size(), x.view().plane), Contains("stride along the height"));
  CHECK_THROWS_WITH(run({.pad_top = 1}, memory.size(), x.view().plane), Contains("y.height: expected 4, got 3"));
  CHECK_THROWS_WITH(run({}, memory.size(), 100), Contains("x.plane: expected at least 128"));
}

}  // namespace cases
