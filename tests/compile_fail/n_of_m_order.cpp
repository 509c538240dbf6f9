// expect: pare: n_of_m<N, M> keeps N of every M weights, 0 < N < M
#include <pare/core/structure.hpp>

#ifdef PARE_COMPILES
static_assert(pare::n_of_m<2, 4>::kept == 2);
#else
static_assert(pare::n_of_m<4, 2>::kept == 4);
#endif
