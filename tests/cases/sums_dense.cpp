// sums_dense.cpp: sums over dense weights that fit int32 or float.
#include "kernels.hpp"

CASES_OF(CASES_DEFINED_HERE, pare::dense)
CASES_HALF(CASES_DEFINED_HERE)
