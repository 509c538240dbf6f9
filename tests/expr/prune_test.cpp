#include <catch2/catch.hpp>
#include <pare/expr/quantize.hpp>

namespace {

using blocks = pare::pruner<pare::magnitude, pare::block<2, 2>>;
using two_of_four = pare::pruner<pare::magnitude, pare::n_of_m<2, 4>>;
using reals = xt::xarray<float>;

const reals weights = {{9.f, 9.f, 1.f, 1.f}, {9.f, 9.f, 1.f, -2.f}, {3.f, 3.f, 4.f, -4.f}, {3.f, 3.f, 0.f, 4.f}};

}  // namespace

TEST_CASE("pruned weights are zero where the mask prunes and untouched elsewhere") {
  const auto lazy = pare::prune<blocks>(weights, 0.5);
  CHECK(
      (reals(lazy) == reals{{9.f, 9.f, 0.f, 0.f}, {9.f, 9.f, 0.f, 0.f}, {0.f, 0.f, 4.f, -4.f}, {0.f, 0.f, 0.f, 4.f}}));
  CHECK(lazy.mask().groups == std::vector<std::uint8_t>{1, 0, 0, 1});  // 12 and 12: the lower index goes
  static_assert(std::is_same_v<decltype(lazy)::structure, pare::block<2, 2>>);
  static_assert(pare::PrunedExpression<decltype(lazy)> && !pare::PrunedExpression<reals>);
}

TEST_CASE("a structure that fixes the sparsity needs none named") {
  const reals kept = {{9.f, 9.f, 0.f, 0.f}, {9.f, 9.f, 0.f, 0.f}, {0.f, 0.f, 4.f, -4.f}, {0.f, 3.f, 0.f, 4.f}};
  CHECK((reals(pare::prune<two_of_four>(weights)) == kept));
  CHECK((reals(pare::prune<two_of_four>(weights, 0.5)) == kept));
}

TEST_CASE("a mask made once prunes other weights of the shape") {
  const auto mask = pare::prune<blocks>(weights, 0.5).mask();
  const reals ones = xt::ones<float>({4, 4});
  CHECK((reals(pare::prune(ones, mask)) ==
         reals{{1.f, 1.f, 0.f, 0.f}, {1.f, 1.f, 0.f, 0.f}, {0.f, 0.f, 1.f, 1.f}, {0.f, 0.f, 1.f, 1.f}}));
  CHECK(&pare::prune(ones, mask).mask() == &mask);
  CHECK_THROWS_WITH(pare::prune(reals(xt::ones<float>({4, 8})), mask),
                    "pare: mask.shape: expected 4 x 1 x 8 (rows x taps x inputs), got 4 x 1 x 4");
}

TEST_CASE("weights of a convolution are pruned as rows of all their taps") {
  const xt::xtensor<float, 4> ohwi = 1.f + xt::arange<float>(24).reshape({2, 2, 2, 3});
  const reals dense = xt::xarray<float>(pare::prune<blocks>(ohwi, 0.5));
  for (std::size_t row = 0; row < 2; ++row)
    for (std::size_t column = 0; column < 12; ++column) {
      const bool kept = column >= 6;  // blocks of two columns grow with the index: the first three of six go
      CHECK((dense.flat(row * 12 + column) != 0) == kept);
    }
}

TEST_CASE("a pruned expression of any source stays lazy") {
  reals base = weights;
  const auto lazy = pare::prune<blocks>(2.f * base, 0.5);
  base(0, 0) = 50;
  CHECK(lazy(0, 0) == 100);
  CHECK(lazy(0, 2) == 0);
}

TEST_CASE("pruned zeros are zeros after symmetric quantization, and the structure is still known") {
  using weights_q = pare::quantizer<pare::symmetric<std::int8_t>, pare::per_axis<0>>;
  const auto lazy = pare::quantize<weights_q>(pare::prune<blocks>(weights, 0.5));
  const xt::xarray<int> codes = xt::cast<int>(lazy);
  CHECK((codes == xt::xarray<int>{{127, 127, 0, 0}, {127, 127, 0, 0}, {0, 0, 127, -127}, {0, 0, 0, 127}}));
  CHECK(lazy.source().mask().pruned_groups() == 2);
}

TEST_CASE("sparsities and weights that cannot be are refused by name") {
  CHECK_THROWS_WITH(pare::prune<blocks>(weights, 80), "pare: sparsity: expected a number in [0, 1), got 80");
  CHECK_THROWS_WITH(pare::prune<blocks>(reals{1.f, 2.f}, 0.5),
                    "pare: weights: expected at least 2 axes, [n, k], got 1");
}

TEST_CASE("scores are lazy, of the weights' shape, and sum up to the importance of a group") {
  reals base = weights;
  const auto lazy = pare::score(2.f * base, pare::group_l2{});
  CHECK((xt::xarray<double>(lazy) == 4. * xt::xarray<double>(weights * weights)));
  base(0, 0) = 1;
  CHECK(lazy(0, 0) == 4);
  CHECK_THROWS_WITH(pare::score(base, pare::batch_norm_scale{}), "pare: scales.size: expected 4, got 0");
  CHECK(pare::score<pare::geometric_median>(base)(3, 2) > 0);
}

TEST_CASE("a mask is a tensor of flags and back, and says what the weights' zeros say") {
  const auto lazy = pare::prune<blocks>(weights, 0.5);
  const auto flags = pare::flags(lazy.mask(), weights.shape());
  CHECK((flags == xt::xarray<std::uint8_t>{{1, 1, 0, 0}, {1, 1, 0, 0}, {0, 0, 1, 1}, {0, 0, 1, 1}}));
  CHECK(pare::mask_of<pare::block<2, 2>>(flags) == lazy.mask());
  CHECK_THROWS_WITH((pare::mask_of<pare::block<2, 3>>(flags)),
                    Catch::StartsWith("pare: mask: expected whole groups of the structure, got a part"));
}
