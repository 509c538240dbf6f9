#include "measure.hpp"

#include <time.h>

namespace compress {
namespace {

/// CPU time of this thread: what other programs take does not count.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace

void measure(std::vector<contender>& all, const split& data, const conditions& how,
             const std::function<void(const std::string&)>& progress) {
  for (index run = 1; run <= how.repeat; ++run)
    for (contender& c : all) {
      progress(pare::text("run ", run, " of ", how.repeat, ": ", c.policy));
      const double begin = thread_seconds();
      c.right = c.classify();
      c.seconds.push_back((thread_seconds() - begin) / static_cast<double>(data.held_out.count()));
    }
}

}  // namespace compress
