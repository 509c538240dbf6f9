// targets.hpp: the instructions of every target of this architecture: include it before for_each_target.inc.
#pragma once

#include "targets/avx2.hpp"
#include "targets/avx512.hpp"
#include "targets/avx512_vbmi.hpp"
#include "targets/avx512_vnni.hpp"
#include "targets/avx_vnni.hpp"
#include "targets/neon.hpp"
#include "targets/neon_dotprod.hpp"
#include "targets/neon_i8mm.hpp"
#include "targets/scalar.hpp"
#include "targets/sse41.hpp"
#include "targets/wasm_simd128.hpp"
