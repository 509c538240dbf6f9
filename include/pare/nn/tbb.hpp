// tbb.hpp: oneTBB as an executor, where its headers are installed: the parts of a call become tasks of the arena that
// the caller is in. Not part of nn.hpp: include it and link TBB::tbb.
#pragma once

#if __has_include(<tbb/parallel_for.h>)
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "executor.hpp"

namespace pare {

struct tbb_tasks {
  static index concurrency() noexcept { return tbb::this_task_arena::max_concurrency(); }
  /// One task per part: parts are large, and there are as many as threads.
  template <class F>
  static void bulk(index n, F&& f) {
    if (n <= 1) return sequential::bulk(n, f);
    tbb::parallel_for(
        tbb::blocked_range<index>(0, n, 1),
        [&](const tbb::blocked_range<index>& parts) {
          for (index i = parts.begin(); i < parts.end(); ++i) f(i);
        },
        tbb::simple_partitioner{});
  }
};

static_assert(Executor<tbb_tasks>);

}  // namespace pare
#endif
