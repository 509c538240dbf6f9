#include "conv_kernels.hpp"

CASES_OF_CONV_IN_CELLS(CASES_DEFINED_HERE)
