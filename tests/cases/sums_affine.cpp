// sums_affine.cpp: the kernels of 8-bit activations times weights that have a zero point.
#include "kernels.hpp"

CASES_AFFINE(CASES_DEFINED_HERE)
