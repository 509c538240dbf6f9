// structures.hpp: what each sparsity structure costs in accuracy, with and without compensation and fine-tuning.
#pragma once

#include <iosfwd>

#include "measure.hpp"

namespace compress {

/// Accuracies of a network under a structure, in int8, on held-out images.
struct structure_row {
  std::string name;
  double sparsity = 0;
  double magnitude = 0, refit = 0, obs = 0;
  double tuned = -1;    ///< fine-tuned; below 0 if there are no such weights
  double speed_up = 0;  ///< of the network's largest convolution over dense; 0 where no kernel has the structure
};

struct structure_study {
  double float32 = 0, int8 = 0;  ///< of the dense network
  std::string layer;             ///< whose speed-up is measured
  std::vector<structure_row> rows;
};

/// wanted: the name of a structure, or "all"; fails if there is none of that name. tuned: folder of fine-tuned weights,
/// one folder for each structure; what is missing there is left out.
structure_study study_structures(const std::string& wanted, const model& dense, const split& data,
                                 const std::filesystem::path& tuned, const conditions& how,
                                 const std::function<void(const std::string&)>& progress);

void write_table(std::ostream& out, const structure_study& study);
void write_json(std::ostream& out, const structure_study& study);

}  // namespace compress
