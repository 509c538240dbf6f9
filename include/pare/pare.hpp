// pare.hpp: everything, in layer order. Needs xtensor; engines with their own tensors include nn.hpp instead.
#pragma once

// L0 and L1: memory and numbers
#include "core/cells.hpp"
#include "core/storage.hpp"
#include "core/view.hpp"
#include "numeric/accumulator.hpp"
#include "numeric/activation.hpp"
#include "numeric/affine.hpp"
#include "numeric/bfloat16.hpp"
#include "numeric/elementwise.hpp"
#include "numeric/fixed_point.hpp"
#include "numeric/functions.hpp"
#include "numeric/half.hpp"
#include "numeric/multiplier.hpp"
#include "numeric/range.hpp"
#include "numeric/requantize.hpp"
#include "numeric/rounding.hpp"
#include "numeric/softmax.hpp"

// L2: the definition of every operator
#include "reference/arrange.hpp"
#include "reference/conv2d.hpp"
#include "reference/depthwise.hpp"
#include "reference/dynamic.hpp"
#include "reference/elementwise.hpp"
#include "reference/gemm.hpp"
#include "reference/pool.hpp"
#include "reference/quantize.hpp"
#include "reference/requantize.hpp"
#include "reference/softmax.hpp"
#include "reference/transposed_conv2d.hpp"

// L4: policies
#include "prune/obs.hpp"
#include "prune/prune_channels.hpp"
#include "prune/pruner.hpp"
#include "prune/refit.hpp"
#include "prune/round.hpp"
#include "prune/scope.hpp"
#include "prune/sensitivity.hpp"
#include "quant/calibration/entropy.hpp"
#include "quant/calibration/moving_average.hpp"
#include "quant/calibration/mse.hpp"
#include "quant/calibration/percentile.hpp"
#include "quant/equalization.hpp"
#include "quant/error_report.hpp"
#include "quant/presets.hpp"
#include "quant/quantizer.hpp"

// L5: layers over raw memory, and over expressions
#include "nn.hpp"
#include "nn/advise.hpp"
#include "nn/threads.hpp"

#include "expr/conv2d.hpp"
#include "expr/error_report.hpp"
#include "expr/fake_quantize.hpp"
#include "expr/linear.hpp"
#include "expr/matmul.hpp"
#include "expr/pack.hpp"
#include "expr/prune.hpp"
#include "expr/quantize.hpp"

// L6: whole networks
#include "model/network.hpp"
