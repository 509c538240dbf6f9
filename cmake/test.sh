#!/usr/bin/env bash
# test.sh: builds the tests and runs them on this machine (gcc, assertions on).
#   --all   the same and everything else: format, -O3 with gcc and clang, sanitizers, Arm under qemu, WebAssembly
#   --rest  what of that CI checks too: not WebAssembly, AVX-512 without VNNI, benchmarks and examples as users optimize
#           them, and that every header can be included alone
set -euo pipefail
cd "$(dirname "$0")/.."
. cmake/packages.sh
CTEST_PARALLEL_LEVEL=$(getconf _NPROCESSORS_ONLN)
export CTEST_PARALLEL_LEVEL
configure_options=()
all=${1-}  # more than CI has time for if it is --all
[ "$all" = --all ] || all=

# Targets that this machine cannot run, or that AVX-512 VNNI stands in for, and SSE4.1 are left to clang, whose hashes
# are compared with these.
own_targets() {
  local targets="scalar;avx2;avx512-vnni;neon;neon-dotprod;avx512-vbmi;neon-a55;neon-i8mm"
  if ! grep -qs avx512_vnni /proc/cpuinfo; then
    if grep -qs avx_vnni /proc/cpuinfo; then targets+=";avx-vnni"; fi
    if grep -qs avx512bw /proc/cpuinfo; then targets+=";avx512"; fi
  fi
  echo "$targets"
}

# build_preset <preset> [target...]: configures and builds (all, or these targets) of one preset.
build_preset() {
  local preset=$1
  shift
  title "$preset"
  cmake --preset "$preset" "${configure_options[@]}"
  cmake --build --preset "$preset" ${1+--target} "$@"
}

# Every target of every build computes the same bits.
compare_hashes() {
  [ -e tests/hashes/target_hashes.cpp ] || return 0
  title "same bits everywhere"
  local hashes=build/hashes name others=(clang max cortex-a72)
  mkdir -p $hashes
  for name in dev clang; do build/$name/tests/target_hashes >$hashes/$name; done
  for name in max cortex-a72; do
    QEMU_CPU=$name qemu-aarch64 -L /usr/aarch64-linux-gnu build/aarch64-qemu/tests/target_hashes >$hashes/$name
  done
  if [ -n "$all" ] && has_emscripten; then
    node build/wasm/tests/target_hashes.js >$hashes/wasm
    others+=(wasm)
  fi
  [ -s $hashes/dev ]
  for name in "${others[@]}"; do diff $hashes/dev $hashes/$name; done
  echo "$(wc -l <$hashes/dev) hashes agree with those of gcc: ${others[*]}"
}

# Its package is the one that other systems may lack.
has_emscripten() { command -v em++ >/dev/null && command -v node >/dev/null; }

# WebAssembly: that every target computes the same bits is what is tested there.
check_wasm() {
  if has_emscripten; then
    build_preset wasm target_hashes
  else
    title "WebAssembly is left out: em++ or node is missing"
  fi
}

# What clang-format would write is what is there. (Its own --dry-run also reports changes that change nothing.)
check_format() {
  find include tests bench examples -name '*.[hc]pp' -o -name '*.inl' |
    xargs -P "$CTEST_PARALLEL_LEVEL" -I{} sh -c 'clang-format {} | diff -u {} -'
}

# Programs with gcc: CI sees that they build and run, for two targets and hardly optimized.
check_release() {
  title release
  if [ -n "$all" ]; then
    cmake --preset release
  else
    cmake --preset release -DPARE_TARGETS="scalar;avx2" -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG"
  fi
  cmake --build --preset release --target bench/all examples/all ${all:+self_contained}
}

# The loops with clang at -O3, of all targets that are on unless asked otherwise but AVX2, whose are gcc's. Tests are
# clang's too, with the sanitizers.
check_clang() {
  title clang
  cmake --preset clang -DPARE_TARGETS="scalar;sse4.1;avx-vnni;avx512-vnni;avx512-vbmi${all:+;avx512}"
  cmake --build --preset clang --target target_hashes
}

# The loops of bytes on Arm, by both compilers, as users optimize them: aarch64-qemu is built to run soon.
check_arm_loops() {
  title "hot loops on Arm"
  local options=(-std=c++20 -O3 -DNDEBUG -Iinclude -c bench/arm/unit.cpp -o)
  aarch64-linux-gnu-g++ "${options[@]}" build/arm_loops_gcc.o
  clang++ --target=aarch64-linux-gnu "${options[@]}" build/arm_loops_clang.o
  cmake/check_hot_loops.sh build/arm_loops_gcc.o build/arm_loops_clang.o
}

check_the_rest() {
  install_packages "${build_packages[@]}" "${check_packages[@]}" ${all:+emscripten}
  title "format"
  check_format
  # Programs that run on one core run beside what is next.
  local beside
  check_release
  ctest --preset examples &
  beside=$!
  check_clang
  wait $beside
  if [ -x cmake/check_hot_loops.sh ]; then
    title "hot loops"
    cmake/check_hot_loops.sh build/dev ${all:+build/release} build/clang
  fi
  build_preset asan-ubsan test_{core,numeric,reference,simd,quant,prune,nn,model}
  ctest --preset asan-ubsan &
  beside=$!
  build_preset aarch64-qemu target_hashes test_simd test_kernel
  check_arm_loops
  wait $beside
  title "Arm with and without dot products"
  ctest --preset aarch64-qemu-no-dotprod &
  beside=$!
  ctest --preset aarch64-qemu
  wait $beside
  if [ -n "$all" ]; then check_wasm; fi
  compare_hashes
}

case "${1-}" in
  "" | --all | --rest) ;;
  *) echo "usage: cmake/test.sh [--all | --rest]" >&2 && exit 2 ;;
esac
if [ "${1-}" != --rest ]; then
  install_packages "${build_packages[@]}"
  configure_options=("-DPARE_TARGETS=$(own_targets)")
  build_preset dev
  ctest --preset dev
  configure_options=()
fi
if [ "${1-}" = --all ] || [ "${1-}" = --rest ]; then check_the_rest; fi
title "passed"
