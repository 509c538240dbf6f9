// The kernels of the matrix product on the cases of ONNX and CMSIS-NN, on every target of this machine.
#include <catch2/catch.hpp>
#include <cmath>
#include <pare/reference/requantize.hpp>

#include "../cases/kernels.hpp"
#include "case.hpp"

namespace pare::test {
namespace {

/// [rows, columns] in row-major order to [columns, rows].
template <class T>
std::vector<T> transposed(const T* values, index rows, index columns) {
  std::vector<T> result;
  for (index j = 0; j < columns; ++j)
    for (index i = 0; i < rows; ++i) result.push_back(values[i * columns + j]);
  return result;
}

/// One matrix product: x [m, k] less x_zero times w [n, k] less w_zero.
template <class T, class W>
struct product {
  index m, n, k;
  std::vector<T> x;
  std::int32_t x_zero;
  std::vector<W> w;
  std::int32_t w_zero;

  /// Its sums on target t.
  auto sums(target t) const {
    using sum = std::conditional_t<std::is_floating_point_v<T>, float,
                                   std::conditional_t<sizeof(T) == 2, std::int64_t, std::int32_t>>;
    std::vector<sum> y(static_cast<std::size_t>(m * n));
    const matrix_view<const T> activations(x.data(), m, k);
    const matrix_view<const W> weights(w.data(), n, k);
    const matrix_view<sum> out(y.data(), m, n);
    if constexpr (sizeof(T) == 1) {
      linear(activations, x_zero, affine_weights<full_range<W>>(weights, w_zero), as_is, out, t);
    } else {
      REQUIRE(w_zero == 0);
      linear(activations, x_zero, packed_weights<typename element_of<W>::type>(weights), as_is, out, t);
    }
    return y;
  }
};

/// Input i as a zero point; 0 if there is none.
template <class T>
std::int32_t zero_point(const external_case& test, const char* role) {
  return test.has_array(role) ? std::int32_t{test.array<T>(role).scalar()} : 0;
}

/// The products of a and b [..., k, n], whose leading extents are broadcast as NumPy does.
template <class T>
std::vector<product<T, T>> products(array<T> a, std::int32_t a_zero, array<T> b, std::int32_t b_zero) {
  if (a.shape.size() == 1) a.shape.insert(a.shape.begin(), 1);
  if (b.shape.size() == 1) b.shape.push_back(1);
  const index m = a.shape.end()[-2], k = a.shape.end()[-1], n = b.shape.end()[-1];
  const std::size_t rank = std::max(a.shape.size(), b.shape.size());
  a.shape.insert(a.shape.begin(), rank - a.shape.size(), 1);
  b.shape.insert(b.shape.begin(), rank - b.shape.size(), 1);
  std::vector<std::pair<index, index>> places{{0, 0}};
  for (std::size_t axis = 0; axis + 2 < rank; ++axis) {
    std::vector<std::pair<index, index>> finer;
    for (const auto& [at_a, at_b] : places)
      for (index i = 0; i < std::max(a.shape[axis], b.shape[axis]); ++i)
        finer.push_back({at_a * a.shape[axis] + i % a.shape[axis], at_b * b.shape[axis] + i % b.shape[axis]});
    places = finer;
  }
  std::vector<product<T, T>> all;
  for (const auto& [at_a, at_b] : places) {
    const T* const x = a.values.data() + at_a * m * k;
    all.push_back({m, n, k, {x, x + m * k}, a_zero, transposed(b.values.data() + at_b * k * n, k, n), b_zero});
  }
  return all;
}

/// The sums of all products, one after the other.
template <class T, class W>
auto all_sums(const std::vector<product<T, W>>& products, target t) {
  auto sums = products.at(0).sums(t);
  for (std::size_t i = 1; i < products.size(); ++i) {
    const auto more = products[i].sums(t);
    sums.insert(sums.end(), more.begin(), more.end());
  }
  return sums;
}

template <class Policy, class Code>
std::vector<Code> codes_of(std::vector<typename Policy::accumulator> sums, index columns,
                           const std::vector<requantize_terms<Policy>>& terms, const output_map& output) {
  std::vector<Code> codes(sums.size());
  const index rows = static_cast<index>(sums.size()) / columns;
  const std::vector every(static_cast<std::size_t>(columns), terms[0]);
  reference::requantize<Policy>(matrix_view(sums.data(), rows, columns),
                                std::span<const requantize_terms<Policy>>(terms.size() == 1 ? every : terms), output,
                                matrix_view(codes.data(), rows, columns));
  return codes;
}

void check_reals(const std::vector<float>& given, const std::vector<float>& expected) {
  REQUIRE(given.size() == expected.size());
  for (std::size_t i = 0; i < given.size(); ++i) CHECK(given[i] == Approx(expected[i]).epsilon(1e-5).margin(1e-6));
}

template <class T>
void check_linear_matmul(const external_case& test, target t) {
  const auto all = products(test.array<T>("input0"), zero_point<T>(test, "input2"), test.array<T>("input3"),
                            zero_point<T>(test, "input5"));
  const auto scale = [&](const char* role) { return double{test.array<float>(role).scalar()}; };
  const double M = scale("input1") * scale("input4") / scale("input6");
  using limits = std::numeric_limits<T>;
  const auto codes =
      codes_of<float_nearest_even, T>(all_sums(all, t), all[0].n, {checked_terms<float_nearest_even>("scales", M)},
                                      {zero_point<T>(test, "input7"), limits::min(), limits::max()});
  CHECK(differences(codes, test.array<T>("output0").values) == 0);
}

template <class Policy>
requantize_terms<Policy> terms_of(std::int32_t multiplier, std::int32_t shift) {
  return checked_terms<Policy>("multiplier", std::ldexp(multiplier, shift - 31));
}

template <class Policy, class Code>
void check_fully_connected(const external_case& test, target t) {
  const index m = test.number("batch"), n = test.number("out_c"), k = test.number("depth");
  const product<Code, std::int8_t> one{m,
                                       n,
                                       k,
                                       test.array<Code>("input").values,
                                       -test.number("input_offset"),
                                       test.array<std::int8_t>("weights").values,
                                       -test.number("filter_offset")};
  auto sums = one.sums(t);
  if (test.has_array("bias")) {
    const auto add = [&](const auto& bias) {
      for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i] += static_cast<typename decltype(sums)::value_type>(bias[i % bias.size()]);
    };
    test.number("bias_bits") == 64 ? add(test.array<std::int64_t>("bias").values)
                                   : add(test.array<std::int32_t>("bias").values);
  }
  std::vector<requantize_terms<Policy>> terms;
  const auto multiplier = test.array<std::int32_t>("multiplier").values;
  const auto shift = test.array<std::int32_t>("shift").values;
  for (std::size_t j = 0; j < shift.size(); ++j) terms.push_back(terms_of<Policy>(multiplier[j], shift[j]));
  const auto codes =
      codes_of<Policy, Code>({sums.begin(), sums.end()}, n, terms,
                             {test.number("output_offset"), test.number("act_min"), test.number("act_max")});
  CHECK(differences(codes, test.array<Code>("output").values) == 0);
}

/// The matrices of a batch as they are multiplied: adjoint ones are turned.
template <class T>
array<T> batch_of(const external_case& test, const std::string& side, bool adjoint) {
  const auto number = [&](const char* what) { return index{test.number(side + what)}; };
  array<T> all{{}, {number("_batch"), number("_height"), number("_rows"), number("_cols")}};
  const auto values = test.array<T>(side + "_input_tensor").values;
  const index rows = all.shape[2], columns = all.shape[3];
  if (!adjoint) return {values, all.shape};
  for (index i = 0; i < static_cast<index>(values.size()); i += rows * columns) {
    const auto turned = transposed(values.data() + i, rows, columns);
    all.values.insert(all.values.end(), turned.begin(), turned.end());
  }
  std::swap(all.shape[2], all.shape[3]);
  return all;
}

template <class Policy, class Code>
void check_batch_matmul(const external_case& test, target t) {
  const auto all = products(batch_of<Code>(test, "lhs", test.number("adj_x") != 0), -test.number("lhs_offset"),
                            batch_of<Code>(test, "rhs", test.number("adj_y") != 0), -test.number("rhs_offset"));
  const auto sums = all_sums(all, t);
  const auto codes = codes_of<Policy, Code>(
      sums, all[0].n, {terms_of<Policy>(test.number("output_multiplier"), test.number("output_shift"))},
      {test.number("output_offset"), test.number("activation_min"), test.number("activation_max")});
  CHECK(differences(codes, test.array<Code>("output").values) == 0);
}

/// Calls check(test, target) for every case of an operator and every target.
template <class Check>
void for_each(const std::string& group, const std::string& op, const Check& check) {
  for (const auto& test : test::cases(group, op)) {
    for (const target t : ::cases::available_targets()) {
      INFO(test.name() << " on " << name(t));
      check(test, t);
    }
  }
}

}  // namespace

