// problem.hpp: the real-valued matrix product that every format of a shape approximates, and its exact result.
#pragma once

#include <compare>
#include <span>
#include <string>

#include "buffer.hpp"
#include "pare/core/index.hpp"

namespace pare::bench {

struct shape {
  index m, n, k;
  friend auto operator<=>(const shape&, const shape&) = default;
};
/// "MxNxK".
std::string name(const shape& s);

/// exact = x * w^T + bias in double precision, for normally distributed x, w and bias; seeded, so the same in every
/// run.
struct problem {
  bench::shape shape;
  buffer<float> x;       // [m, k], mean 0.5, deviation 1
  buffer<float> w;       // [n, k], deviations from 0.5 to 2 over the channels, divided by sqrt(k)
  buffer<float> bias;    // [n]
  buffer<double> exact;  // [m, n]
};

/// `sparsity` is the fraction of the blocks of 16 output channels by 4 elements of k that are zero: exactly that many,
/// chosen at random. Problems are kept: the next call with the same arguments is free.
const problem& problem_of(const shape& s, double sparsity);

/// Frobenius norm of a - b, relative to that of b.
double relative_distance(std::span<const float> a, std::span<const double> b);

}  // namespace pare::bench
