// A program built with some of the targets only: PARE_TARGETS is given on the command line.
#include <catch2/catch.hpp>
#include <numeric>
#include <pare/nn/linear.hpp>

using pare::target;

namespace {

// The bit of each target in PARE_TARGETS: its number.
bool asked_for(target t) { return t == target::scalar || (PARE_TARGETS >> static_cast<int>(t) & 1) != 0; }
bool of_this_architecture(target t) {
  const bool arm = t == target::neon || t == target::neon_dotprod || t == target::neon_a55 || t == target::neon_i8mm;
  return t == target::scalar || (t == target::wasm_simd128 ? PARE_WASM : arm ? PARE_ARM : PARE_X86);
}

}  // namespace

TEST_CASE("the targets that were asked for are compiled in, and no others") {
  for (const target t : pare::all_targets) {
    INFO(name(t));
    CHECK(pare::compiled_in(t) == (asked_for(t) && of_this_architecture(t)));
    if (!asked_for(t)) {
      const std::string message =
          pare::text("pare: target: expected one that is compiled in (see PARE_TARGETS), got ", name(t));
      CHECK_THROWS_WITH(pare::expect_available(t), message);
    }
  }
  CHECK(asked_for(pare::best_target()));
}

TEST_CASE("kernels run on what is left") {
  std::vector<std::int8_t> x(2 * 9), w(17 * 9);
  std::iota(x.begin(), x.end(), std::int8_t{-7});
  std::iota(w.begin(), w.end(), std::int8_t{-70});
  const pare::packed_weights<pare::s8> packed(pare::matrix_view<const std::int8_t>(w.data(), 17, 9));
  for (const target t : pare::all_targets) {
    if (!pare::available(t)) continue;
    std::vector<std::int32_t> y(2 * 17);
    pare::linear(pare::matrix_view<const std::int8_t>(x.data(), 2, 9), 3, packed, pare::as_is,
                 pare::matrix_view<std::int32_t>(y.data(), 2, 17), t);
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 17; ++j) {
        std::int32_t sum = 0;
        for (std::size_t l = 0; l < 9; ++l) sum += (x[i * 9 + l] - 3) * w[j * 9 + l];
        CHECK(y[i * 17 + j] == sum);
      }
    }
  }
}
