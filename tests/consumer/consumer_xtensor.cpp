// consumer_xtensor.cpp: a user's program with xtensor.
#include <pare/core/view.hpp>
#include <xsimd/xsimd.hpp>
#if __has_include(<xtensor/containers/xtensor.hpp>)
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xtensor.hpp>
#endif

int main() {
  xt::xtensor<float, 2> tensor({2, 3}, 1.0F);
  const pare::matrix_view<float> matrix(tensor.data(), 2, 3);
  return matrix(1, 2) == 1.0F ? 0 : 1;
}
