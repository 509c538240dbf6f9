#!/bin/bash
# instructions.sh COMPILER INCLUDE PLUGIN [OPTION...]: instructions that one call executes for dense weights and for
# n_of_m, at 196 x 512 x 512, NEON dotprod, counted by qemu-aarch64. Among the options: -DPARE_TARGETS=33 for plain NEON,
# -DWIDE for 16-bit activations.
# PLUGIN: a plugin of qemu that prints "insns: <count>" at the end, such as libinsn.so, which comes with its source.
set -euo pipefail
compiler=$1 include=$2 plugin=$3
shift 3
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$compiler" -std=c++20 -O3 -DNDEBUG -DPARE_TARGETS=65 "$@" -I"$include" -static "$here/call.cpp" -o "$work/call"

count() {
  qemu-aarch64 -cpu max -plugin "$plugin" -d plugin "$work/call" "$1" "$2" 2>&1 | sed -n 's/.*insns: *//p' | tail -n 1
}
dense=
printf '%-20s %14s %12s\n' structure instructions dense/this
for structure in dense 'n_of_m<2, 4>' 'n_of_m<2, 4, 16>' 'n_of_m<4, 16>' 'n_of_m<4, 16, 16>' 'n_of_m<4, 32>' \
    'n_of_m<4, 32, 16>'; do
  call=$(($(count "$structure" 1) - $(count "$structure" 0)))
  dense=${dense:-$call}
  printf '%-20s %14d %12s\n' "$structure" "$call" "$(awk -v d="$dense" -v c="$call" 'BEGIN { printf "%.2f", d / c }')"
done
