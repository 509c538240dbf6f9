// stages.cpp: int32 sums and floats through the stages.
#include "kernels.hpp"

CASES_STAGES(CASES_DEFINED_HERE)
