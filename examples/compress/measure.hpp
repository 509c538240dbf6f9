// measure.hpp: networks that compete on the held-out images: how many answers are right, and how long they take.
#pragma once

#include <pare/simd/target.hpp>

#include <functional>
#include <string>
#include <vector>

#include "data.hpp"
#include "model.hpp"

namespace compress {

/// One row of the table.
struct contender {
  std::string policy;
  std::string training;  ///< how its weights came about
  std::string kernels;
  std::size_t bytes = 0;            ///< of everything its layers hold
  std::function<index()> classify;  ///< runs the held-out images through the network; how many answers are right
  index right = 0;
  std::vector<double> seconds{};  ///< per image, one figure for each repeat

  double median_seconds() const {
    std::vector<double> sorted = seconds;
    const auto middle = sorted.begin() + static_cast<index>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
  }
};

/// How networks are run.
struct conditions {
  pare::target on = pare::target::scalar;
  index batch = 1;   ///< images at a time
  index repeat = 1;  ///< runs over the held-out images
};

/// A float network, and how its weights came about.
struct trained_model {
  model layers;
  std::string training;
};

/// Compresses a network under Policy, ready to be measured; data must outlive it. Instantiated for every policy in the
/// units float32.cpp, int8.cpp and int16x8.cpp, which compile side by side.
template <class Policy>
contender contend(const char* name, const trained_model& trained, const split& data, const conditions& how);

/// Runs all of them in turn, again and again, so that whatever disturbs the machine disturbs all alike.
/// progress(text) is told what runs.
void measure(std::vector<contender>& all, const split& data, const conditions& how,
             const std::function<void(const std::string&)>& progress);

}  // namespace compress
