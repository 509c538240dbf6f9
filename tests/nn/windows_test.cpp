#include <catch2/catch.hpp>
#include <pare/nn/bytes.hpp>
#include <pare/nn/linear.hpp>
#include <pare/nn/threads.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

template <index N, index M, index Shared = 1>
using windows = pare::n_of_m<N, M, Shared>;

template <class F>
void check_sums(std::uint64_t seed, const extents& size, filling how = filling::any) {
  generator random{seed};
  const auto x = filled<typename F::A>(random, size.m, size.k, how);
  auto w = filled<typename F::W>(random, size.n, size.k, how);
  thin<typename F::structure>(random, w);
  const std::int32_t zero_point = sizeof(typename F::a_type) == 1 ? draw<typename F::A>(random, how) : 0;
  loose_matrix<typename F::sum> expected(size.m, size.n, random.between(0, 3));
  pare::reference::gemm<typename F::sum>(x.view(), zero_point, std::as_const(w).view(), 0, expected.view());
  const pare::packed_weights<typename F::W, typename F::structure> packed(std::as_const(w).view());
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " on " << name(t) << ", m " << size.m << ", n " << size.n << ", k " << size.k
                       << ", zero point " << zero_point << ", seed " << seed);
    auto y = expected.blank();
    pare::linear<typename F::A, F::depth>(x.view(), zero_point, packed, pare::as_is, y.view(), t);
    REQUIRE(difference(y, expected) == "");
  }
}

using formats = std::tuple<s8_s8n<windows<2, 4>>, s8_s8n<windows<4, 16>>, u8_s8n<windows<1, 4>>, u8_s8<windows<4, 32>>,
                           s8_s8n<windows<4, 64>>, s8_s8n<windows<2, 4, 16>>, u8_s8<windows<4, 16, 16>>,
                           s8_s8n<windows<4, 32, 16>>, s16_s8<windows<2, 4>>, s16_s8n_shallow<windows<4, 16, 16>>,
                           s16_s16<windows<4, 16>>, q12_q12_shallow<windows<4, 32, 16>>>;

}  // namespace

TEMPLATE_LIST_TEST_CASE("sums of which N of every M weights stay are the reference's at every edge", "", formats) {
  constexpr index widths[] = {1, 15, 16, 17, 33, 64, 70};
  std::uint64_t seed = 700;
  for (index m = 1; m <= 18; ++m, ++seed)
    check_sums<TestType>(seed, {m, widths[seed % std::size(widths)], static_cast<index>(seed * 13 % 210)});
  for (const extents& size : {extents{0, 3, 8}, {3, 0, 8}, {3, 20, 0}, {5, 17, 64}, {2, 17, 128}})
    check_sums<TestType>(++seed, size);
  for (const filling how : {filling::least, filling::greatest, filling::ends})
    check_sums<TestType>(++seed, {3, 17, std::min(TestType::depth, index{2070})}, how);
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

  using shared = pare::packed_weights<pare::s8_narrow, windows<2, 4, 16>>;
  CHECK_NOTHROW(shared(std::as_const(w).view()));  // 17 is in a group of channels of its own
  for (const index l : {4, 5, 7}) w(17 - l, l) = 1;
  CHECK_THROWS_WITH(shared(std::as_const(w).view()),
                    "pare: weights[0, 4...]: expected at most 2 of 4 that are not 0 in any of 16 channels, got 3");
}

TEST_CASE("a shared pattern takes half of the memory, and 4 bytes of places a strip") {
  generator random{78};
  auto w = filled<pare::s8_narrow>(random, 32, 1024, filling::any);
  thin<windows<4, 16, 16>>(random, w);
  const pare::packed_weights<pare::s8_narrow, windows<4, 16, 16>> shared(std::as_const(w).view());
  const pare::packed_weights<pare::s8_narrow, windows<4, 16>> single(std::as_const(w).view());
  CHECK(single.bytes() == 2 * (1024 / 16 * 128 + 16 * 4));
  CHECK(shared.bytes() == 2 * (1024 / 16 * (64 + 4) + 16 * 4));
}

TEST_CASE("codes of weights that share a pattern, through the stages of an epilogue, are those of dense weights") {
  generator random{79};
  const auto o = draw_operands<s8_s8n<windows<2, 4, 16>>>(random, {37, 83, 200});
  const pare::packed_weights<pare::s8_narrow> dense(std::as_const(o.w).view());
  pare::channels<std::int32_t> bias(83, 0);
  for (index j = 0; j < 83; ++j) bias[j] = static_cast<std::int32_t>(random.between(-5000, 5000));
  const pare::multipliers<pare::tflite> scales(std::vector<double>(83, 0.0007));
  const auto residual = filled<pare::integer_range<std::int32_t, -1000, 1000>>(random, 37, 83, filling::any);
  const auto stages =
      pare::bias(bias) | pare::add(residual.view()) | pare::relu | pare::requantize(scales, {3, -128, 127});
  for (const pare::target t : available_targets()) {
    loose_matrix<std::int8_t> expected(37, 83, 3);
    auto y = expected.blank();
    pare::linear(o.x.view(), o.zero_point, dense, stages, expected.view(), t);
    pare::linear(o.x.view(), o.zero_point, o.packed, stages, y.view(), t, pare::threads(3));
    INFO(name(t));
    CHECK(difference(y, expected) == "");
  }
}

