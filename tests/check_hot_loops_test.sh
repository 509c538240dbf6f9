#!/usr/bin/env bash
# check_hot_loops_test.sh <compiler>: the check of hot loops passes a tile that keeps to registers and finds a spill, a
# call and a missing loop planted in it, and on Arm, where there is a cross compiler, a move of vectors. The tiles are
# written in assembly.
set -euo pipefail
compiler=$1
check=$(dirname "$0")/../cmake/check_hot_loops.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# plant <target> <instructions of the loop, separated by ;>: an object with one tile of that target.
plant() {
  local symbol=_ZN4pare4unit${#1}${1}9tile_loopIiLi4ELi1EEEvv
  {
    printf '.text\n.type %s, @function\n%s:\n' "$symbol" "$symbol"
    printf 'mov 8(%%rsp), %%rcx\npush %%rbp\n.Lloop:\n%s\ndec %%rcx\njne .Lloop\n' "$2"
    # What follows the loop may use the stack, and is no loop though a block behind it jumps back.
    printf '.Lepilogue:\nvmulps -64(%%rsp), %%ymm0, %%ymm0\npop %%rbp\nret\nmov (%%rsp), %%rax\njmp .Lepilogue\n'
    printf '.size %s, .-%s\n' "$symbol" "$symbol"
  } >"$folder/tile.s"
  "$compiler" -c "$folder/tile.s" -o "$folder/tile.o"
}

# plant_arm <instructions>: the same of NEON i8mm.
plant_arm() {
  local symbol=_ZN4pare4unit15neon_i8mm_pairs9tile_loopIiLi4ELi1EEEvv
  {
    printf '.arch armv8.2-a+i8mm\n.text\n.type %s, @function\n%s:\nmov v3.16b, v4.16b\n' "$symbol" "$symbol"
    printf '.Lloop:\n%s\nsubs x0, x0, #1\nb.ne .Lloop\nstr q0, [sp]\nret\n' "$1"
    printf '.size %s, .-%s\n' "$symbol" "$symbol"
  } >"$folder/tile.s"
  aarch64-linux-gnu-g++ -c "$folder/tile.s" -o "$folder/tile.o"
}

# finds <text>: the check must fail on the tile and print the text.
finds() {
  local output
  if output=$("$check" "$folder/tile.o"); then
    echo "expected the check to fail with: $1"
    exit 1
  fi
  if [[ $output != *"$1"* ]]; then
    printf 'expected: %s\ngot: %s\n' "$1" "$output"
    exit 1
  fi
}

plant avx2 'vpmaddwd (%rax), %ymm1, %ymm2; vpaddd %ymm2, %ymm0, %ymm0; add (%rbp), %rax'
"$check" "$folder/tile.o"

plant avx2 'vpmaddwd (%rax), %ymm1, %ymm2; vpaddd -32(%rsp), %ymm2, %ymm0'
finds "avx2 4x1 int: 1 instructions of a hot loop refer to the stack"
plant avx512_vnni 'vpdpbusd (%rax), %zmm1, %zmm0; vmovdqa64 %zmm0, (%rsp,%rdx,8)'
finds "avx512_vnni 4x1"
plant sse41 'pmaddubsw %xmm0, %xmm1; call elsewhere'
finds "refer to the stack"
plant avx2 'vpaddd %ymm2, %ymm0, %ymm0'
finds "no hot loop was found"
plant scalar 'pmaddwd (%rsp), %xmm1'
finds "no loop of a tile was found"
if command -v aarch64-linux-gnu-g++ >/dev/null; then
  plant_arm 'ldp q1, q2, [x1]; smmla v0.4s, v1.16b, v2.16b; mov v2.d[1], x3'
  "$check" "$folder/tile.o"
  plant_arm 'smmla v0.4s, v1.16b, v2.16b; mov v1.16b, v2.16b'
  finds "neon_i8mm_pairs 4x1 int: 1 instructions of a hot loop move vectors"
  plant_arm 'smmla v0.4s, v1.16b, v2.16b; ldr q1, [sp, #16]'
  finds "refer to the stack"
fi
if "$check" "$folder" 2>/dev/null; then
  echo "expected the check to fail without programs"
  exit 1
fi
echo "every planted spill was found"
