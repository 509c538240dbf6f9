// contender.hpp: what a benchmark row runs: a matrix product y[m, n] = x[m, k] * w[n, k]^T + bias or a convolution,
// ready to be timed.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pare/simd/target.hpp"
#include "problem.hpp"

namespace pare::bench {

/// Everything that a library may do once (packing weights, generating code, choosing an algorithm) is done by the
/// constructor; everything that depends on the activations is done by run().
class contender {
 public:
  virtual ~contender() = default;
  virtual void run() = 0;
  /// The output of the last run() as real numbers [m, n].
  virtual buffer<float> output() const = 0;
  /// Memory of the packed weights and of the per-channel terms (bias, multipliers).
  virtual std::size_t bytes() const = 0;
  /// What a library chose to run, if it tells.
  virtual std::string label() const { return {}; }
};

/// Which peak a row is measured against: that of 8-bit, 16-bit or float products.
enum class arithmetic { bytes, halves, floats };

/// The shapes that a variant runs: those of dense products, a few of them, those of sparse products, dense and sparse
/// ones, or dense ones of a single row; those of convolutions, depthwise or not, the depthwise ones of them, or the
/// others whose inputs are whole cells.
enum class shapes { dense, few, sparse, both, row, convolutions, depthwise, pruned };
constexpr bool are_convolutions(shapes s) noexcept { return s >= shapes::convolutions; }

/// The <variant> in gemm/<variant>/<shape>, in spmm/<variant>/<shape> if weights are zero by a pattern, in
/// conv/<variant>/<shape> or dwconv/<variant>/<shape>.
struct variant {
  std::string name;
  arithmetic unit;
  std::unique_ptr<contender> (*prepare)(const problem&, target);
  pattern zeros{};             ///< which weights are zero
  std::string agrees_with{};   ///< the variant whose output this one must reproduce, if any
  std::optional<target> on{};  ///< the target that it runs on; none: the best of this run
  bench::shapes on_shapes = shapes::dense;
  const char* group = "gemm";
};

template <class Contender>
std::unique_ptr<contender> prepare(const problem& p, target on) {
  return std::make_unique<Contender>(p, on);
}

}  // namespace pare::bench
