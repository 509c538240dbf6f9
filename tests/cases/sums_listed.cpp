// sums_listed.cpp: sums over block16 weights.
#include "kernels.hpp"

CASES_OF(CASES_DEFINED_HERE, pare::block16)
CASES_WIDE(CASES_DEFINED_HERE, pare::block16)
