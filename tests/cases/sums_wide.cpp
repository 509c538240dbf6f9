// sums_wide.cpp: sums over dense weights that need int64.
#include "kernels.hpp"

CASES_WIDE(CASES_DEFINED_HERE, pare::dense)
CASES_DEEP(CASES_DEFINED_HERE)
