#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <pare/quant/calibration/entropy.hpp>
#include <pare/quant/calibration/moving_average.hpp>
#include <pare/quant/calibration/mse.hpp>
#include <pare/quant/calibration/percentile.hpp>
#include <pare/quant/quantizer.hpp>
#include <random>
#include <vector>

namespace {

using values = std::vector<float>;
using bytes_scheme = pare::symmetric<std::int8_t>;
using whole_scheme = pare::affine<std::uint8_t>;

/// Bell-shaped, with a few far outliers.
values samples(std::size_t count, unsigned seed, float outlier = 30) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  values all(count);
  for (float& x : all) x = normal(random);
  for (std::size_t i = 0; i < count; i += 997) all[i] *= outlier;
  return all;
}

template <class C>
using of = pare::quantizer<bytes_scheme, pare::per_tensor, pare::half_even, C>;

template <class Scheme>
double error_under(const values& all, double min, double max) {
  const pare::affine_map map = Scheme::choose(min, max);
  double sum = 0;
  for (const float x : all) {
    const double back = pare::dequantize_value(pare::quantize_value<typename Scheme::range>(x, map), map);
    sum += (x - back) * (x - back);
  }
  return sum;
}

template <class C>
pare::interval seen_by(C calibration, const values& all) {
  calibration.observe(all);
  return pare::interval_for<bytes_scheme>(calibration);
}

/// Everything that every calibration promises.
template <class C>
void check_calibration() {
  const values first = samples(3000, 1), second = samples(5000, 2, 500.f), few = {0.25f, -1.f, 3.f};
  for (const auto& [a, b] :
       {std::pair{first, second}, std::pair{few, first}, std::pair{first, few}, std::pair{few, few}}) {
    pare::calibrator<of<C>> one, left, right;
    one.observe(a).observe(b);
    left.observe(a);
    right.observe(b);
    CHECK(left.merge(right).finish().maps == one.finish().maps);
    CHECK(pare::calibrator<of<C>>{}.merge(one).finish().maps == one.finish().maps);

    const auto bytes = one.to_bytes();
    auto again = pare::calibrator<of<C>>::from_bytes(bytes);
    CHECK(again.finish().maps == one.finish().maps);
    CHECK(again.observe(second).finish().maps == one.observe(second).finish().maps);
    for (const std::size_t size : {std::size_t{0}, std::size_t{5}, bytes.size() - 1})
      CHECK_THROWS_AS(pare::calibrator<of<C>>::from_bytes(std::span(bytes).first(size)), pare::error);
  }
  const std::string none = "pare: calibration data: expected at least one value, got none";
  CHECK_THROWS_WITH(pare::calibrator<of<C>>{}.finish(), none);
  CHECK_THROWS_WITH(pare::interval_for<bytes_scheme>(C{}), none);
  for (const float bad :
       {std::nanf(""), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()})
    for (const std::size_t size : {1u, 70u, 6000u}) {
      values broken(size, 1.f);
      broken[size - 1] = bad;
      CHECK_THROWS_WITH(of<C>{}.calibrate(broken),
                        "pare: calibration data: expected finite values, got NaN or infinity");
      std::swap(broken.front(), broken.back());
      CHECK_THROWS_AS(of<C>{}.calibrate(broken), pare::error);
    }
  CHECK(of<C>{}.calibrate(values(10, 0.f)).maps.at(0).scale == 1);
  CHECK(of<C>{}.calibrate(values(10000, 0.f)).maps.at(0).scale == 1);
}

}  // namespace

TEST_CASE("calibrations merge, go to bytes and back, and refuse what is no data") {
  check_calibration<pare::min_max>();
  check_calibration<pare::moving_average>();
  check_calibration<pare::percentile>();
  check_calibration<pare::entropy>();
  check_calibration<pare::mse>();
}

TEST_CASE("what a calibrator remembers does not grow with what it sees") {
  pare::calibrator<of<pare::percentile>> seen;
  std::size_t size = 0;
  for (unsigned batch = 0; batch < 100; ++batch) {
    seen.observe(samples(1000, batch));
    if (batch == 9) size = seen.to_bytes().size();
  }
  CHECK(size < 40000);
  CHECK(seen.to_bytes().size() == size);
}

TEST_CASE("bytes that are no calibrator's are refused") {
  auto bytes = pare::calibrator<of<pare::mse>>{}.observe(values{1, 2}).to_bytes();
  bytes.push_back({});
  CHECK_THROWS_WITH(pare::calibrator<of<pare::mse>>::from_bytes(bytes),
                    "pare: bytes: expected what calibrator::to_bytes wrote, got 1 bytes too many");
  bytes.pop_back();
  bytes[0] = std::byte{0};
  CHECK_THROWS_WITH(pare::calibrator<of<pare::mse>>::from_bytes(bytes),
                    "pare: bytes: expected what calibrator::to_bytes wrote, got something else");
}

TEST_CASE("bounds are found wherever they stand, in any length") {
  for (std::size_t size = 1; size < 80; ++size)
    for (std::size_t at = 0; at < size; ++at) {
      if (2 * at + 1 == size) continue;
      values all(size, 0.f);
      all[at] = -2;
      all[size - 1 - at] = 3;
      const auto range = pare::range_of(all);
      REQUIRE(range.max == 3);
      REQUIRE(range.min == -2);
    }
}

