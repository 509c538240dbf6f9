#include "fixed_format.hpp"

namespace tiny {

program<std::int16_t> build_int16x8(const fixed_graph& graph) {
  return runner<fixed_format<pare::s16, pare::tflite_int64>, fixed_graph>::build(graph);
}

}  // namespace tiny
