// Every conversion on every target of this machine gives the bits of the scalar definition.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <pare/kernel/convert.hpp>
#include <pare/kernel/read.hpp>
#include <vector>

namespace {

using pare::affine_map;

/// Numbers from every exponent band with both signs, ties and their neighbours, whole numbers, infinities and NaN.
std::vector<float> hard_numbers() {
  std::vector<float> all;
  for (std::uint32_t band = 0; band < 512; ++band)
    for (const std::uint32_t mantissa : {0u, 1u, 0x2aaaaau, 0x400000u, 0x7fffffu})
      all.push_back(std::bit_cast<float>((band << 23) | mantissa));
  for (int i = -300; i <= 300; ++i) {
    const float tie = static_cast<float>(i) + 0.5f;
    for (const std::int32_t away : {-1, 0, 1}) {
      all.push_back(std::bit_cast<float>(std::bit_cast<std::int32_t>(tie) + away));
      all.push_back(std::bit_cast<float>(std::bit_cast<std::int32_t>(tie * 0.37f) + away));
    }
    all.push_back(static_cast<float>(i));
    all.push_back(static_cast<float>(i) * 110.f);
  }
  return all;
}

const std::vector<float> numbers = hard_numbers();

template <class Piece>
void run(const Piece& piece, pare::target on) {
  pare::kernel_for<Piece>(on)(piece);
}

template <class F>
void on_every_target(const F& f) {
  for (const pare::target t : pare::all_targets) {
    if (!pare::available(t)) continue;
    INFO(pare::name(t));
    f(t);
  }
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

std::vector<affine_map> some_maps(std::int32_t low, std::int32_t high) {
  std::vector<affine_map> maps;
  for (const float scale : {1.f, 0.37f, 0x1p-5f, 1e-30f, 3e30f, 1.17549435e-38f, std::numeric_limits<float>::max()})
    for (const std::int32_t zero_point : {low, low / 2 + high / 2, high}) maps.push_back({scale, zero_point});
  return maps;
}

/// The map for all elements, divided by as its scale allows.
pare::piece_maps shared(const affine_map& map) {
  pare::piece_maps maps{&map};
  maps.moderate = map.scale >= 0x1p-60f && map.scale <= 0x1p60f;
  return maps;
}

/// quantize_value and dequantize_value, element by element, against both kernels.
template <class R, class Round, class Steps, bool Fake = false>
void check(const Round& rounding) {
  using code = typename R::type;
  const auto low = static_cast<std::int32_t>(R::min), high = static_cast<std::int32_t>(R::max);
  for (const affine_map& map : some_maps(low, high)) {
    CAPTURE(map.scale, map.zero_point);
    std::vector<code> expected, codes(numbers.size());
    std::vector<float> faked, reals(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      expected.push_back(pare::quantize_value<R, Round, Steps>(numbers[i], map, rounding, 7 + i));
      faked.push_back(pare::dequantize_value(expected.back(), map));
    }
    on_every_target([&](pare::target on) {
      const auto count = static_cast<pare::index>(numbers.size());
      run(pare::quantize_piece<R, Round, Steps>{numbers.data(), codes.data(), count, shared(map), 7, rounding, false},
          on);
      CHECK(same_bits(codes, expected));
      if constexpr (Fake) {
        run(pare::fake_quantize_piece<R, Round, Steps>{numbers.data(), reals.data(), count, shared(map), 7, rounding,
                                                       false},
            on);
        CHECK(same_bits(reals, faked));
      }
    });
  }
}

}  // namespace

TEST_CASE("every rounding gives the scalar definition's bits on every target") {
  check<pare::s8, pare::half_even, pare::divided>({});
  check<pare::s8, pare::half_away, pare::divided, true>({});
  check<pare::s8, pare::toward_zero, pare::divided>({});
  check<pare::s8, pare::upward, pare::divided>({});
  check<pare::s8, pare::downward, pare::divided>({});
  check<pare::s8, pare::stochastic, pare::divided>({.seed = 99});
}

TEST_CASE("quotients next to a tie are rounded as a division rounds them, with a scale for all and for each") {
  using piece = pare::quantize_piece<pare::s8, pare::half_away, pare::divided, true>;
  std::vector<float> values, scales, reciprocals;
  std::vector<std::int8_t> expected;
  std::uint32_t random = 1;
  for (int i = 0; i < 40000; ++i) {
    random = random * 1664525 + 1013904223;
    const int exponent = static_cast<int>(random >> 8) % 60;
    const float scale = std::ldexp(1 + static_cast<float>(random >> 9) * 0x1p-23f, i % 2 == 0 ? exponent : -exponent);
    const float tie = (static_cast<float>(i % 258) - 128.5f) * scale;
    values.push_back(std::bit_cast<float>(std::bit_cast<std::int32_t>(tie) + i / 258 % 7 - 3));
    scales.push_back(scale);
    reciprocals.push_back(1 / scale);
    expected.push_back(pare::quantize_value<pare::s8, pare::half_away>(values.back(), affine_map{scale, 0}));
  }
  on_every_target([&](pare::target on) {
    std::vector<std::int8_t> codes(values.size());
    pare::piece_maps maps{nullptr, scales.data(), nullptr, reciprocals.data()};
    maps.moderate = true;
    run(piece{values.data(), codes.data(), static_cast<pare::index>(values.size()), maps, 0, {}, false}, on);
    CHECK(codes == expected);
    for (std::size_t i = 0; i < 2000; ++i) {
      const affine_map map{scales[i], 0};
      const std::vector<float> same(64, values[i]);
      std::vector<std::int8_t> alike(64);
      run(piece{same.data(), alike.data(), 64, shared(map), 0, {}, false}, on);
      CHECK(alike == std::vector<std::int8_t>(64, expected[i]));
    }
  });
}

TEST_CASE("every storage type, and ranges narrower than it, give the scalar definition's bits on every target") {
  check<pare::u8, pare::half_even, pare::divided>({});
  check<pare::unsigned_bits<4>, pare::half_even, pare::multiplied>({});
  check<pare::s16, pare::half_away, pare::divided>({});
  check<pare::u16, pare::half_even, pare::multiplied, true>({});
}

TEST_CASE("every code is dequantized to the scalar definition's bits on every target") {
  const auto check_codes = [&]<class R>(R) {
    using code = typename R::type;
    using piece = pare::dequantize_piece<R>;
    std::vector<code> all;
    for (std::int64_t value = R::min; value <= R::max; ++value) all.push_back(static_cast<code>(value));
    for (const affine_map& map : some_maps(static_cast<std::int32_t>(R::min), static_cast<std::int32_t>(R::max))) {
      std::vector<float> expected, reals(all.size());
      for (const code value : all) expected.push_back(pare::dequantize_value(value, map));
      on_every_target([&](pare::target on) {
        run(piece{all.data(), reals.data(), static_cast<pare::index>(all.size()), {&map}, 0, false}, on);
        CHECK(same_bits(reals, expected));
      });
    }
  };
  check_codes(pare::s8{});
  check_codes(pare::u8{});
  check_codes(pare::s16{});
  check_codes(pare::u16{});
}

TEST_CASE("pieces of any length write their elements and no others, with one map or a list of them") {
  using piece = pare::quantize_piece<pare::s8, pare::half_even, pare::divided>;
  std::vector<float> values, scales, reciprocals;
  std::vector<std::int32_t> zero_points;
  for (int i = 0; i < 70; ++i) {
    values.push_back(static_cast<float>((i * 37) % 71 - 30));
    scales.push_back(0.5f + static_cast<float>(i % 5));
    reciprocals.push_back(1 / scales.back());
    zero_points.push_back(i % 7 - 3);
  }
  on_every_target([&](pare::target on) {
    for (pare::index count = 0; count <= 70; ++count)
      for (const bool listed : {false, true}) {
        const affine_map one{2.f, 5};
        std::vector<std::int8_t> codes(72, 99), expected(72, 99);
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
          expected[i + 1] =
              pare::quantize_value<pare::s8>(values[i], listed ? affine_map{scales[i], zero_points[i]} : one);
        run(piece{values.data(),
                  codes.data() + 1,
                  count,
                  listed ? pare::piece_maps{nullptr, scales.data(), zero_points.data(), reciprocals.data()}
                         : pare::piece_maps{&one},
                  0,
                  {},
                  false},
            on);
        CHECK(codes == expected);
      }
  });
}

TEST_CASE("bounds are those of the values, in any number, and say whether all are finite") {
  std::vector<float> values;
  for (int i = 0; i < 300; ++i) values.push_back(static_cast<float>((i * 37) % 301 - 150) * 0.25f);
  on_every_target([&](pare::target on) {
    const auto bounds = pare::bounds_kernel_for(on);
    CHECK(bounds(values.data(), 0).min > bounds(values.data(), 0).max);
    for (const std::size_t count : {1u, 2u, 15u, 16u, 17u, 63u, 64u, 65u, 100u, 300u}) {
      const auto last = values.begin() + static_cast<std::ptrdiff_t>(count);
      const auto found = bounds(values.data(), static_cast<pare::index>(count));
      CHECK(found.min == *std::min_element(values.begin(), last));
      CHECK(found.max == *std::max_element(values.begin(), last));
      CHECK(found.finite);
      for (const std::size_t at : {std::size_t{0}, count / 2, count - 1})
        for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
          auto odd = values;
          odd[at] = bad;
          CHECK_FALSE(bounds(odd.data(), static_cast<pare::index>(count)).finite);
        }
    }
  });
}

