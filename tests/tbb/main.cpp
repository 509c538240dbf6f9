// oneTBB runs the parts of a call: the same bits as one thread gives. A program of its own, so that no other needs TBB.
#include <cstdio>
#include <cstring>
#include <pare/nn/linear.hpp>
#include <pare/nn/tbb.hpp>
#include <vector>

int main() {
  constexpr pare::index m = 37, n = 50, k = 23;
  std::vector<std::int8_t> x(m * k), w(n * k);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::int8_t>(i * 31);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<std::int8_t>(static_cast<int>(i * 17 % 255) - 127);
  const pare::packed_weights<pare::s8_narrow> weights(pare::matrix_view<const std::int8_t>(w.data(), n, k));
  std::vector<std::int32_t> alone(m * n), together(m * n);
  const auto run = [&](std::vector<std::int32_t>& y, const auto& executor) {
    pare::linear(pare::matrix_view<const std::int8_t>(x.data(), m, k), 3, weights, pare::as_is,
                 pare::matrix_view<std::int32_t>(y.data(), m, n), pare::best_target(), executor);
  };
  run(alone, pare::sequential{});
  tbb::task_arena arena(3);
  arena.execute([&] { run(together, pare::tbb_tasks{}); });
  if (alone != together) return std::puts("sums differ"), 1;
  return 0;
}
