// prepared.hpp: a layer whose arguments have been checked: it can run again and again, and cannot throw any more.
#pragma once

#include <limits>
#include <type_traits>
#include <utility>

#include "../core/standard.hpp"
#include "executor.hpp"

namespace pare {

/// What prepare_linear and its like return. A mistake throws when exceptions are on (see core/error.hpp), so that a
/// plain call cannot promise noexcept; this one can, because every check is behind it. Keeps pointers to the weights,
/// the epilogue's parameters and the tensors: all must outlive it, and are read anew by each run.
template <class Part>
class prepared {
  static_assert(std::is_nothrow_invocable_v<const Part&, index, index>);

 public:
  /// most: how many parts there is memory for.
  explicit prepared(Part part, index most = std::numeric_limits<index>::max()) noexcept
      : part_(std::move(part)), most_(most) {}

  /// On the calling thread.
  void run() const noexcept { part_(1, 0); }
  /// On an executor's threads; noexcept if its bulk() is.
  template <Executor E>
  void run(const E& executor) const
      noexcept(noexcept(executor.bulk(index{}, std::declval<void (&)(index) noexcept>()))) {
    const index parts = smaller<index>(executor.concurrency(), most_);
    executor.bulk(parts, [&](index i) noexcept { part_(parts, i); });
  }

 private:
  Part part_;  ///< computes part i of `parts`: part_(parts, i)
  index most_;
};

}  // namespace pare
