// expect: pare: calibration reads an expression with a shape, or a sized range of numbers
#include <pare/quant/quantizer.hpp>

using inputs_q = pare::quantizer<pare::affine<std::int8_t>>;

#ifdef PARE_COMPILES
auto parameters() { return inputs_q{}.calibrate(std::array{3.f}); }
#else
auto parameters() { return inputs_q{}.calibrate(3.f); }
#endif
