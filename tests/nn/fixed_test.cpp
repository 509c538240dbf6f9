#include <catch2/catch.hpp>

#include <pare/nn/constant.hpp>
#include <pare/nn/threads.hpp>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

template <class F, index N, index K>
void check_fixed() {
  for (const index m : {0, 1, 2, 5, 13, 30}) {
    generator random{static_cast<std::uint64_t>(m)};
    const auto o = draw_operands<F>(random, {m, N, K});
    const auto fixed = pare::with_extents(o.packed, pare::extent<N>, pare::extent<K>);
    for (const pare::target t : available_targets()) {
      INFO(describe<F>() << " on " << name(t) << ", " << m << " x " << N << " x " << K);
      loose_matrix<typename F::sum> expected(m, N, 3);
      auto y = expected.blank(), in_parts = expected.blank();
      pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, o.packed, pare::as_is, expected.view(), t);
      pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, fixed, pare::as_is, y.view(), t);
      CHECK(difference(y, expected) == "");
      pare::linear<typename F::A, F::depth>(o.x.view(), o.zero_point, fixed, pare::as_is, in_parts.view(), t,
                                            pare::threads(3));
      CHECK(difference(in_parts, expected) == "");
    }
  }
}

}  // namespace

TEST_CASE("extents known to the compiler change no sum, whole tiles or not") {
  check_fixed<s8_s8n<pare::dense>, 192, 36>();
  check_fixed<s8_s8n<pare::dense>, 51, 39>();
}

TEST_CASE("extents that are not the weights' are named") {
  const pare::packed_weights<pare::s8> w(20, 7, [](index, auto) {});
  CHECK_THROWS_WITH(pare::with_extents(w, pare::extent<16>, pare::extent<7>),
                    "pare: weights.rows: expected 16, got 20");
  CHECK_THROWS_WITH(pare::with_extents(w, pare::extent<20>, pare::extent<8>),
                    "pare: weights.columns: expected 8, got 7");
}

static_assert(pare::FixedOperand<pare::constant_weights<pare::s8, 3, 5>>);
static_assert(!pare::FixedOperand<pare::packed_weights<pare::s8>>);

}  // namespace cases