TEST_CASE("a moving average weighs batches by their age and has no bias toward zero") {
  pare::calibrator<of<pare::moving_average>> seen(of<pare::moving_average>{.calibration = {.momentum = 0.5}});
  seen.observe(values{-1, 4});
  CHECK(seen.finish().maps[0].scale == Approx(4 / 127.));
  seen.observe(values{0, 1}).observe(values{});
  CHECK(seen.finish().maps[0].scale == Approx((0.25 * 4 + 0.5 * 1) / 0.75 / 127));
}

TEST_CASE("percentiles of few values are exact, of many within a bin") {
  values hundred;
  for (int i = 0; i <= 100; ++i) hundred.push_back(static_cast<float>((i * 37) % 101));
  const auto inner = seen_by(pare::percentile{.percent = 97.5}, hundred);
  CHECK(inner.min == Approx(2.5));
  CHECK(inner.max == Approx(97.5));
  CHECK(seen_by(pare::percentile{.percent = 100}, hundred).max == 100);

  values many;
  for (int i = 0; i < 100000; ++i) many.push_back(static_cast<float>((i * 7919) % 100000) / 1000 - 20);
  const auto most = seen_by(pare::percentile{.percent = 99}, many);
  CHECK(most.min == Approx(-19).margin(80. / 1024));
  CHECK(most.max == Approx(79).margin(80. / 1024));
  CHECK_THROWS_WITH(seen_by(pare::percentile{.percent = 40}, many),
                    "pare: percentile.percent: expected above 50 and at most 100, got 40");
}

TEST_CASE("a histogram does not depend on the order of its values") {
  values all = samples(20000, 5);
  pare::value_histogram forward, backward;
  for (std::size_t i = 0; i < all.size(); i += 100) forward.observe(std::span(all).subspan(i, 100));
  std::sort(all.begin(), all.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
  for (std::size_t i = 0; i < all.size(); i += 50) backward.observe(std::span(all).subspan(i, 50));
  CHECK(forward.width() == backward.width());
  CHECK(std::equal(forward.counts().begin(), forward.counts().end(), backward.counts().begin()));
  std::uint64_t sum = 0;
  for (const auto count : forward.counts()) sum += count;
  CHECK(sum == all.size());
}

TEST_CASE("every value is counted in the bin that holds it, at every magnitude") {
  for (int exponent = -149; exponent < 128; ++exponent) {
    pare::value_histogram seen;
    const float x = std::ldexp(1.f, exponent);
    seen.observe(values(5000, -x));
    REQUIRE(seen.counts().size() == 4096);
    const auto bin = static_cast<std::size_t>(2047 - static_cast<int>(double{x} / seen.width()));
    REQUIRE(seen.counts()[bin] == 5000);
  }
}

TEST_CASE("entropy clips outliers and keeps a uniform distribution whole") {
  const values tailed = samples(100000, 3);
  const auto clipped = seen_by(pare::entropy{}, tailed);
  CHECK(clipped.max < 0.3 * seen_by(pare::min_max{}, tailed).max);
  CHECK(clipped.max > 2);
  CHECK(clipped.min == -clipped.max);
  values uniform(100000);
  for (std::size_t i = 0; i < uniform.size(); ++i) uniform[i] = static_cast<float>(i) / 100000;
  const auto kept = seen_by(pare::entropy{}, uniform);
  CHECK(kept.max == Approx(1).margin(0.02));
  CHECK(kept.min == 0);
}

TEST_CASE("mse never errs more than min_max, and as little as the best of a fine grid within 2 %") {
  for (const std::size_t size : {20u, 500u, 4000u, 50000u})
    for (const float outlier : {1.f, 5.f, 30.f}) {
      const values all = samples(size, static_cast<unsigned>(size), outlier);
      const auto found = seen_by(pare::mse{}, all), whole = seen_by(pare::min_max{}, all);
      const double error = error_under<bytes_scheme>(all, found.min, found.max);
      CHECK(error <= error_under<bytes_scheme>(all, whole.min, whole.max));
      if (size < 4000) continue;
      double least = error;
      const double reach = std::max(-whole.min, whole.max);
      for (int i = 60; i <= 1000; ++i)
        least = std::min(least, error_under<bytes_scheme>(all, -reach * i / 1000, reach * i / 1000));
      CHECK(error < 1.02 * least);
    }
}

TEST_CASE("mse serves any scheme, four bits and unsigned ones among them") {
  using four_bits = pare::symmetric<std::int8_t, pare::narrow_bits<4>>;
  const values all = samples(4000, 8, 3.f);
  pare::mse seen;
  seen.observe(all);
  const auto few = pare::interval_for<four_bits>(seen), affine = pare::interval_for<whole_scheme>(seen);
  const auto whole = seen_by(pare::min_max{}, all);
  CHECK(error_under<four_bits>(all, few.min, few.max) < 0.8 * error_under<four_bits>(all, whole.min, whole.max));
  CHECK(error_under<whole_scheme>(all, affine.min, affine.max) <= error_under<whole_scheme>(all, whole.min, whole.max));
}
