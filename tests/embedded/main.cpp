// What an engine without exceptions and run-time type information does: every header of nn, some layers, one mistake.
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

/// The layers around it, none of which can throw.
void run_layers() {
  static std::int8_t x[] = {1, 2, 3, 4}, codes[4], w[4] = {1, 0, 0, 0};
  static std::int32_t sums[4];
  static std::byte memory[4096];
  static std::int8_t rows[pare::separable_workspace<std::int8_t>(2, 1)];
  const pare::image_view<const std::int8_t> in{x, 1, 2, 2, 1}, one{w, 1, 1, 1, 1};
  const pare::image_view<std::int8_t> y{codes, 1, 2, 2, 1};
  const pare::image_view<std::int32_t> out{sums, 1, 2, 2, 1};
  const pare::packed_conv<pare::s8_narrow, pare::block<4, 4>> blocks(one);
  const pare::packed_transposed_conv<pare::s8_narrow> transposed(one, 1, 1);
  const pare::packed_depthwise<pare::s8_narrow> depthwise(one);
  const pare::packed_weights<pare::s8_narrow> pointwise(pare::matrix_view<const std::int8_t>(w, 1, 1));
  const pare::multipliers<pare::tflite> same(std::vector<double>{1});
  const pare::softmax_table exponentials = pare::softmax_table_of(0.1f);
  const pare::conv_layer first{depthwise, pare::requantize(same, {0, -128, 127})};
  const pare::conv_layer second{pointwise, pare::as_is};
  const std::span<std::int8_t> between(rows);
  const std::span<std::byte> workspace(memory);
  static_assert(noexcept(pare::max_pool(in, {1, 1}, {}, y)));
  static_assert(noexcept(pare::elementwise(pare::maximum{}, in, in, y)));
  static_assert(noexcept(pare::softmax(exponentials, in.pixels(), y.pixels())));
  static_assert(noexcept(pare::conv2d(in, 0, blocks, {}, pare::as_is, out, workspace)));
  static_assert(noexcept(pare::transposed_conv2d(in, 0, transposed, {}, pare::as_is, out)));
  static_assert(noexcept(pare::separable_conv2d(in, 0, first, {}, 0, second, between, out)));
  pare::max_pool(in, {1, 1}, {}, y);
  pare::elementwise(pare::maximum{}, in, in, y);
  pare::softmax(exponentials, in.pixels(), y.pixels());
  pare::conv2d(in, 0, blocks, {}, pare::as_is, out, workspace);
  pare::transposed_conv2d(in, 0, transposed, {}, pare::as_is, out);
  pare::separable_conv2d(in, 0, first, {}, 0, second, between, out);
  for (int i = 0; i < 4; ++i)
    if (sums[i] != x[i]) std::exit(1);
}

}  // namespace

int main() {
  multiply(3);
  run_layers();
  pare::set_error_handler([](const char* sentence) {
    std::puts(sentence);
    std::exit(std::strcmp(sentence, "pare: x.columns: expected 3, got 2") == 0 ? 0 : 2);
  });
  multiply(2);
  return 3;
}