TEST_CASE("windows come back from their bytes, which are few, and damaged ones are refused") {
  generator random{77};
  const auto check_range = [&]<class W, index N, index M, index Shared>(W, windows<N, M, Shared>, index n, index k) {
    using packed = pare::packed_weights<W, windows<N, M, Shared>>;
    auto w = filled<W>(random, n, k, filling::any);
    thin<windows<N, M, Shared>>(random, w);
    const packed before(std::as_const(w).view());
    const auto bytes = pare::to_bytes(before);
    const packed after = pare::packed_from_bytes<W, windows<N, M, Shared>>(std::span(bytes));
    for (std::size_t part = 0; part < 4; ++part)
      CHECK(std::equal(before.parts()[part].begin(), before.parts()[part].end(), after.parts()[part].begin(),
                       after.parts()[part].end()));
    return static_cast<double>(bytes.bytes()) / static_cast<double>(n * k * index{sizeof(typename W::type)});
  };
  const auto check = [&](auto structure, index n, index k) { return check_range(pare::s8_narrow{}, structure, n, k); };
  CHECK(check(windows<2, 4>{}, 128, 512) < 0.64);
  check(windows<2, 4>{}, 0, 8);
  check(windows<4, 32>{}, 3, 0);
  check(windows<4, 16>{}, 17, 70);
  check(windows<4, 32>{}, 20, 65);
  check(windows<1, 4>{}, 5, 64);
  CHECK(check(windows<2, 4, 16>{}, 128, 512) < 0.53);
  check(windows<2, 4, 16>{}, 0, 8);
  check(windows<4, 16, 16>{}, 17, 70);
  check(windows<1, 4, 16>{}, 33, 64);
  check(windows<4, 32, 16>{}, 50, 0);
  check(windows<4, 64, 16>{}, 31, 130);
  CHECK(check_range(pare::s16{}, windows<2, 4>{}, 128, 512) < 0.57);
  check_range(pare::s16_narrow{}, windows<4, 16>{}, 17, 70);
  check_range(pare::s16{}, windows<4, 32, 16>{}, 33, 100);

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
    header.checksum = pare::detail::checksum_of(header, forged.data() + sizeof header, forged.bytes() - sizeof header);
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

TEST_CASE("damaged places of a shared pattern are refused, and so are those beyond k") {
  // Channels 0 to 15 keep 0 and 3 of every 16, channel 16 keeps 5 and 9; element 17 is the only one of the last window.
  const auto first = [](index channel, pare::matrix_view<std::int8_t> tile) {
    for (index j = 0; j < tile.rows; ++j)
      for (index l = 0; l < tile.columns; ++l)
        tile(j, l) = l < 16 ? (channel == 0 ? l == 0 || (l == 3 && j == 15) : l == 5 || l == 9) : l == 17;
  };
  using structure = windows<4, 16, 16>;
  const auto bytes = pare::to_bytes(pare::packed_weights<pare::s8_narrow, structure>(17, 18, first));
  const auto forge = [&](index offset, int value) {
    auto forged = bytes.clone();
    pare::detail::packed_header header;
    std::memcpy(&header, forged.data(), sizeof header);
    forged[offset] = static_cast<std::byte>(value);
    header.checksum = pare::detail::checksum_of(header, forged.data() + sizeof header, forged.bytes() - sizeof header);
    std::memcpy(forged.data(), &header, sizeof header);
    return pare::packed_from_bytes<pare::s8_narrow, structure>(std::span<const std::byte>(forged)).n();
  };
  // 17 channels of 8 values, 2 panels of sums, then 4 bytes of places for each of 2 groups.
  constexpr index values = 192, places = values + 3 * 64 + 2 * 64;
  const std::string refused = "pare: bytes: expected places that rise within every window of 16, got others";
  CHECK(bytes[places] == std::byte{0x30});
  CHECK(bytes[places + 4] == std::byte{0x95});
  CHECK(forge(places, 0x40) == 17);
  CHECK_THROWS_WITH(forge(places, 0x00), refused);
  CHECK_THROWS_WITH(forge(places + 4, 0x55), refused);
  CHECK(forge(places + 2, 0x00) == 17);
  CHECK_THROWS_WITH(forge(places + 2, 0x02), refused);        // element 18 of 18
  CHECK_THROWS_WITH(forge(values + 15 * 8 + 2, 1), refused);  // a third weight at place 0
  CHECK_THROWS_WITH(forge(values + 16 * 8, 2), "pare: bytes: expected sums of the weights, got others");
}

}  // namespace cases
