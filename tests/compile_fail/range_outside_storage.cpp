// expect: pare: integer_range<T, Min, Max> does not fit its storage type T
#include <pare/numeric/range.hpp>

#ifdef PARE_COMPILES
using range = pare::integer_range<std::int8_t, -128, 127>;
#else
using range = pare::integer_range<std::int8_t, -128, 128>;
#endif
static_assert(range::max > 0);
