#!/bin/bash
# model.sh COMPILER INCLUDE OBJDUMP [OPTION...]: what llvm-mca predicts of the innermost loops of bytes on Arm's cores:
# cycles per iteration and the fraction of the speed of a loop of nothing but the instruction that multiplies, for NEON
# dotprod and NEON i8mm. neoverse-n1 stands for Cortex-A76, n2 for A78 and A710, v1 for X1, v2 for X2. The order of
# Cortex-A55 is only counted: models of that core differ on whether sdot is issued beside a load. LLVM_MCA: the program;
# before version 17 it has no models of its own for the others and silently takes another core's.
set -euo pipefail
compiler=$1 include=$2 objdump=$3
shift 3
mca=${LLVM_MCA:-llvm-mca}
version=$("$mca" --version | sed -n 's/.*LLVM version \([0-9]*\).*/\1/p')
if [ "${version:-0}" -lt 17 ]; then
  echo "model.sh: llvm-mca: expected version 17 or later (Debian 12: llvm-19; set LLVM_MCA), got ${version:-none}" >&2
  exit 2
fi
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$compiler" "$@" -std=c++20 -O3 -DNDEBUG -I"$include" -c "$here/unit.cpp" -o "$work/unit.o"

# loop PATTERN: the loop with the most lines like PATTERN among the branches back over straight code, to $work/loop.s
# with a label of its own. Fails if it moves vectors or refers to the stack.
loop() {
  "$objdump" -d --no-show-raw-insn "$work/unit.o" | awk -v pattern="$1" '
function destination(line) { sub(/ *<.*/, "", line); sub(/.*[ ,\t]/, "", line); return line }
/^[0-9a-f]+ <.*>:$/ { size = straight = 0; delete at; next }
/^ *[0-9a-f]+:\t/ {
  address = $1; sub(/:/, "", address)
  sub(/^ *[0-9a-f]+:\t/, "")
  code[size] = $0; at[address] = size++
  if (!/^(b|b\..*|cbn?z|tbn?z|ret|br|bl|blr)\t|^ret/) next
  to = destination($0)
  if ((to in at) && at[to] >= straight) {
    found = 0
    for (i = at[to]; i < size; ++i) found += code[i] ~ pattern
    if (found > most) {
      most = found; loop = "loop:\n"
      for (i = at[to]; i < size - 1; ++i) loop = loop code[i] "\n"
      branch = code[size - 1]; sub(/[0-9a-f]+ <.*/, "loop", branch); loop = loop branch "\n"
    }
  }
  straight = size
}
END { if (most == 0) exit 1; printf "%s", loop }' >"$work/loop.s" || { echo "model.sh: no loop of $1 found" >&2; exit 1; }
  if grep -E '^mov[[:space:]]+v[0-9]+\.16b|\[sp' "$work/loop.s"; then
    echo "model.sh: the loop moves vectors or refers to the stack" >&2
    exit 1
  fi
}

cycles() {
  "$mca" -mtriple=aarch64 -mcpu="$1" -mattr=+dotprod,+i8mm -iterations=1000 "$2" |
    awk '/^Total Cycles:/ { print $3 / 1000 }'
}

# report TARGET INSTRUCTION PATTERN [CORE...]
report() {
  local target=$1 instruction=$2 products
  loop "$3"
  shift 3
  products=$(grep -c "^$instruction" "$work/loop.s")
  printf '%s: %d %s, %d other instructions\n' "$target" "$products" "$instruction" \
    $(($(wc -l <"$work/loop.s") - 1 - products))
  for r in {0..23}; do echo "$instruction v$r.4s, v30.16b, v31.16b"; done >"$work/peak.s"
  for core in "$@"; do
    awk -v core="$core" -v cycles="$(cycles "$core" "$work/loop.s")" -v peak="$(cycles "$core" "$work/peak.s")" \
      -v products="$products" 'BEGIN { printf "  %-12s %8.2f cycles, %.3f of peak\n", core, cycles, products * peak / 24 / cycles }'
  done
}

report neon-dotprod sdot '^sdot' neoverse-n1 neoverse-n2 neoverse-v1 neoverse-v2
report neon-i8mm smmla '^smmla' neoverse-n2 neoverse-v1 neoverse-v2
report neon-a55 sdot '^mov\tv[0-9]+\.d\[1\], x'
