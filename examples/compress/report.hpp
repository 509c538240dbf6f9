// report.hpp: what was measured, as a table for people and as JSON for machines.
#pragma once

#include <iosfwd>

#include "measure.hpp"

namespace compress {

/// What holds for all rows.
struct circumstances {
  std::string weights;  ///< folder of the float network
  const model& layers;
  const split& data;
  conditions how;
};

/// The first of `all` is what the others' speed is compared with.
void write_table(std::ostream& out, const circumstances& facts, const std::vector<contender>& all);
void write_json(std::ostream& out, const circumstances& facts, const std::vector<contender>& all);

}  // namespace compress
