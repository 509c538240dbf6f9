// expect: pare: a symmetric scheme needs a signed type; use affine<T> for an unsigned one
#include <pare/quant/quantizer.hpp>

#ifdef PARE_COMPILES
pare::quantizer<pare::affine<std::uint8_t>> q;
#else
pare::quantizer<pare::symmetric<std::uint8_t>> q;
#endif
