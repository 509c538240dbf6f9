#include <catch2/catch.hpp>
#include <pare/expr/element_map.hpp>

#if __has_include(<xtensor/containers/xfixed.hpp>)
#include <xtensor/containers/xfixed.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/views/xstrided_view.hpp>
#else
#include <xtensor/xfixed.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xstrided_view.hpp>
#endif

namespace {

/// x + 1000 * (row-major index): wrong in every digit if a walk loses the element or its position.
struct numbered {
  using value_type = double;
  double value(double x, auto position, const auto& shape) const {
    return x + 1000 * static_cast<double>(pare::flat_offset(position, shape));
  }
};

template <class E>
auto number(E&& source) {
  return pare::element_map<numbered, pare::operand_t<E>>(numbered{}, std::forward<E>(source));
}

template <xt::layout_type L>
std::vector<double> forwards(const auto& e) {
  return {e.template begin<L>(), e.template end<L>()};
}
template <xt::layout_type L>
std::vector<double> backwards(const auto& e) {
  return {e.template rbegin<L>(), e.template rend<L>()};
}

/// The lazy expression has the elements of the evaluated one, in either order.
void check_same(const auto& lazy, const auto& evaluated) {
  const xt::xarray<double> got = lazy, expected = evaluated;
  REQUIRE((got.shape() == expected.shape()));
  CHECK((got == expected));
  CHECK(forwards<xt::layout_type::row_major>(lazy) == forwards<xt::layout_type::row_major>(evaluated));
  CHECK(forwards<xt::layout_type::column_major>(lazy) == forwards<xt::layout_type::column_major>(evaluated));
}

/// And backwards, which not every expression of xtensor can be read.
void check_same_backwards(const auto& lazy, const auto& evaluated) {
  check_same(lazy, evaluated);
  CHECK(backwards<xt::layout_type::row_major>(lazy) == backwards<xt::layout_type::row_major>(evaluated));
  CHECK(backwards<xt::layout_type::column_major>(lazy) == backwards<xt::layout_type::column_major>(evaluated));
}

const xt::xarray<double> ramp = 0.5 + xt::arange<double>(60).reshape({3, 4, 5});
const xt::xarray<double> numbered_ramp = ramp + 1000 * xt::arange<double>(60).reshape({3, 4, 5});

}  // namespace

TEST_CASE("an element map reads any expression: containers of either layout, functions, views, broadcasts") {
  check_same_backwards(number(ramp), numbered_ramp);
  check_same(number(xt::xtensor<double, 3>(ramp)), numbered_ramp);
  check_same_backwards(number(xt::xtensor<double, 3, xt::layout_type::column_major>(ramp)), numbered_ramp);
  check_same(number(xt::xtensor_fixed<double, xt::xshape<3, 4, 5>>(ramp)), numbered_ramp);
  check_same_backwards(number(2. * ramp - ramp), numbered_ramp);
  xt::xarray<double> wide = xt::zeros<double>({3, 8, 5});
  xt::view(wide, xt::all(), xt::range(0, 8, 2)) = ramp;
  check_same(number(xt::view(wide, xt::all(), xt::range(0, 8, 2))), numbered_ramp);
  const xt::xarray<double> reversed = xt::strided_view(ramp, {xt::range(2, -4, -1)});
  check_same(number(xt::strided_view(reversed, {xt::range(2, -4, -1)})), numbered_ramp);
  const xt::xarray<double> row = xt::view(ramp, 0, 0);
  const xt::xarray<double> flat = xt::broadcast(row, {3, 4, 5});
  check_same(number(xt::broadcast(row, {3, 4, 5})), flat + (numbered_ramp - ramp));
}

TEST_CASE("an element map is an operand like any other: of views, broadcasts, arithmetic, reductions") {
  const auto lazy = number(ramp);
  check_same(xt::view(lazy, xt::range(1, 3), xt::all(), 1), xt::view(numbered_ramp, xt::range(1, 3), xt::all(), 1));
  check_same(xt::view(lazy, 1, xt::newaxis(), xt::range(0, 4, 2)),
             xt::view(numbered_ramp, 1, xt::newaxis(), xt::range(0, 4, 2)));
  check_same(xt::broadcast(lazy, {2, 3, 4, 5}), xt::broadcast(numbered_ramp, {2, 3, 4, 5}));
  const xt::xarray<double> row = xt::arange<double>(5), batch = xt::ones<double>({2, 3, 4, 5});
  check_same(lazy * row, numbered_ramp * row);
  check_same_backwards(batch + lazy, batch + numbered_ramp);
  check_same(xt::sum(lazy, {1}), xt::sum(numbered_ramp, {1}));
  check_same(number(number(ramp)), numbered_ramp + (numbered_ramp - ramp));
}

TEST_CASE("an axis of extent 1 keeps its position when it is broadcast") {
  const xt::xarray<double> column = xt::arange<double>(6).reshape({3, 1, 2});
  const xt::xarray<double> evaluated = number(column);
  check_same(xt::broadcast(number(column), {3, 4, 2}), xt::broadcast(evaluated, {3, 4, 2}));
  const xt::xarray<double> ones = xt::ones<double>({3, 4, 2});
  check_same(number(column) * ones, evaluated * ones);
  CHECK(number(column)(2, 3, 1) == evaluated(2, 0, 1));
}

TEST_CASE("an element map is read by index, with axes missing or in excess as xtensor takes them") {
  const auto lazy = number(ramp);
  const std::array<std::size_t, 3> at{1, 2, 3};
  CHECK((lazy(1, 2, 3) == numbered_ramp(1, 2, 3)));
  CHECK((lazy(2, 3) == numbered_ramp(2, 3)));
  CHECK((lazy() == numbered_ramp()));
  CHECK((lazy(9, 1, 2, 3) == numbered_ramp(1, 2, 3)));
  CHECK((lazy[at] == numbered_ramp(1, 2, 3)));
  CHECK((lazy.element(at.begin(), at.end()) == numbered_ramp(1, 2, 3)));
  CHECK((lazy.at(1, 2, 3) == numbered_ramp(1, 2, 3)));
}

TEST_CASE("an element map evaluates into containers and views, with and without a temporary") {
  check_same(xt::eval(number(ramp)), numbered_ramp);
  xt::xtensor<double, 3, xt::layout_type::column_major> column_major = number(ramp);
  check_same(column_major, numbered_ramp);
  xt::xtensor<double, 3> target({3, 4, 5});
  xt::noalias(target) = number(ramp);
  target += number(ramp);
  xt::view(target, 0) = xt::view(number(ramp), 1);
  check_same(xt::view(target, 0), xt::view(numbered_ramp, 1));
  check_same(xt::view(target, 2), 2 * xt::view(numbered_ramp, 2));
}

TEST_CASE("scalars, vectors and empty tensors map too") {
  check_same(number(xt::xarray<double>(7.)), xt::xarray<double>(7.));
  check_same(number(xt::xarray<double>{1., 2.}), xt::xarray<double>{1., 1002.});
  const xt::xarray<double> nothing = xt::zeros<double>({3, 0, 2});
  CHECK((xt::xarray<double>(number(nothing)).size() == 0));
}

TEST_CASE("lvalues are kept by reference and temporaries are moved in") {
  xt::xarray<double> x = {1., 2.};
  const auto seen = number(x);
  const auto owned = number(xt::xarray<double>(x));
  x(0) = 5;
  CHECK(seen(0) == 5);
  CHECK(owned(0) == 1);
  CHECK(&seen.source() == &x);
}
