// expect: pare: integer_range<T, Min, Max> is empty
#include <pare/numeric/range.hpp>

#ifdef PARE_COMPILES
using range = pare::integer_range<std::int8_t, 3, 3>;
#else
using range = pare::integer_range<std::int8_t, 4, 3>;
#endif
static_assert(range::max > 0);
