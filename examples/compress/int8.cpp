#include "contend.hpp"

namespace compress {

template contender contend<int8_per_tensor>(const char*, const trained_model&, const split&, const conditions&);
template contender contend<int8_per_channel>(const char*, const trained_model&, const split&, const conditions&);
template contender contend<int8_blocks>(const char*, const trained_model&, const split&, const conditions&);

}  // namespace compress
