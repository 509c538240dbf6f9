#!/bin/bash
# run.sh COMPILER INCLUDE: how long unit.cpp takes to compile, best of five, and how large its code is for each target.
set -euo pipefail
compiler=$1
include=$2
here=$(dirname "$(readlink -f "$0")")
object=$(mktemp)
trap 'rm -f "$object"' EXIT
compile() { "$compiler" -std=c++20 -O2 -I"$include" "$@" -c "$here/unit.cpp" -o "$object"; }
# CPU time: other work on the machine does not count.
milliseconds() {
  local TIMEFORMAT='%U %S'
  { time compile "$@"; } 2>&1 | awk '{ printf "%d\n", ($1 + $2) * 1000 }'
}
code() { size -A "$object" | awk '$1 ~ /^\.text/ { all += $2 } END { print all }'; }
best() { for _ in 1 2 3 4 5; do milliseconds "$@"; done | sort -n | head -1; }

printf '%-28s %10s %10s\n' targets ms "code bytes"
report() {
  local name=$1
  shift
  local time
  time=$(best "$@")
  printf '%-28s %10s %10s\n' "$name" "$time" "$(code)"
}
report all
report scalar -DPARE_TARGETS=1
while read -r name bit; do report "scalar and $name" -DPARE_TARGETS=$((1 + bit)); done < <(
  case $("$compiler" -dumpmachine) in
    x86_64*) printf '%s\n' 'sse4.1 2' 'avx2 4' 'avx-vnni 8' 'avx512 2048' 'avx512-vnni 16' 'avx512-vbmi 144' ;;
    aarch64*) printf '%s\n' 'neon 32' 'neon-dotprod 64' 'neon-dotprod,neon-a55 320' ;;
  esac)
