#!/bin/bash
# model.sh COMPILER INCLUDE OBJDUMP [OPTION...]: what llvm-mca predicts of the innermost s8 loop of NEON dotprod on Arm's
# cores: cycles per iteration, instructions per sdot, and the fraction of the speed of a loop of nothing but sdot.
# neoverse-n1 stands for Cortex-A76, n2 for A78 and A710, v1 for X1, v2 for X2. LLVM_MCA: the program; before version 17
# it has no models of its own for these and silently takes another core's.
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
"$compiler" "$@" -std=c++20 -O3 -DNDEBUG -DPARE_TARGETS=65 -I"$include" -c "$here/../compile/unit.cpp" -o "$work/unit.o"

# The loop with the most sdot among the branches back over straight code; written with a label of its own.
"$objdump" -d --no-show-raw-insn "$work/unit.o" | awk '
function destination(line) { sub(/ *<.*/, "", line); sub(/.*[ ,\t]/, "", line); return line }
/^[0-9a-f]+ <.*>:$/ { size = straight = 0; delete at; next }
/^ *[0-9a-f]+:\t/ {
  address = $1; sub(/:/, "", address)
  sub(/^ *[0-9a-f]+:\t/, "")
  code[size] = $0; at[address] = size++
  if (!/^(b|b\..*|cbn?z|tbn?z|ret|br|bl|blr)\t|^ret/) next
  to = destination($0)
  if ((to in at) && at[to] >= straight) {
    sdots = 0
    for (i = at[to]; i < size; ++i) sdots += code[i] ~ /^sdot/
    if (sdots > most) {
      most = sdots; loop = "loop:\n"
      for (i = at[to]; i < size - 1; ++i) loop = loop code[i] "\n"
      branch = code[size - 1]; sub(/[0-9a-f]+ <.*/, "loop", branch); loop = loop branch "\n"
    }
  }
  straight = size
}
END { if (most == 0) exit 1; printf "%s", loop }' >"$work/loop.s" || { echo "model.sh: no loop of sdot found" >&2; exit 1; }
for r in {0..23}; do echo "sdot v$r.4s, v30.16b, v31.16b"; done >"$work/peak.s"

cycles() {
  "$mca" -mtriple=aarch64 -mcpu="$1" -mattr=+dotprod -iterations=1000 "$2" | awk '/^Total Cycles:/ { print $3 / 1000 }'
}
if grep -E '^mov[[:space:]]+v|\[sp' "$work/loop.s"; then
  echo "model.sh: the loop moves vectors or refers to the stack" >&2
  exit 1
fi
sdots=$(grep -c '^sdot' "$work/loop.s")
printf '%d sdot, %d other instructions\n' "$sdots" $(($(wc -l <"$work/loop.s") - 1 - sdots))
printf '%-12s %8s %8s\n' core cycles of_peak
for core in neoverse-n1 neoverse-n2 neoverse-v1 neoverse-v2; do
  awk -v core=$core -v cycles="$(cycles $core "$work/loop.s")" -v peak="$(cycles $core "$work/peak.s")" -v sdots="$sdots" \
    'BEGIN { printf "%-12s %8.2f %8.3f\n", core, cycles, sdots * peak / 24 / cycles }'
done
