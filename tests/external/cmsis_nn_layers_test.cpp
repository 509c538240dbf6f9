// The codes that TensorFlow's interpreter, and the floats that PyTorch, gave for CMSIS-NN's unit tests of the layers
// around convolutions.
#include <catch2/catch.hpp>
#include <cmath>
#include <pare/reference/arrange.hpp>
#include <pare/reference/elementwise.hpp>
#include <pare/reference/pool.hpp>
#include <pare/reference/softmax.hpp>

#include "case.hpp"

namespace pare::test {

namespace {

/// The recorded multiplier and shift, which must be how we write the same number.
fixed_multiplier recorded(const external_case& test, const std::string& value, const std::string& shift) {
  const fixed_multiplier m{test.number(value), test.number(shift)};
  REQUIRE(decompose(std::ldexp(m.value, m.shift - 31)) == m);
  return m;
}

output_map recorded_output(const external_case& test) {
  return {test.number("output_offset"), test.number("out_activation_min"), test.number("out_activation_max")};
}

/// One row of elements.
template <class T>
image_view<const T> row(const array<T>& x) {
  return {x.values.data(), 1, 1, 1, static_cast<index>(x.values.size())};
}

template <class T, class Op>
void check_binary(const external_case& test, const Op& op) {
  INFO(test.name());
  const auto a = test.array<T>("input1"), b = test.array<T>("input2");
  std::vector<T> out(a.values.size());
  const auto size = static_cast<index>(out.size());
  reference::elementwise(op, row(a), row(b), image_view<T>{out.data(), 1, 1, 1, size});
  CHECK(differences(out, test.array<T>("output_ref").values) == 0);
}

quantized_sum<> recorded_sum(const external_case& test) {
  return {-test.number("input1_offset"),
          -test.number("input2_offset"),
          test.number("left_shift"),
          recorded(test, "input1_mult", "input1_shift"),
          recorded(test, "input2_mult", "input2_shift"),
          recorded(test, "output_mult", "output_shift"),
          recorded_output(test)};
}

quantized_product recorded_product(const external_case& test) {
  return {-test.number("input1_offset"), -test.number("input2_offset"), recorded(test, "output_mult", "output_shift"),
          recorded_output(test)};
}

template <class Op>
void check_extremum(const external_case& test) {
  INFO(test.name());
  const auto a = test.array<std::int8_t>("input_tensor_1"), b = test.array<std::int8_t>("input_tensor_2");
  const auto image = [&]<class T>(T* values, const std::string& prefix, const std::string& suffix) {
    const auto extent = [&](const char* axis) { return test.number(prefix + axis + suffix); };
    return image_view<T>{values, extent("batch"), extent("height"), extent("width"), extent("channel")};
  };
  std::vector<std::int8_t> out(static_cast<std::size_t>(test.number("dst_size")));
  const auto to = image(out.data(), "output_", "");
  REQUIRE(to.size() == test.number("dst_size"));
  reference::elementwise(Op{}, image(a.values.data(), "", "_1"), image(b.values.data(), "", "_2"), to);
  CHECK(differences(out, test.array<std::int8_t>("output_ref").values) == 0);
}

/// As many rows and columns after the image as the recorded output needs.
conv_geometry pool_geometry(const external_case& test) {
  const auto after = [&](const std::string& axis, const char* before) {
    return std::max(0, (test.number("out_" + axis) - 1) * test.number("stride_" + axis) + test.number("k_" + axis) -
                           test.number("in_" + axis) - test.number(before));
  };
  return {.stride_y = test.number("stride_h"),
          .stride_x = test.number("stride_w"),
          .pad_top = test.number("pad_top"),
          .pad_left = test.number("pad_left"),
          .pad_bottom = after("h", "pad_top"),
          .pad_right = after("w", "pad_left")};
}

/// Floats were recorded from another order of summation: 1e-5 of the largest magnitude.
template <class T>
void check_equal(const std::vector<T>& given, const std::vector<T>& expected) {
  if constexpr (std::is_integral_v<T>) {
    CHECK(differences(given, expected) == 0);
  } else {
    REQUIRE(given.size() == expected.size());
    T largest = 0, error = 0;
    for (std::size_t i = 0; i < given.size(); ++i) {
      largest = std::max(largest, std::abs(expected[i]));
      error = std::max(error, std::abs(given[i] - expected[i]));
    }
    CHECK(error <= largest * 1e-5f);
  }
}

template <class T>
void check_pool(const std::string& op) {
  for (const auto& test : cases("cmsis_nn", op)) {
    INFO(test.name());
    const auto input = test.array<T>("input"), expected = test.array<T>("output");
    array<T> out{std::vector<T>(expected.values.size()), expected.shape};
    const image_view<T> to{out.values.data(), out.shape[0], out.shape[1], out.shape[2], out.shape[3]};
    const bounds<T> limits{static_cast<T>(std::stod(test.text("act_min"))),
                           static_cast<T>(std::stod(test.text("act_max")))};
    const image_extents window{test.number("k_h"), test.number("k_w")};
    if (op.starts_with("avg")) {
      reference::average_pool(input.image(), window, pool_geometry(test), to, limits,
                              test.number("count_include_pad") != 0);
    } else {
      reference::max_pool(input.image(), window, pool_geometry(test), to, limits);
    }
    check_equal(out.values, expected.values);
  }
}

template <class T, class Out, class Terms>
void check_softmax(const external_case& test, const Terms& terms) {
  INFO(test.name());
  const index rows = test.number("num_rows"), columns = test.number("row_size");
  const auto x = test.array<T>("input");
  std::vector<Out> out(x.values.size());
  reference::softmax(terms, matrix_view<const T>(x.values.data(), rows, columns),
                     matrix_view<Out>(out.data(), rows, columns));
  CHECK(differences(out, test.array<Out>("output_ref").values) == 0);
}

/// The recorded terms, which must be those that we derive from the scale that they stand for.
softmax_terms recorded_softmax(const external_case& test) {
  const softmax_terms terms{test.number("input_mult"), test.number("input_left_shift"), test.number("diff_min")};
  const softmax_terms ours = softmax_of(static_cast<float>(std::ldexp(terms.value, terms.shift - 31 - 26)));
  CHECK(ours.shift == terms.shift);
  CHECK(ours.least == terms.least);
  CHECK(std::abs(ours.value - terms.value) <= 128);  // a float scale has 24 bits
  return terms;
}

}  // namespace

TEST_CASE("CMSIS-NN sums and products give the recorded codes") {
  for (const auto& test : cases("cmsis_nn", "elementwise_add_s8")) check_binary<std::int8_t>(test, recorded_sum(test));
  for (const auto& test : cases("cmsis_nn", "elementwise_add_s16"))
    check_binary<std::int16_t>(test, recorded_sum(test));
  for (const auto& test : cases("cmsis_nn", "elementwise_mul_s8"))
    check_binary<std::int8_t>(test, recorded_product(test));
  for (const auto& test : cases("cmsis_nn", "elementwise_mul_s16"))
    check_binary<std::int16_t>(test, recorded_product(test));
}

TEST_CASE("CMSIS-NN maxima and minima give the recorded codes, repeated along axes too") {
  for (const auto& test : cases("cmsis_nn", "maximum_s8")) check_extremum<maximum>(test);
  for (const auto& test : cases("cmsis_nn", "minimum_s8")) check_extremum<minimum>(test);
}

TEST_CASE("CMSIS-NN pooling gives the recorded codes and floats") {
  for (const std::string op : {"avgpool2d_", "maxpool2d_"}) {
    check_pool<std::int8_t>(op + "s8");
    check_pool<std::int16_t>(op + "s16");
    check_pool<float>(op + "f32");
  }
}

TEST_CASE("CMSIS-NN softmax gives the recorded codes") {
  for (const auto& test : cases("cmsis_nn", "softmax_s8"))
    check_softmax<std::int8_t, std::int8_t>(test, recorded_softmax(test));
  for (const auto& test : cases("cmsis_nn", "softmax_s8_s16"))
    check_softmax<std::int8_t, std::int16_t>(test, recorded_softmax(test));
  for (const auto& test : cases("cmsis_nn", "softmax_s16")) {
    softmax_curves curves = softmax_curves_of(1);
    curves.multiplier = recorded(test, "input_mult", "input_left_shift");
    check_softmax<std::int16_t, std::int16_t>(test, curves);
  }
}

TEST_CASE("CMSIS-NN padding gives the recorded codes") {
  for (const auto& test : cases("cmsis_nn", "pad_s8")) {
    INFO(test.name());
    const auto x = test.array<std::int8_t>("input_tensor");
    const auto at = [&](const std::string& name) { return index{test.number(name)}; };
    const padding amount{{at("pre_pad_n"), at("pre_pad_h"), at("pre_pad_w"), at("pre_pad_c")},
                         {at("post_pad_n"), at("post_pad_h"), at("post_pad_w"), at("post_pad_c")}};
    const image_view<const std::int8_t> input{x.values.data(), at("input_n"), at("input_h"), at("input_w"),
                                              at("input_c")};
    std::vector<std::int8_t> out(static_cast<std::size_t>(at("output_size")));
    const auto [n, h, w, c] = extents_of(input);
    const auto& [n0, h0, w0, c0] = amount.before;
    const auto& [n1, h1, w1, c1] = amount.after;
    const image_view<std::int8_t> to{out.data(), n0 + n + n1, h0 + h + h1, w0 + w + w1, c0 + c + c1};
    reference::pad(input, amount, static_cast<std::int8_t>(test.number("pad_value")), to);
    CHECK(differences(out, test.array<std::int8_t>("output").values) == 0);
  }
}

}  // namespace pare::test
