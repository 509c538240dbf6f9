#!/usr/bin/env bash
# check_hot_loops_test.sh <compiler>: the check of hot loops passes a tile that keeps to registers and finds a spill, a
# call and a missing loop planted in it. x86-64 only: the tiles are written in assembly.
set -euo pipefail
compiler=$1
check=$(dirname "$0")/../cmake/check_hot_loops.sh
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# plant <target> <instructions of the loop, separated by ;>: an object with one tile of that target.
plant() {
  local symbol=_ZN4pare4unit${#1}${1}4tileIiLi4ELi1EEEvv
  {
    printf '.text\n.type %s, @function\n%s:\n' "$symbol" "$symbol"
    printf 'mov 8(%%rsp), %%rcx\npush %%rbp\n.Lloop:\n%s\ndec %%rcx\njne .Lloop\n' "$2"
    # What follows the loop may use the stack, and is no loop though a block behind it jumps back.
    printf '.Lepilogue:\nvmulps -64(%%rsp), %%ymm0, %%ymm0\npop %%rbp\nret\nmov (%%rsp), %%rax\njmp .Lepilogue\n'
    printf '.size %s, .-%s\n' "$symbol" "$symbol"
  } >"$folder/tile.s"
  "$compiler" -c "$folder/tile.s" -o "$folder/tile.o"
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
if "$check" "$folder" 2>/dev/null; then
  echo "expected the check to fail without programs"
  exit 1
fi
echo "every planted spill was found"
