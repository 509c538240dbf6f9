#!/bin/bash
# count.sh COMPILER INCLUDE PLUGIN [OPTION...]: how many instructions each Arm target executes per instruction that
# multiplies, epilogue included, counted by qemu-aarch64 with a plugin that prints "insns: N" when a program ends.
set -euo pipefail
compiler=$1 include=$2 plugin=$3
shift 3
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$compiler" "$@" -static -std=c++20 -O3 -DNDEBUG -I"$include" "$here/count.cpp" -o "$work/count"

count() {
  QEMU_CPU=max qemu-aarch64 -plugin "$plugin" -d plugin "$work/count" "$1" "$2" 2>&1 | sed -n 's/^insns: //p'
}
macs=$((196 * 512 * 256))
while read -r target instruction products; do
  awk -v t="$target" -v i="$instruction" -v n="$(($(count 1 "$target") - $(count 0 "$target")))" -v m=$((macs / products)) \
    'BEGIN { printf "%-14s %.3f instructions per %s\n", t, n / m, i }'
done <<<'neon-dotprod sdot 16
neon-a55 sdot 16
neon-i8mm smmla 32'
