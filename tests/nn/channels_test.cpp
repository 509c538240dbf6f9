#include <array>
#include <catch2/catch.hpp>
#include <limits>

#include "../cases/inputs.hpp"

namespace cases {

TEST_CASE("channels are padded with zeros to whole strips") {
  const std::vector<std::int32_t> values{1, 2, 3};
  const pare::channels<std::int32_t> some(values);
  CHECK(some.size() == 3);
  CHECK(some.bytes() == 16 * 4);
  for (index j = 0; j < 16; ++j) CHECK(some.data()[j] == (j < 3 ? j + 1 : 0));
  const pare::channels<float> same(17, 2.5f);
  CHECK(same.bytes() == 32 * 4);
  for (index j = 0; j < 32; ++j) CHECK(same[j] == (j < 17 ? 2.5f : 0));
  CHECK(pare::channels<std::int64_t>(1, 5).bytes() == 16 * 8);
  CHECK(pare::channels<float>().size() == 0);
  CHECK(pare::channels<float>(0, 1).bytes() == 0);
}

TEST_CASE("multipliers hold the words of their policy, one array for each") {
  std::vector<double> scales;
  for (int j = 0; j < 19; ++j) scales.push_back(0.001 * (j + 1));
  const pare::multipliers<pare::tflite> two(scales);
  const pare::multipliers<pare::float_nearest_even> one(scales);
  CHECK(two.size() == 19);
  CHECK(two.bytes() == 2 * 32 * 4);
  CHECK(one.bytes() == 32 * 4);
  for (std::size_t j = 0; j < 19; ++j) {
    const auto words = pare::tflite::from_scale(scales[j]);
    CHECK(two.terms()[0][j] == words[0]);
    CHECK(two.terms()[1][j] == words[1]);
    CHECK(one.terms()[0][j] == pare::float_nearest_even::from_scale(scales[j])[0]);
  }
  CHECK(pare::multipliers<pare::tflite>().size() == 0);
}

TEST_CASE("a multiplier that the policy cannot express is named") {
  const auto message = [](const auto& make, double bad) {
    const std::array<double, 3> values{0.5, 0.25, bad};
    try {
      make(values);
    } catch (const pare::error& e) {
      return std::string(e.what());
    }
    return std::string("nothing was thrown");
  };
  const auto expect = [&](const auto& make, double bad, const char* given) {
    CHECK(message(make, bad) ==
          pare::text("pare: multiplier[2]: expected a multiplier that the requantization policy can express, got ",
                     given));
  };
  expect([](const auto& v) { pare::multipliers<pare::tflite>{v}; }, -0.5, "-0.5");
  expect([](const auto& v) { pare::multipliers<pare::tflite>{v}; }, 0x1p29, "5.36871e+08");
  expect([](const auto& v) { pare::multipliers<pare::tflite_single>{v}; }, std::nan(""), "nan");
  expect([](const auto& v) { pare::multipliers<pare::tflite_int64>{v}; }, 128, "128");
  expect([](const auto& v) { pare::multipliers<pare::float_nearest_even>{v}; }, std::numeric_limits<double>::infinity(),
         "inf");
  expect([](const auto& v) { pare::multipliers<pare::power_of_two>{v}; }, 0.75, "0.75");
}

}  // namespace cases
