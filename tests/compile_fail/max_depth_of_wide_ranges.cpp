// expect: pare: a product of these ranges does not fit int64
#include <pare/numeric/accumulator.hpp>

#ifdef PARE_COMPILES
using wide = pare::full_range<std::int32_t>;
#else
using wide = pare::full_range<std::uint32_t>;
#endif
static_assert(pare::max_depth<wide, wide>() == 0);
