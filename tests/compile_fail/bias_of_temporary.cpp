// expect: deleted
#include <pare/nn/channels.hpp>

#ifdef PARE_COMPILES
const pare::channels<float> values(16, 1.f);
const auto stage = pare::bias(values);
#else
const auto stage = pare::bias(pare::channels<float>(16, 1.f));
#endif
