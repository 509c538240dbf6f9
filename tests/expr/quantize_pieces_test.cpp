// What an assignment computes many elements at a time is what the expression's elements are one by one.
#include <catch2/catch.hpp>
#include <cmath>
#include <pare/expr/fake_quantize.hpp>
#include <pare/quant/calibration/entropy.hpp>
#include <pare/quant/calibration/moving_average.hpp>
#include <pare/quant/calibration/mse.hpp>
#include <pare/quant/calibration/percentile.hpp>
#include <pare/quant/presets.hpp>

namespace {

using reals = xt::xarray<float>;

/// An expression assigned, and copied through its own iterator.
template <class E>
void check(const E& lazy) {
  static_assert(
      requires(typename E::value_type * to) { lazy.copy_to(to); }, "not by kernels");
  const xt::xarray<typename E::value_type> assigned = lazy;
  const std::vector<typename E::value_type> expected(lazy.begin(), lazy.end());
  REQUIRE(std::equal(lazy.shape().begin(), lazy.shape().end(), assigned.shape().begin(), assigned.shape().end()));
  CHECK(std::equal(expected.begin(), expected.end(), assigned.begin(), assigned.end()));
}

/// Quantized, and dequantized, under parameters that differ for every group of elements.
template <class G, class S = pare::affine<std::int8_t>, class E>
void check_under(const E& source) {
  using quantizer = pare::quantizer<S, G>;
  const pare::parameter_grid<G> grid(source.shape());
  pare::quantization<quantizer> parameters;
  for (pare::index p = 0; p < grid.count(); ++p)
    parameters.maps.push_back({0.01f + 0.003f * static_cast<float>(p % 17), S::maps_zero_to_zero ? 0 : int(p % 5)});
  const auto lazy = pare::quantize(source, parameters);
  check(lazy);
  const xt::xarray<std::int8_t> codes = lazy;
  check(pare::dequantize(codes, parameters));
  check(pare::dequantize(lazy));
}

template <class E>
void check_arithmetic(const E& source) {
  check_under<pare::per_tensor>(source);
  check_under<pare::per_axis<1>>(source);
  check_under<pare::per_axis<2>>(source);
}

template <class E>
void check_granularities(const E& source) {
  check_under<pare::per_tensor>(source);
  check_under<pare::per_axis<1>>(source);
  check_under<pare::per_axis<2>>(source);
  check_under<pare::per_group<2, 5>>(source);
  check_under<pare::per_block<1, 2, 2, 40>>(source);
  check_under<pare::per_axis<1>, pare::symmetric<std::int8_t>>(source);
  check_under<pare::per_axis<2>, pare::symmetric<std::int8_t>>(source);
}

reals wave(std::vector<std::size_t> shape) {
  reals x(shape);
  int i = 0;
  for (float& value : x) value = std::sin(static_cast<float>(++i) * 0.37f) * 2;
  return x;
}

}  // namespace

TEST_CASE("containers of any shape are quantized under any granularity") {
  check_granularities(wave({3, 4, 70}));
  check_granularities(wave({2, 3, 1}));
  check_granularities(wave({5, 1, 3}));
  check_granularities(wave({1, 2, 3000}));
}

TEST_CASE("tensors without elements give tensors without elements") {
  for (const std::vector<std::size_t>& shape : {std::vector<std::size_t>{0, 3, 4}, {2, 0, 4}, {2, 3, 0}}) {
    const reals none(shape);
    check_under<pare::per_tensor>(none);
    check_under<pare::per_axis<1>>(none);
    check_under<pare::per_group<2, 5>>(none);
  }
}

TEST_CASE("arithmetic, broadcasting, views and columns are read as they are") {
  using whole = pare::quantizer<pare::affine<std::int8_t>>;
  const pare::quantization<whole> parameters{.maps = {{0.02f, 3}}};
  const reals x = wave({6, 50}), row = wave({50}), column = wave({6, 1});
  const xt::xtensor<float, 2, xt::layout_type::column_major> turned = x;
  check(pare::quantize(2 * x + column, parameters));
  check(pare::quantize(2.f * x + row, parameters));
  check(pare::quantize(xt::exp(-xt::abs(x)), parameters));
  check(pare::quantize(turned + x, parameters));
  check(pare::quantize(xt::view(x, xt::range(1, 5), xt::range(3, 40)), parameters));
  check(pare::quantize(xt::view(x, xt::all(), xt::range(1, 50, 3)) * 2.f, parameters));
  check(pare::quantize(xt::broadcast(row, std::array<std::size_t, 2>{4, 50}), parameters));
  check(pare::quantize(reals(7.f), parameters));
  check(pare::quantize(pare::dequantize(pare::quantize(x, parameters)) + row, parameters));
}

