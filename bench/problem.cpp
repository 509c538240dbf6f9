// problem.cpp: random problems and their results in double precision.
#include "problem.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "pare/core/error.hpp"

namespace pare::bench {
namespace {

std::size_t size(index count) { return static_cast<std::size_t>(count); }

void drop_blocks(const shape& s, const pattern& zeros, buffer<float>& w, std::mt19937_64& random) {
  const index across = ceil_div(s.k, zeros.columns);
  std::vector<index> blocks(size(ceil_div(s.n, zeros.rows) * across));
  std::iota(blocks.begin(), blocks.end(), index{0});
  const std::size_t window = zeros.window == 0 ? blocks.size() : size(zeros.window);
  if (blocks.size() % window != 0 || across % std::max<index>(zeros.window, 1) != 0)
    fail("k", text("a multiple of ", zeros.window), s.k);
  const auto count = std::lround(zeros.sparsity * static_cast<double>(window));
  for (auto begin = blocks.begin(); begin != blocks.end(); begin += static_cast<index>(window)) {
    std::shuffle(begin, begin + static_cast<index>(window), random);
    std::for_each(begin, begin + count, [&](index block) {
      const index row = block / across * zeros.rows, column = block % across * zeros.columns;
      for (index j = row; j < std::min(row + zeros.rows, s.n); ++j)
        for (index l = column; l < std::min(column + zeros.columns, s.k); ++l) w[size(j * s.k + l)] = 0;
    });
  }
}

/// Row by row, with w transposed so that the inner loop runs along n.
buffer<double> multiply(const problem& p) {
  const auto [m, n, k] = p.shape;
  buffer<double> transposed(size(k * n)), y(size(m * n));
  for (index j = 0; j < n; ++j)
    for (index l = 0; l < k; ++l) transposed[size(l * n + j)] = double{p.w[size(j * k + l)]};
  for (index i = 0; i < m; ++i) {
    double* row = y.data() + i * n;
    std::copy(p.bias.begin(), p.bias.end(), row);
    for (index l = 0; l < k; ++l) {
      const double x = double{p.x[size(i * k + l)]};
      for (index j = 0; j < n; ++j) row[j] += x * transposed[size(l * n + j)];
    }
  }
  return y;
}

problem make_problem(const shape& s, const pattern& zeros) {
  std::mt19937_64 random(static_cast<std::uint64_t>((s.m * 8191 + s.n) * 8191 + s.k));
  std::normal_distribution<float> normal;
  problem p{s, buffer<float>(size(s.m * s.k)), buffer<float>(size(s.n * s.k)), buffer<float>(size(s.n)), {}};
  for (float& x : p.x) x = 0.5f + normal(random);
  for (float& b : p.bias) b = normal(random);
  for (index j = 0; j < s.n; ++j) {
    const float deviation =
        (0.5f + 1.5f * static_cast<float>(j) / static_cast<float>(s.n)) / std::sqrt(static_cast<float>(s.k));
    for (index l = 0; l < s.k; ++l) p.w[size(j * s.k + l)] = deviation * normal(random);
  }
  if (zeros.sparsity > 0) drop_blocks(s, zeros, p.w, random);
  p.exact = multiply(p);
  return p;
}

}  // namespace

std::string name(const shape& s) { return std::to_string(s.m) + "x" + std::to_string(s.n) + "x" + std::to_string(s.k); }

const problem& problem_of(const shape& s, const pattern& zeros) {
  static std::map<std::pair<shape, pattern>, problem> made;
  const std::pair key{s, zeros};
  const auto found = made.find(key);
  return found != made.end() ? found->second : made.emplace(key, make_problem(s, zeros)).first->second;
}

double relative_distance(std::span<const float> a, std::span<const double> b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(difference / norm);
}

}  // namespace pare::bench
