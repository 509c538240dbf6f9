// What an engine without exceptions and run-time type information does: every header of nn, one layer, one mistake.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pare/nn.hpp>
#include <utility>
#include <vector>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this program shows that pare needs neither exceptions nor run-time type information"
#endif

namespace {

using call = pare::gemm_call<pare::s8, pare::s8_narrow, pare::dense, pare::identity_stage, std::int32_t>;
static_assert(noexcept(pare::run(call{}, pare::target::scalar)), "kernels do not throw");

// Nor do layers, where nothing can be thrown.
static_assert(noexcept(pare::linear(std::declval<pare::matrix_view<const std::int8_t>>(), 1,
                                    std::declval<const pare::packed_weights<pare::s8_narrow>&>(), pare::as_is,
                                    std::declval<pare::matrix_view<std::int32_t>>())));

void multiply(pare::index columns) {
  static const std::int8_t x[] = {1, 2, 3}, w[] = {4, 5, 6, 7, 8, 9};
  static std::int32_t y[2];
  const pare::packed_weights<pare::s8_narrow> weights(pare::matrix_view<const std::int8_t>(w, 2, 3));
  pare::linear(pare::matrix_view<const std::int8_t>(x, 1, columns, 3), 1, weights, pare::as_is,
               pare::matrix_view<std::int32_t>(y, 1, 2));
  if (y[0] != 0 * 4 + 1 * 5 + 2 * 6 || y[1] != 0 * 7 + 1 * 8 + 2 * 9) std::exit(1);
}

}  // namespace

int main() {
  multiply(3);
  pare::set_error_handler([](const char* sentence) {
    std::puts(sentence);
    std::exit(std::strcmp(sentence, "pare: x.columns: expected 3, got 2") == 0 ? 0 : 2);
  });
  multiply(2);
  return 3;
}
