// Every conversion on every target of this machine gives the bits of the scalar definition.
#include <bit>
#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <pare/kernel/convert.hpp>
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
      run(pare::quantize_piece<R, Round, Steps>{numbers.data(), codes.data(), count, {&map}, 7, rounding, false}, on);
      CHECK(same_bits(codes, expected));
      if constexpr (Fake) {
        run(pare::fake_quantize_piece<R, Round, Steps>{numbers.data(), reals.data(), count, {&map}, 7, rounding, false},
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
  std::vector<float> values, scales;
  std::vector<std::int32_t> zero_points;
  for (int i = 0; i < 70; ++i) {
    values.push_back(static_cast<float>((i * 37) % 71 - 30));
    scales.push_back(0.5f + static_cast<float>(i % 5));
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
                  listed ? pare::piece_maps{nullptr, scales.data(), zero_points.data()} : pare::piece_maps{&one},
                  0,
                  {},
                  false},
            on);
        CHECK(codes == expected);
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
  });
}
