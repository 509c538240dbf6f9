#include <pare/numeric/activation.hpp>

#include <catch2/catch.hpp>

namespace pare::test {

TEST_CASE("a fused relu clamps at the zero point") {
  const output_map out = relu_output<s8>({0.1f, -28});
  CHECK(out.zero_point == -28);
  CHECK(out.min == -28);
  CHECK(out.max == 127);
}

TEST_CASE("a fused relu6 ends at the code of 6, or at the end of the range before it") {
  CHECK(relu6_output<s8>({0.1f, -28}).max == 32);      // -28 + 60
  CHECK(relu6_output<s8>({0.1f, 100}).max == 127);     // 160 is beyond int8
  CHECK(relu6_output<u8>({6.f / 255, 0}).max == 255);  // the whole range
  CHECK(relu6_output<s8>({4.f, 0}).max == 2);          // 1.5: half away from zero
}

}  // namespace pare::test
