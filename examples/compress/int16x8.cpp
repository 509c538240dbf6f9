#include "contend.hpp"

namespace compress {

template contender contend<int16x8>(const char*, const trained_model&, const split&, const conditions&);

}  // namespace compress
