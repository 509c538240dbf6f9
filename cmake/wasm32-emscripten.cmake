# wasm32-emscripten.cmake: cross build for WebAssembly with SIMD128 by Debian's emscripten; programs run in node.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_CXX_COMPILER em++)
set(CMAKE_CROSSCOMPILING_EMULATOR node)
set(CMAKE_EXECUTABLE_SUFFIX_CXX .js)
set(CMAKE_SYSTEM_PREFIX_PATH /usr)  # header-only libraries of the host
set(CMAKE_CXX_FLAGS_INIT -msimd128)
# -O1: modules are optimized as they are compiled; at link time it would take as long again. Emscripten's own loading
# uses a fetch that newer nodes have, but not for files.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-O1 -sALLOW_MEMORY_GROWTH=1 -sWASM_ASYNC_COMPILATION=0")
