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
buffer<double> multiply(const problem& p, const buffer<float>& x) {
  const auto [m, n, k] = p.shape;
  buffer<double> transposed(size(k * n)), y(size(m * n));
  for (index j = 0; j < n; ++j)
    for (index l = 0; l < k; ++l) transposed[size(l * n + j)] = double{p.w[size(j * k + l)]};
  for (index i = 0; i < m; ++i) {
    double* row = y.data() + i * n;
    std::copy(p.bias.begin(), p.bias.end(), row);
    for (index l = 0; l < k; ++l) {
      const double value = double{x[size(i * k + l)]};
      for (index j = 0; j < n; ++j) row[j] += value * transposed[size(l * n + j)];
    }
  }
  return y;
}

/// What output pixel i of channel j sees: its window's taps, each with the channels that it reads.
void look(const problem& p, index i, index channel, float* taps) {
  const conv_shape& s = *p.conv;
  const index width = s.extents().width, first = s.depthwise ? channel : 0, count = s.depthwise ? 1 : s.inputs;
  std::fill_n(taps, s.depth(), 0.f);
  for_each_tap(s.geometry(), {s.height, s.width}, {s.kernel, s.kernel}, i / width, i % width,
               [&](index v, index u, index y, index x) {
                 std::copy_n(p.x.data() + (y * s.width + x) * s.inputs + first, count,
                             taps + (v * s.kernel + u) * count);
               });
}

buffer<double> convolve(const problem& p) {
  const auto [m, n, k] = p.shape;
  if (!p.conv->depthwise) {
    buffer<float> taps(size(m * k));
    for (index i = 0; i < m; ++i) look(p, i, 0, taps.data() + i * k);
    return multiply(p, taps);
  }
  buffer<double> y;
  std::vector<float> taps(size(k));
  for (index i = 0; i < m; ++i) {
    for (index j = 0; j < n; ++j) {
      look(p, i, j, taps.data());
      y.push_back(std::inner_product(taps.begin(), taps.end(), p.w.data() + j * k, double{p.bias[size(j)]}));
    }
  }
  return y;
}

std::mt19937_64 generator_for(const shape& s) {
  return std::mt19937_64(static_cast<std::uint64_t>((s.m * 8191 + s.n) * 8191 + s.k));
}

problem random_problem(const shape& s, index elements, float mean, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  problem p{s, buffer<float>(size(elements)), buffer<float>(size(s.n * s.k)), buffer<float>(size(s.n)), {}};
  for (float& x : p.x) x = mean + normal(random);
  for (float& b : p.bias) b = normal(random);
  for (index j = 0; j < s.n; ++j) {
    const float deviation =
        (0.5f + 1.5f * static_cast<float>(j) / static_cast<float>(s.n)) / std::sqrt(static_cast<float>(s.k));
    for (index l = 0; l < s.k; ++l) p.w[size(j * s.k + l)] = deviation * normal(random);
  }
  return p;
}

problem make_problem(const shape& s, const pattern& zeros) {
  auto random = generator_for(s);
  problem p = random_problem(s, s.m * s.k, 0.5f, random);
  for (std::size_t i = 0; zeros.kept != nullptr && i < p.w.size(); ++i)
    if (!(*zeros.kept)[i]) p.w[i] = 0;
  if (zeros.sparsity > 0) drop_blocks(s, zeros, p.w, random);
  p.exact = multiply(p, p.x);
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

std::string name(const conv_shape& s) {
  const std::string outputs = s.depthwise ? "" : text("x", s.outputs);
  return text(s.height, "x", s.width, "x", s.inputs, outputs, "k", s.kernel, "s", s.stride);
}

conv_geometry conv_shape::geometry() const noexcept {
  const auto padding = [&](index extent) {
    return std::max((ceil_div(extent, stride) - 1) * stride + kernel - extent, index{0});
  };
  const index rows = padding(height), columns = padding(width);
  return {.stride_y = stride,
          .stride_x = stride,
          .pad_top = rows / 2,
          .pad_left = columns / 2,
          .pad_bottom = rows - rows / 2,
          .pad_right = columns - columns / 2};
}

problem make_problem(const conv_shape& s, const pattern& zeros) {
  const auto [height, width] = s.extents();
  const shape product{height * width, s.outputs, s.depth()};
  auto random = generator_for(product);
  problem p = random_problem(product, s.height * s.width * s.inputs, 0, random);
  p.conv = s;
  // The ends of x are those of codes with zero point 0.
  constexpr float low = -4, high = 127.f / 32.f;
  for (float& x : p.x) x = std::clamp(x, low, high);
  p.x.front() = low;
  p.x.back() = high;
  if (zeros.sparsity > 0) drop_blocks(product, zeros, p.w, random);
  p.exact = convolve(p);
  return p;
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
