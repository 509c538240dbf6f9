#include <catch2/catch.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

// Cuts a rectangle into pieces, at random places.
void cut(generator& random, const pare::rectangle& r, int depth, std::vector<pare::rectangle>& pieces) {
  const index rows = r.row_end - r.row_begin, columns = r.column_end - r.column_begin;
  if (depth == 0 || rows * columns <= 1) {
    pieces.push_back(r);
    return;
  }
  pare::rectangle first = r, second = r;
  if (rows > 1 && (columns == 1 || random.next() % 2 == 0)) {
    first.row_end = second.row_begin = r.row_begin + random.between(1, rows - 1);
  } else {
    first.column_end = second.column_begin = r.column_begin + random.between(1, columns - 1);
  }
  cut(random, first, depth - 1, pieces);
  cut(random, second, depth - 1, pieces);
}

// Runs all pieces but one: together they must be the whole product with a hole.
template <class F, class Out, class Epilogue>
void check_rectangles(std::uint64_t seed, const extents& size, const Epilogue& epilogue) {
  generator random{seed};
  const auto o = draw_operands<F>(random, size);
  std::vector<pare::rectangle> pieces;
  cut(random, {0, size.m, 0, size.n}, 4, pieces);
  std::swap(pieces.back(), pieces[random.next() % pieces.size()]);
  const pare::rectangle hole = pieces.back();
  pieces.pop_back();
  for (const pare::target t : available_targets()) {
    INFO(describe<F>() << " on " << name(t) << ", m " << size.m << ", n " << size.n << ", k " << size.k << ", seed "
                       << seed);
    loose_matrix<Out> expected(size.m, size.n, 3), y = expected.blank();
    run(whole_call(o, epilogue, expected.view()), t);
    for (index i = hole.row_begin; i < hole.row_end; ++i)
      for (index j = hole.column_begin; j < hole.column_end; ++j) expected(i, j) = y(i, j);
    for (const pare::rectangle& piece : pieces) {
      auto call = whole_call(o, epilogue, y.view());
      call.part = piece;
      run(call, t);
    }
    REQUIRE(difference(y, expected) == "");
  }
}

using formats = std::tuple<s8_s8n<pare::dense>, s8_s8n<pare::block16>, s16_s16<pare::dense>, s16_s8<pare::block16>,
                           f32_f32<pare::dense>>;

}  // namespace

TEMPLATE_LIST_TEST_CASE("rectangles of sums make up the product and touch nothing else", "", formats) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    generator random{seed};
    check_rectangles<TestType, typename TestType::sum>(
        seed, {random.between(1, 30), random.between(1, 150), random.between(0, 20)}, pare::as_is);
  }
}

TEST_CASE("rectangles of codes make up the product and touch nothing else") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    generator random{seed};
    const extents size{random.between(1, 30), random.between(1, 150), random.between(0, 20)};
    pare::channels<std::int32_t> bias(size.n, 0);
    std::vector<double> scales;
    for (index j = 0; j < size.n; ++j) {
      bias[j] = static_cast<std::int32_t>(random.between(-9999, 9999));
      scales.push_back(0.004 / static_cast<double>(1 + j));
    }
    const pare::multipliers<pare::tflite> multipliers(scales);
    check_rectangles<s8_s8n<pare::dense>, std::int8_t>(
        seed, size, pare::bias(bias) | pare::requantize(multipliers, {-3, -128, 127}));
  }
}

TEST_CASE("an empty rectangle writes nothing") {
  generator random{1};
  const auto o = draw_operands<s8_s8n<pare::dense>>(random, {9, 40, 8});
  for (const pare::target t : available_targets()) {
    loose_matrix<std::int32_t> y(9, 40, 1);
    for (const pare::rectangle part : {pare::rectangle{}, {3, 3, 0, 40}, {0, 9, 17, 17}, {9, 9, 40, 40}}) {
      auto call = whole_call(o, pare::as_is, y.view());
      call.part = part;
      run(call, t);
    }
    CHECK(difference(y, y.blank()) == "");
  }
}

}  // namespace cases
