// peers.hpp: other libraries that multiply matrices: those that CMake found, on one thread, in their best form.
#pragma once

#include "contender.hpp"

namespace pare::bench {

/// Peers read their settings from the environment when they are loaded, before main. If a setting is not what this run
/// needs (one thread, instructions up to `cap`), sets it and starts the program again.
void configure_peers(target cap, char** arguments);

/// What the installed peers offer; those that cannot be held to `cap` are left out.
/// Pre: configure_peers(cap, ...) has returned.
std::vector<variant> peer_variants(target cap);

// One for each file in peers/.
void add_onednn(std::vector<variant>& all, target cap);
void add_onednn_conv(std::vector<variant>& all, target cap);
void add_openblas(std::vector<variant>& all, target cap);
void add_gemmlowp(std::vector<variant>& all, target cap);
void add_xnnpack(std::vector<variant>& all, target cap);
void add_xnnpack_conv(std::vector<variant>& all, target cap);

}  // namespace pare::bench
