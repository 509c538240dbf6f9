// expect: pare: to_bytes needs a calibration with fields(f), which names its members (see quant/calibration.hpp)
#include <pare/quant/quantizer.hpp>

#ifdef PARE_COMPILES
using calibration = pare::min_max;
#else
struct calibration {
  void observe(std::span<const float>) {}
  void merge(const calibration&) {}
  pare::interval interval() const { return {0, 1}; }
};
#endif

auto bytes(
    const pare::calibrator<pare::quantizer<pare::affine<std::int8_t>, pare::per_tensor, pare::half_even, calibration>>&
        seen) {
  return seen.to_bytes();
}
