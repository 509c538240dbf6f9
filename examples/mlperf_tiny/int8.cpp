#include "fixed_format.hpp"

namespace tiny {

program<std::int8_t> build_int8(const fixed_graph& graph) {
  return runner<fixed_format<pare::s8, pare::tflite>, fixed_graph>::build(graph);
}

}  // namespace tiny
