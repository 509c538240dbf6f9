// codes.cpp: int32 sums of other formats to codes of every width.
#include "kernels.hpp"

CASES_CODES(CASES_DEFINED_HERE)
