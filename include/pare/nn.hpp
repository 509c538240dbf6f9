// nn.hpp: what an inference engine includes: layers over raw memory, packed weights, epilogues. No xtensor.
#pragma once

#include "nn/channels.hpp"
#include "nn/executor.hpp"
#include "nn/linear.hpp"
#include "nn/packed.hpp"