TEST_CASE("whole parts count from 0 up and from -1 down") {
  std::vector<float> values{0.f, -0.f, 0.99f, -0.99f, 1, -1, 1.5f, -1.5f, 4095.75f, -4095.75f, 0x1p-149f, -0x1p-149f};
  for (int i = 0; i < 100; ++i) values.push_back(static_cast<float>(i * 37 % 101 - 50) * 0.25f);
  on_every_target([&](pare::target on) {
    for (const float factor : {1.f, 4.f, 0x1p-3f})
      for (const std::size_t count : {0u, 16u, 32u, 112u}) {
        std::vector<std::int32_t> parts(count + 1, 77);
        pare::whole_parts_kernel_for(on)(values.data(), static_cast<pare::index>(count), factor, parts.data());
        for (std::size_t i = 0; i < count; ++i)
          REQUIRE(parts[i] == static_cast<std::int32_t>(values[i] * factor) - (values[i] < 0));
        REQUIRE(parts[count] == 77);
      }
  });
}

namespace {

struct memory_row {
  static constexpr auto operation = pare::arithmetic::memory;
  const float* first;
  pare::fetch_ahead ahead = {};
  void next() { first += 100; }
};
struct number_row {
  static constexpr auto operation = pare::arithmetic::number;
  int value;
  void next() {}
};
template <pare::arithmetic Operation, class... Rows>
struct row_of {
  static constexpr auto operation = Operation;
  std::tuple<Rows...> arguments;
  void next() {
    std::apply([](Rows&... a) { (a.next(), ...); }, arguments);
  }
};

template <pare::arithmetic Operation, class... Rows>
row_of<Operation, Rows...> operation(Rows... rows) {
  return {{rows...}};
}

}  // namespace

