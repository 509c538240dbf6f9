#include "conv_kernels.hpp"

CASES_OF_CONV(CASES_DEFINED_HERE, depthwise_sums, pare::dense)
