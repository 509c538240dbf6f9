// row.hpp: a variant on a shape as a row of Google Benchmark: gemm/<variant>/<m>x<n>x<k>.
#pragma once

#include <vector>

#include "contender.hpp"

namespace pare::bench {

/// The shapes that every variant runs: the layers of image networks and of language models, and cubes.
std::vector<shape> all_shapes();

/// Adds the row <group>/<variant>/<of> on shape s. The variant must stay where it is until the row has run.
void add_row(const variant& v, const std::string& of, const shape& s, target cap);

/// Adds the rows of `variants` on shape s.
/// `variants` must stay where it is until the rows have run.
void add_rows(const std::vector<variant>& variants, const shape& s, target cap);
/// Adds conv/<variant>/<shape> and dwconv/<variant>/<shape>, the layers of image networks; likewise.
void add_conv_rows(const std::vector<variant>& variants, target cap);

/// Adds mobilenet/<variant>/224 for every variant of convolutions: all layers of the network, one after the other, and
/// for s8 also with pruned 1x1 convolutions.
void add_mobilenet_rows(const std::vector<variant>& variants, target cap);

/// Adds threads/s8x2/<shape>: two threads beside one (see threads.cpp).
void add_thread_rows(target cap);

/// Adds dlmc/<format>/<layer> for every layer in the folders of `folder` (see dlmc.cpp).
void add_real_patterns(const std::string& folder, const std::vector<variant>& variants, target cap);

}  // namespace pare::bench
