// sums_windows.cpp: sums over weights of which N of every M stay.
#include "kernels.hpp"

CASES_WINDOWS(CASES_DEFINED_HERE)