TEST_CASE("kernels give the sums of ONNX MatMulInteger") {
  for_each("onnx_node", "MatMulInteger", [](const external_case& test, target t) {
    using T = std::uint8_t;
    const auto all = products(test.array<T>("input0"), zero_point<T>(test, "input2"), test.array<T>("input1"),
                              zero_point<T>(test, "input3"));
    CHECK(differences(all_sums(all, t), test.array<std::int32_t>("output0").values) == 0);
  });
}

TEST_CASE("kernels give the codes of ONNX QLinearMatMul, signed and unsigned, batches too") {
  for_each("onnx_node", "QLinearMatMul", [](const external_case& test, target t) {
    test.type("input0") == "u8" ? check_linear_matmul<std::uint8_t>(test, t)
                                : check_linear_matmul<std::int8_t>(test, t);
  });
}

TEST_CASE("kernels give the reals of ONNX MatMul within float rounding, batches are broadcast") {
  for_each("onnx_node", "MatMul", [](const external_case& test, target t) {
    check_reals(all_sums(products(test.array<float>("input0"), 0, test.array<float>("input1"), 0), t),
                test.array<float>("output0").values);
  });
}

TEST_CASE("kernels give the reals of ONNX Gemm within float rounding") {
  for_each("onnx_node", "Gemm", [](const external_case& test, target t) {
    const auto real = [&](const char* key) { return test.has(key) ? std::stof(test.text(key)) : 1.f; };
    auto a = test.array<float>("input0"), b = test.array<float>("input1");
    const auto turn = [](array<float>& x) {
      x.values = transposed(x.values.data(), x.shape[0], x.shape[1]);
      std::swap(x.shape[0], x.shape[1]);
    };
    if (test.number("transA", 0) != 0) turn(a);
    if (test.number("transB", 0) != 0) turn(b);
    const auto all = products(a, 0, b, 0);
    auto y = all_sums(all, t);
    for (float& value : y) value *= real("alpha");
    if (test.has_array("input2")) {
      const auto c = test.array<float>("input2");
      for (std::size_t i = 0; i < y.size(); ++i) {
        const auto n = static_cast<std::size_t>(all[0].n);
        const std::size_t at = c.values.size() == y.size() ? i : i % n;
        y[i] += real("beta") * c.values.at(c.values.size() == 1 ? 0 : at);
      }
    }
    check_reals(y, test.array<float>("output0").values);
  });
}

TEST_CASE("kernels give the codes of CMSIS-NN's fully connected layers") {
  for_each("cmsis_nn", "fully_connected_s8", check_fully_connected<tflite, std::int8_t>);
  for_each("cmsis_nn", "fully_connected_s16", [](const external_case& test, target t) {
    test.text("requant") == "requant64" ? check_fully_connected<tflite_int64, std::int16_t>(test, t)
                                        : check_fully_connected<tflite, std::int16_t>(test, t);
  });
}

TEST_CASE("kernels give the codes of CMSIS-NN's batched products, both sides with zero points") {
  for_each("cmsis_nn", "batch_matmul_s8", check_batch_matmul<tflite, std::int8_t>);
  for_each("cmsis_nn", "batch_matmul_s16", check_batch_matmul<tflite_int64, std::int16_t>);
}

}  // namespace pare::test
