// nn.hpp: what an inference engine includes: layers over raw memory, packed weights, epilogues. No xtensor.
#pragma once

#include "nn/affine_weights.hpp"
#include "nn/bytes.hpp"
#include "nn/channels.hpp"
#include "nn/constant.hpp"
#include "nn/conv2d.hpp"
#include "nn/executor.hpp"
#include "nn/fixed.hpp"
#include "nn/linear.hpp"
#include "nn/packed.hpp"
#include "nn/packed_conv.hpp"
#include "nn/threads.hpp"
