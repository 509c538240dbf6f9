// policies.cpp: int32 sums to 8-bit codes by every requantization policy.
#include "kernels.hpp"

CASES_POLICIES(CASES_DEFINED_HERE)
