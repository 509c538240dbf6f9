#include "conv_kernels.hpp"

CASES_OF_CONV(CASES_DEFINED_HERE, conv_sums, pare::dense)
CASES_OF_CONV(CASES_DEFINED_HERE, conv_sums, pare::block16)
