#include <catch2/catch.hpp>
#include <pare/nn/bytes.hpp>
#include <pare/nn/linear.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

template <index N, index M>
using windows = pare::n_of_m<N, M>;

template <class F>
void check_sums(std::uint64_t seed, const extents& size, filling how = filling::any) {
  generator random{seed};
  const auto x = filled<typename F::A>(random, size.m, size.k, how);
  auto w = filled<typename F::W>(random, size.n, size.k, how);
  thin(random, w, F::structure::kept, F::structure::window);
  const std::int32_t zero_point = draw<typename F::A>(random, how);
  loose_matrix<std::int32_t> expected(size.m, size.n, random.between(0, 3));
  pare::reference::gemm<std::int32_t>(x.view(), zero_point, std::as_const(w).view(), 0, expected.view());
  const pare::packed_weights<typename F::W, typename F::structure> packed(std::as_const(w).view());
  for (const pare::target t : available_targets()) {
    INFO(F::structure::kept << " of " << F::structure::window << " on " << name(t) << ", m " << size.m << ", n "
                            << size.n << ", k " << size.k << ", zero point " << zero_point << ", seed " << seed);
    auto y = expected.blank();
    pare::linear<typename F::A>(x.view(), zero_point, packed, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
  }
}

using formats = std::tuple<s8_s8n<windows<2, 4>>, s8_s8n<windows<4, 16>>, u8_s8n<windows<1, 4>>, s8_s8<windows<4, 8>>,
                           u8_s8<windows<4, 32>>, s8_s8n<windows<4, 64>>>;

}  // namespace

TEMPLATE_LIST_TEST_CASE("sums of which N of every M weights stay are the reference's at every edge", "", formats) {
  constexpr index widths[] = {1, 15, 16, 17, 33, 64, 70};
  std::uint64_t seed = 700;
  for (index m = 1; m <= 18; ++m, ++seed)
    check_sums<TestType>(seed, {m, widths[seed % std::size(widths)], static_cast<index>(seed * 13 % 210)});
  for (const extents& size : {extents{0, 3, 8}, {3, 0, 8}, {3, 20, 0}, {5, 17, 64}, {2, 17, 128}})
    check_sums<TestType>(++seed, size);
  for (const filling how : {filling::least, filling::greatest, filling::ends})
    check_sums<TestType>(++seed, {3, 17, 1030}, how);
}

TEST_CASE("windows that keep too many weights are named, and those that keep fewer are taken") {
  loose_matrix<std::int8_t> w(18, 8, 0);
  for (index j = 0; j < 18; ++j)
    for (index l = 0; l < 8; ++l) w(j, l) = 0;
  using packed = pare::packed_weights<pare::s8_narrow, windows<2, 4>>;
  CHECK_NOTHROW(packed(std::as_const(w).view()));
  for (const index l : {4, 5, 7}) w(17, l) = 1;
  CHECK_THROWS_WITH(packed(std::as_const(w).view()),
                    "pare: weights[17, 4...]: expected at most 2 of 4 that are not 0, got 3");
  w(17, 5) = 0;
  CHECK(packed(std::as_const(w).view()).density() == 0.5);
}

TEST_CASE("windows come back from their bytes, which are few, and damaged ones are refused") {
  generator random{77};
  const auto check = [&]<index N, index M>(windows<N, M>, index n, index k) {
    using packed = pare::packed_weights<pare::s8_narrow, windows<N, M>>;
    auto w = filled<pare::s8_narrow>(random, n, k, filling::any);
    thin(random, w, N, M);
    const packed before(std::as_const(w).view());
    const auto bytes = pare::to_bytes(before);
    const packed after = pare::packed_from_bytes<pare::s8_narrow, windows<N, M>>(std::span(bytes));
    for (std::size_t part = 0; part < 4; ++part)
      CHECK(std::equal(before.parts()[part].begin(), before.parts()[part].end(), after.parts()[part].begin(),
                       after.parts()[part].end()));
    return static_cast<double>(bytes.bytes()) / static_cast<double>(n * k);
  };
  CHECK(check(windows<2, 4>{}, 128, 512) < 0.64);
  check(windows<2, 4>{}, 0, 8);
  check(windows<4, 32>{}, 3, 0);
  check(windows<4, 16>{}, 17, 70);
  check(windows<4, 32>{}, 20, 65);
  check(windows<1, 4>{}, 5, 64);

  const auto first = [](index, pare::matrix_view<std::int8_t> tile) {
    for (index j = 0; j < tile.rows; ++j)
      for (index l = 0; l < tile.columns; ++l) tile(j, l) = l % 16 == 0 || l % 16 == 3;
  };
  using structure = windows<4, 16>;
  const auto bytes = pare::to_bytes(pare::packed_weights<pare::s8_narrow, structure>(20, 32, first));
  const auto forge = [&](std::size_t offset, int value) {
    auto forged = bytes.clone();
    pare::detail::packed_header header;
    std::memcpy(&header, forged.data(), sizeof header);
    forged[static_cast<index>(offset)] = static_cast<std::byte>(value);
    header.checksum = pare::detail::checksum_of(header, std::span<const std::byte>(forged).subspan(sizeof header));
    std::memcpy(forged.data(), &header, sizeof header);
    return pare::packed_from_bytes<pare::s8_narrow, structure>(std::span<const std::byte>(forged)).n();
  };
  constexpr std::size_t values = 192, places = 192 + 3 * 64 + 2 * 64;
  CHECK(forge(places, 0x30) == 20);
  CHECK_THROWS_WITH(forge(places, 0x33),
                    "pare: bytes: expected places that rise within every window of 16, got others");
  CHECK_THROWS_WITH(forge(values, 0), "pare: bytes: expected places that rise within every window of 16, got others");
  CHECK_THROWS_WITH(forge(values, 2), "pare: bytes: expected sums of the weights, got others");
}

}  // namespace cases
