// codes_wide.cpp: int64 sums to codes and through other stages.
#include "kernels.hpp"

CASES_WIDE_CODES(CASES_DEFINED_HERE)
