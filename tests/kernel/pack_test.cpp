#include <catch2/catch.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

// Element [j, l] of weights [n, k] as it lies in packed panels, by the sentence in pack.hpp: panels
// [ceil(n/16), ceil(k/depth), 16 cells].
template <class T>
T packed_element(const std::byte* panels, index k, index j, index l) {
  constexpr index depth = pare::cell_depth<T>;
  const index strip = j / 16 * pare::ceil_div(k, depth) + l / depth;
  T value;
  std::memcpy(&value, panels + strip * 64 + j % 16 * 4 + l % depth * index{sizeof(T)}, sizeof value);
  return value;
}

}  // namespace

TEMPLATE_TEST_CASE("dense panels hold every weight in its cell and zeros beyond the edges", "", std::int8_t,
                   std::int16_t, float) {
  using range = typename pare::element_of<TestType>::type;
  constexpr index depth = pare::cell_depth<TestType>;
  generator random{1};
  for (const index n : {1, 15, 16, 17, 40}) {
    for (const index k : {1, 2, 3, 4, 5, 9}) {
      const auto w = filled<range>(random, n, k);
      const pare::packed_weights<range> packed(w.view());
      const index rows = pare::round_up(n, 16), columns = pare::round_up(k, depth);
      for (index j = 0; j < rows; ++j) {
        for (index l = 0; l < columns; ++l) {
          const TestType expected = j < n && l < k ? w(j, l) : TestType{0};
          REQUIRE(packed_element<TestType>(packed.view().strips, columns, j, l) == expected);
        }
      }
      CHECK(packed.view().panel_bytes == columns / depth * 64);
      CHECK((packed.view().sums != nullptr) == (sizeof(TestType) == 1));
    }
  }
}

TEST_CASE("8-bit weights bring the sums of their rows, zeros beyond the last") {
  generator random{2};
  for (const index n : {1, 16, 17}) {
    const auto w = filled<pare::s8>(random, n, 37);
    const pare::packed_weights<pare::s8> packed(w.view());
    const pare::packed_weights<pare::s8, pare::block16> listed(w.view());
    for (index j = 0; j < pare::round_up(n, 16); ++j) {
      std::int32_t sum = 0;
      for (index l = 0; j < n && l < 37; ++l) sum += w(j, l);
      CHECK(packed.view().sums[j] == sum);
      CHECK(listed.view().sums[j] == sum);
    }
  }
}

TEST_CASE("block16 keeps the strips that are not all zero, in order, with their places") {
  // Two panels of 16 and 4 channels, k = 10: cells at 0, 4 and a partial one at 8.
  loose_matrix<std::int8_t> w(20, 10, 1);
  for (index j = 0; j < 20; ++j)
    for (index l = 0; l < 10; ++l) w(j, l) = 0;
  w(15, 3) = 5;
  w(2, 9) = -7;
  w(19, 4) = 9;
  const pare::packed_weights<pare::s8, pare::block16> packed(std::as_const(w).view());
  const auto view = packed.view();
  CHECK(view.first[0] == 0);
  CHECK(view.first[1] == 2);
  CHECK(view.first[2] == 3);
  CHECK(view.cells[0] == 0);
  CHECK(view.cells[1] == 2);
  CHECK(view.cells[2] == 1);
  std::vector<int> expected(3 * 64, 0);
  expected[15 * 4 + 3] = 5;
  expected[64 + 2 * 4 + 1] = -7;
  expected[128 + 3 * 4 + 0] = 9;
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(static_cast<std::int8_t>(view.strips[i]) == expected[i]);
  CHECK(packed.density() == 0.5);
}

TEST_CASE("the raw functions pack what packed_weights does") {
  generator random{3};
  auto w = filled<pare::s16>(random, 11, 7);
  drop_strips(random, w);
  const pare::matrix_view<const std::int16_t> view = w.view();
  const pare::packed_weights<pare::s16> dense(view);
  std::vector<std::byte> panel(4 * 64);
  pare::pack_panel(view, panel.data());
  CHECK(std::memcmp(panel.data(), dense.view().strips, panel.size()) == 0);

  const pare::packed_weights<pare::s16, pare::block16> listed(view);
  const index kept = pare::kept_strips(view);
  CHECK(kept == listed.view().first[1]);
  std::vector<std::byte> strips(static_cast<std::size_t>(kept * 64));
  std::vector<std::uint16_t> listed_cells(static_cast<std::size_t>(kept));
  pare::pack_kept(view, strips.data(), listed_cells.data());
  CHECK(std::memcmp(strips.data(), listed.view().strips, strips.size()) == 0);
  CHECK(std::equal(listed_cells.begin(), listed_cells.end(), listed.view().cells));
}

}  // namespace cases