TEST_CASE("arithmetic on rows is that of floats, one rounding for each operation, on every target") {
  using enum pare::arithmetic;
  const memory_row x{numbers.data()}, y{numbers.data() + 500};
  const auto row = operation<subtract>(operation<add>(operation<multiply>(number_row{3}, x), y),
                                       operation<divide>(operation<negate>(y), x));
  on_every_target([&](pare::target on) {
    for (const pare::index count : {16, 17, 40, 64, 2000}) {
      const auto size = static_cast<std::size_t>(count);
      std::vector<float> made(2 * size + 1, 99), expected(made);
      for (std::size_t i = 0; i < 2 * size; ++i) {
        const std::size_t at = 7 + i % size + 100 * (i / size);
        volatile float product = 3 * numbers[at];
        const float other = numbers[at + 500];
        expected[i] = (product + other) - -other / numbers[at];
      }
      pare::arithmetic_kernel_for<decltype(row)>(on)(row, 7, made.data(), count, 2);
      int wrong = 0;
      for (std::size_t i = 0; i < made.size(); ++i)
        wrong += !(made[i] == expected[i]) && !(made[i] != made[i] && expected[i] != expected[i]);
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("arithmetic is quantized as it is computed, row after row, each run of elements under its own map") {
  using enum pare::arithmetic;
  const memory_row x{numbers.data()}, y{numbers.data() + 500};
  using row = decltype(operation<add>(operation<multiply>(number_row{3}, x), y));
  const affine_map maps[] = {{0.5f, 3}, {2.f, -7}, {0.25f, 0}, {1.f, 1}, {3.f, 2}};
  on_every_target([&](pare::target on) {
    for (const bool stream : {false, true})
      for (const pare::index begun : {0, 32}) {
        constexpr pare::index columns = 96, rows = 3, length = 80;
        alignas(64) std::int8_t codes[columns * rows];
        pare::piece_maps from{maps};
        from.run = length;
        from.begun = begun;
        using piece = pare::quantize_piece<pare::s8, pare::half_even, pare::divided, false, pare::arithmetic_rows<row>>;
        run(piece{{operation<add>(operation<multiply>(number_row{3}, x), y), columns},
                  codes,
                  columns * rows,
                  from,
                  0,
                  {},
                  stream},
            on);
        int wrong = 0;
        for (pare::index i = 0; i < columns * rows; ++i) {
          const auto at = static_cast<std::size_t>(i % columns + i / columns * 100);
          volatile float product = 3 * numbers[at];
          const float value = product + numbers[at + 500];
          wrong += codes[i] != pare::quantize_value<pare::s8>(value, maps[(i + begun) / length]);
        }
        CHECK(wrong == 0);
      }
  });
}

TEST_CASE("the bounds of rows of arithmetic are those of their elements") {
  using enum pare::arithmetic;
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(static_cast<float>((i * 37) % 1001 - 500) * 0.25f);
  using row = decltype(operation<negate>(memory_row{}));
  on_every_target([&](pare::target on) {
    for (const pare::index columns : {16, 48, 96}) {
      float min = 0, max = 0;
      for (pare::index i = 0; i < 5 * columns; ++i) {
        const float value = -values[static_cast<std::size_t>(i % columns + i / columns * 100)];
        min = std::min(min, value), max = std::max(max, value);
      }
      const auto bounds = pare::bounds_kernel_for<row>(on);
      const auto found = bounds({operation<negate>(memory_row{values.data()}), columns}, 5 * columns);
      CHECK(found.min == min);
      CHECK(found.max == max);
      CHECK(found.finite);
      const float last = std::exchange(values[static_cast<std::size_t>(399 + columns)], INFINITY);
      CHECK(!bounds({operation<negate>(memory_row{values.data()}), columns}, 5 * columns).finite);
      values[static_cast<std::size_t>(399 + columns)] = last;
    }
  });
}

TEST_CASE("what is written past the caches is the same") {
  using piece = pare::dequantize_piece<pare::s8>;
  std::vector<std::int8_t> codes(100);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::int8_t>(i);
  const affine_map map{0.25f, 3};
  on_every_target([&](pare::target on) {
    alignas(64) float reals[100], streamed[100];
    run(piece{codes.data(), reals, 100, {&map}, 0, false}, on);
    run(piece{codes.data(), streamed, 100, {&map}, 0, true}, on);
    CHECK(std::memcmp(reals, streamed, sizeof reals) == 0);
    using coding = pare::quantize_piece<pare::s8, pare::half_even, pare::divided>;
    alignas(64) std::int8_t again[100];
    run(coding{reals, again, 100, {&map}, 0, {}, true}, on);
    CHECK(std::memcmp(again, codes.data(), sizeof again) == 0);
    alignas(64) float shifted[104];
    const std::vector<float> scales(100, map.scale);
    const std::vector<std::int32_t> zero_points(100, map.zero_point);
    for (const bool listed : {false, true}) {
      const auto maps =
          listed ? pare::piece_maps{nullptr, scales.data(), zero_points.data(), scales.data()} : pare::piece_maps{&map};
      run(piece{codes.data(), shifted + 4, 100, maps, 0, true}, on);
      CHECK(std::memcmp(reals, shifted + 4, sizeof reals) == 0);
    }
  });
}
