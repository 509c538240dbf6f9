#include <catch2/catch.hpp>
#include <limits>

#include "../cases/inputs.hpp"

namespace cases {
namespace {

// A correct call, y[3, 20] = x[3, 7] * w[20, 7] and its epilogue, in which each test makes one mistake.
struct correct {
  std::vector<std::int8_t> x_memory = std::vector<std::int8_t>(21, 1);
  std::vector<std::int8_t> y_memory = std::vector<std::int8_t>(60);
  pare::matrix_view<const std::int8_t> x{x_memory.data(), 3, 7};
  pare::matrix_view<std::int8_t> y{y_memory.data(), 3, 20};
  pare::packed_weights<pare::s8_narrow> w{20, 7, [](index, auto) {}};
  std::int32_t zero_point = 0;
  pare::channels<std::int32_t> bias{20, 5};
  pare::multipliers<pare::tflite> multipliers{std::vector<double>(20, 0.5)};
  pare::output_map map{0, -128, 127};
  pare::target on = pare::best_target();

  void run() const { pare::linear(x, zero_point, w, pare::bias(bias) | pare::requantize(multipliers, map), y, on); }
};

// The stages up to a residual and quantize, on floats' residuals.
struct correct_residual : correct {
  pare::channels<float> scales{20, 0.1f};
  std::vector<std::int8_t> residual_memory = std::vector<std::int8_t>(60);
  pare::matrix_view<const std::int8_t> residual{residual_memory.data(), 3, 20};
  float scale = 0.5f;