TEST_CASE("arithmetic on whole strips is quantized as it is computed") {
  const reals row = wave({64}), block = wave({4, 64});
  check_arithmetic(2.f * wave({3, 4, 64}) + row);
  check_arithmetic(wave({3, 4, 64}) * block - row);
  check_arithmetic(2.f * wave({3, 4, 70}));  // rows that are none, all of it one
  check_arithmetic(2.f * wave({3, 5, 40}) + wave({40}));
  check_arithmetic(2.f * wave({2, 1, 4096}) + wave({4096}));
  using whole = pare::quantizer<pare::affine<std::int8_t>>;
  const pare::quantization<whole> parameters{.maps = {{0.02f, 3}}};
  const reals larger = wave({5, 80});
  const auto inner = xt::view(larger, xt::all(), xt::range(5, 69));
  check(pare::quantize(inner + row, parameters));
  check(pare::fake_quantize(inner + row, parameters));
  reals itself = wave({5, 64});
  const reals expected = pare::fake_quantize(2.f * itself + row, parameters);
  xt::noalias(itself) = pare::fake_quantize(2.f * itself + row, parameters);
  CHECK((itself == expected));
}

TEST_CASE("assigning to views, columns and other types gives the same elements") {
  using whole = pare::quantizer<pare::affine<std::int8_t>>;
  const pare::quantization<whole> parameters{.maps = {{0.02f, 3}}};
  const reals x = wave({4, 20});
  const auto lazy = pare::quantize(x, parameters);
  const xt::xarray<std::int8_t> expected = lazy;
  xt::xtensor<std::int8_t, 2, xt::layout_type::column_major> columns = lazy;
  CHECK((columns == expected));
  xt::xarray<std::int8_t> larger = xt::zeros<std::int8_t>({5, 20});
  xt::noalias(xt::view(larger, xt::range(1, 5))) = lazy;
  CHECK((xt::view(larger, xt::range(1, 5)) == expected));
  const xt::xarray<int> wide = lazy;
  CHECK((wide == expected));
  xt::xarray<std::int8_t> broadcast = xt::zeros<std::int8_t>({2, 4, 20});
  xt::noalias(xt::view(broadcast, xt::all(), xt::all(), xt::all())) = lazy;
  CHECK((xt::view(broadcast, 1) == expected));
}

TEST_CASE("large tensors, which are written past the caches, have the same elements") {
  using whole = pare::quantizer<pare::affine<std::int8_t>>;
  const pare::quantization<whole> parameters{.maps = {{0.25f, 3}}};
  xt::xtensor<std::int8_t, 1> codes = xt::arange<int>(3000001);
  const xt::xtensor<float, 1> large = pare::dequantize(codes, parameters);
  int wrong = 0;
  for (std::size_t i = 0; i < codes.size(); ++i)
    wrong += large(i) != pare::dequantize_value(codes(i), parameters.maps[0]);
  CHECK(wrong == 0);
  xt::xtensor<float, 2> rows(std::array<std::size_t, 2>{46875, 64});
  std::copy_n(large.begin(), rows.size(), rows.begin());
  const xt::xtensor<float, 1> row = 0.25f * xt::arange<float>(64);
  xt::xtensor<float, 2> streamed(rows.shape());
  for (const bool whole_rows : {true, false}) {
    if (whole_rows) {
      streamed = pare::fake_quantize(rows + row, parameters);
    } else {
      streamed = pare::fake_quantize(rows * 3.f, parameters);
    }
    const xt::xtensor<float, 2> source = whole_rows ? xt::eval(rows + row) : xt::eval(rows * 3.f);
    const xt::xtensor<float, 2> expected = pare::fake_quantize(source, parameters);
    CHECK((streamed == expected));
  }
}

TEST_CASE("calibration reads arithmetic as it reads containers") {
  using channels = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<1>>;
  const reals x = wave({6, 50}), row = wave({50});
  const reals evaluated = 2.f * x + row;
  CHECK(pare::calibrate(channels{}, 2.f * x + row).maps == channels{}.calibrate(evaluated).maps);
  CHECK(pare::quantize<channels>(2.f * x + row).parameters().maps == channels{}.calibrate(evaluated).maps);
  const reals wide = wave({6, 64}), narrow = wave({64}), all = 2.f * wide + narrow;
  using tensor = pare::quantizer<pare::affine<std::int8_t>>;
  CHECK(pare::calibrate(tensor{}, 2.f * wide + narrow).maps == tensor{}.calibrate(all).maps);
  CHECK(pare::calibrate(tensor{}, 2.f * x).maps == tensor{}.calibrate(reals(2.f * x)).maps);
  CHECK_THROWS_AS(pare::calibrate(tensor{}, wide / (narrow - narrow)), pare::error);
}

namespace {
/// What a calibration remembers of a tensor in two batches, shown to it by kernels and value by value.
template <class C>
void check_observed(const reals& x) {
  using tensor = pare::quantizer<pare::affine<std::int8_t>, pare::per_tensor, pare::half_even, C>;
  pare::calibrator<tensor> by_kernels, by_values;
  for (int batch = 0; batch < 2; ++batch) {
    pare::observe(by_kernels, x);
    by_values.observe(x);
  }
  CHECK(by_kernels.to_bytes() == by_values.to_bytes());
}
}  // namespace

TEST_CASE("every calibration remembers the same, whether kernels show it the values or not") {
  for (const std::size_t size : {1u, 255u, 4097u, 4600u, 20000u}) {
    reals x = wave({size});
    for (std::size_t i = 0; i < size; i += 7) x(i) = i % 2 == 0 ? -0.f : -x(i) * 0x1p-5f;
    check_observed<pare::min_max>(x);
    check_observed<pare::moving_average>(x);
    check_observed<pare::percentile>(x);
    check_observed<pare::entropy>(x);
    check_observed<pare::mse>(x);
  }
}
