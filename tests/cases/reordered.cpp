// reordered.cpp: sums and codes of bytes over weights that are reordered for the target.
#include "kernels.hpp"

CASES_REORDERED(CASES_DEFINED_HERE)