  void run() const {
    pare::linear(x, zero_point, w,
                 pare::dequantize(scales) | pare::add(residual) | pare::relu | pare::quantize_to(scale, map), y, on);
  }
};

template <class Call = correct, class Mistake>
void expect_message(const char* message, const Mistake& make_mistake) {
  Call call;
  CHECK_NOTHROW(call.run());
  make_mistake(call);
  CHECK_THROWS_WITH(call.run(), message);
}

}  // namespace

TEST_CASE("extents that do not match are named, with what was expected and given") {
  expect_message("pare: x.columns: expected 7, got 6", [](auto& c) { c.x.columns = 6; });
  expect_message("pare: y.columns: expected 20, got 19", [](auto& c) { c.y.columns = 19; });
  expect_message("pare: y.rows: expected 3, got 2", [](auto& c) { c.y.rows = 2; });
  expect_message("pare: x.rows: expected at least 0, got -3", [](auto& c) { c.x.rows = -3; });
  expect_message("pare: y.columns: expected at least 0, got -1", [](auto& c) { c.y.columns = -1; });
  expect_message("pare: bias.size: expected 20, got 16", [](auto& c) { c.bias = pare::channels<std::int32_t>(16, 5); });
  expect_message("pare: multipliers.size: expected 20, got 21",
                 [](auto& c) { c.multipliers = pare::multipliers<pare::tflite>(std::vector<double>(21, 0.5)); });
  expect_message<correct_residual>("pare: scales.size: expected 20, got 4",
                                   [](auto& c) { c.scales = pare::channels<float>(4, 1.f); });
  expect_message<correct_residual>("pare: add.rows: expected 3, got 1", [](auto& c) { c.residual.rows = 1; });
  expect_message<correct_residual>("pare: add.columns: expected 20, got 7", [](auto& c) { c.residual.columns = 7; });
}

TEST_CASE("views without memory or with rows that overlap are named") {
  expect_message("pare: x.data: expected memory for a view that is not empty, got a null pointer",
                 [](auto& c) { c.x.data = nullptr; });
  expect_message("pare: y.data: expected memory for a view that is not empty, got a null pointer",
                 [](auto& c) { c.y.data = nullptr; });
  expect_message("pare: x.stride: expected at least the 7 columns, got 6", [](auto& c) { c.x.stride = 6; });
  expect_message("pare: y.stride: expected at least the 20 columns, got 0", [](auto& c) { c.y.stride = 0; });
  expect_message<correct_residual>("pare: add.data: expected memory for a view that is not empty, got a null pointer",
                                   [](auto& c) { c.residual.data = nullptr; });
}

TEST_CASE("a zero point outside the activations' range is named") {
  expect_message("pare: x zero_point: expected a value of x's range, got 128", [](auto& c) { c.zero_point = 128; });
  expect_message("pare: x zero_point: expected a value of x's range, got -129", [](auto& c) { c.zero_point = -129; });
  const std::uint8_t x[4] = {};
  std::int32_t y[1];
  const pare::packed_weights<pare::s8> w(1, 4, [](index, auto) {});
  const auto unsigned_with = [&](std::int32_t zero_point) {
    pare::linear(pare::matrix_view<const std::uint8_t>(x, 1, 4), zero_point, w, pare::as_is,
                 pare::matrix_view<std::int32_t>(y, 1, 1));
  };
  CHECK_NOTHROW(unsigned_with(255));
  CHECK_THROWS_WITH(unsigned_with(-1), "pare: x zero_point: expected a value of x's range, got -1");
}

TEST_CASE("16-bit and float activations have no zero point") {
  const std::int16_t x[4] = {};
  std::int64_t y[1];
  const pare::packed_weights<pare::s8> w(1, 4, [](index, auto) {});
  CHECK_THROWS_WITH(pare::linear(pare::matrix_view<const std::int16_t>(x, 1, 4), 3, w, pare::as_is,
                                 pare::matrix_view<std::int64_t>(y, 1, 1)),
                    "pare: x zero_point: expected 0 for 16-bit and float activations, got 3");
  const float real_x[4] = {};
  float real_y[1];
  const pare::packed_weights<pare::f32> real_w(1, 4, [](index, auto) {});
  CHECK_THROWS_WITH(pare::linear(pare::matrix_view<const float>(real_x, 1, 4), -1, real_w, pare::as_is,
                                 pare::matrix_view<float>(real_y, 1, 1)),
                    "pare: x zero_point: expected 0 for 16-bit and float activations, got -1");
}

TEST_CASE("a depth beyond what the sums were proven for is named, and floats have no such limit") {
  const std::vector<std::int16_t> x(517, 1);
  std::int32_t sum[1];
  const auto with_depth = [&](index k) {
    const pare::packed_weights<pare::s8_narrow> w(1, k, [](index, auto) {});
    pare::linear<pare::s16, 516>(pare::matrix_view<const std::int16_t>(x.data(), 1, k), 0, w, pare::as_is,
                                 pare::matrix_view<std::int32_t>(sum, 1, 1));
  };
  CHECK_NOTHROW(with_depth(516));
  CHECK_THROWS_WITH(with_depth(517), "pare: weights.columns: expected at most MaxDepth = 516, got 517");

  const index deep = pare::default_depth + 1;
  const std::vector<float> ones(static_cast<std::size_t>(deep), 1.f);
  const pare::packed_weights<pare::f32> w(1, deep, [](index, pare::matrix_view<float> tile) {
    for (index l = 0; l < tile.columns; ++l) tile(0, l) = 1;
  });
  float real[1];
  pare::linear(pare::matrix_view<const float>(ones.data(), 1, deep), 0, w, pare::as_is,
               pare::matrix_view<float>(real, 1, 1));
  CHECK(real[0] == 65537.f);
}

TEST_CASE("an output interval that is empty or not the output type's is named") {
  expect_message("pare: output: expected min <= max inside [-128, 127], got [0, 128]", [](auto& c) {
    c.map = {0, 0, 128};
  });
  expect_message("pare: output: expected min <= max inside [-128, 127], got [-129, 0]", [](auto& c) {
    c.map = {0, -129, 0};
  });
  expect_message("pare: output: expected min <= max inside [-128, 127], got [5, 4]", [](auto& c) {
    c.map = {5, 5, 4};
  });
  expect_message("pare: output.zero_point: expected a value in [-128, 127], got 128", [](auto& c) {
    c.map = {128, 0, 127};
  });
  expect_message<correct_residual>("pare: output: expected min <= max inside [-128, 127], got [0, 255]", [](auto& c) {
    c.map = {0, 0, 255};
  });
  for (const float bad : {0.f, -1.f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    const std::string message = pare::text("pare: output scale: expected a finite number above 0, got ", bad);
    expect_message<correct_residual>(message.c_str(), [&](auto& c) { c.scale = bad; });
  }
}

TEST_CASE("a clamp outside the output type is named") {
  const float x[1] = {};
  std::uint8_t y[1];
  const pare::packed_weights<pare::f32> w(1, 1, [](index, auto) {});
  const auto clamped = [&](std::int32_t low, std::int32_t high) {
    pare::linear(pare::matrix_view<const float>(x, 1, 1), 0, w,
                 pare::quantize_to(1, {0, 0, 255}) | pare::clamp(low, high) | pare::map(flip_bits{}),
                 pare::matrix_view<std::uint8_t>(y, 1, 1));
  };
  CHECK_NOTHROW(clamped(0, 255));
  CHECK_THROWS_WITH(clamped(-1, 255), "pare: output: expected min <= max inside [0, 255], got [-1, 255]");
  CHECK_THROWS_WITH(clamped(9, 8), "pare: output: expected min <= max inside [0, 255], got [9, 8]");
}

TEST_CASE("32-bit codes stay where the policy can compute them") {
  const std::int16_t x[1] = {};
  std::int32_t y[1];
  const pare::packed_weights<q12> w(1, 1, [](index, auto) {});
  const pare::channels<std::int32_t> bias(1, 0);
  const pare::multipliers<pare::tflite_single> multipliers(std::vector<double>(1, 0.5));
  const auto to_words = [&](const pare::output_map& map) {
    pare::linear<q12, 511>(pare::matrix_view<const std::int16_t>(x, 1, 1), 0, w,
                           pare::bias(bias) | pare::requantize(multipliers, map),
                           pare::matrix_view<std::int32_t>(y, 1, 1));
  };
  CHECK_NOTHROW(to_words({0, INT32_MIN, INT32_MAX}));
  CHECK_THROWS_WITH(to_words({-2, 0, INT32_MAX}),
                    "pare: output: expected ends at most 2147483647 from the zero point -2, got [0, 2147483647]");
  CHECK_THROWS_WITH(pare::detail::expect_output<std::int32_t>({0, 0, 1 << 24}, pare::detail::float_reach),
                    "pare: output: expected ends at most 16777215 from the zero point 0, got [0, 16777216]");
  CHECK_NOTHROW(pare::detail::expect_output<std::int32_t>({0, -(1 << 24), (1 << 24) - 1}, pare::detail::float_reach));
}

TEST_CASE("a target that cannot run is named") {
  for (const pare::target t : pare::all_targets) {
    if (pare::available(t)) {
      correct call;
      call.on = t;
      CHECK_NOTHROW(call.run());
    } else {
      const std::string why =
          pare::compiled_in(t) ? "one that this CPU has" : "one that is compiled in (see PARE_TARGETS)";
      const std::string message = pare::text("pare: target: expected ", why, ", got ", name(t));
      expect_message(message.c_str(), [&](auto& c) { c.on = t; });
    }
  }
}

TEST_CASE("nothing is written when a call is refused") {
  correct call;
  std::fill(call.y_memory.begin(), call.y_memory.end(), std::int8_t{77});
  call.bias = pare::channels<std::int32_t>(19, 5);
  CHECK_THROWS_AS(call.run(), pare::error);
  CHECK(call.y_memory == std::vector<std::int8_t>(60, 77));
}

}  // namespace cases
