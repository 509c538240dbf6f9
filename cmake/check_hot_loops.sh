#!/usr/bin/env bash
# check_hot_loops.sh <build folder or object file>...: disassembles the programs that hold the kernels and fails if an
# innermost loop of a tile that multiplies and accumulates refers to the stack: something that should be in a register
# is not. Fails too if a tile has no such loop, since then the check sees nothing. The scalar target promises nothing and
# is left out. Prints each offending tile: target, rows x panels, formats.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: cmake/check_hot_loops.sh <build folder or object file>..." >&2 && exit 2; }

# disassemble <file>: by the tool for the file's machine (e_machine of the ELF header; 183 is 64-bit Arm).
disassemble() {
  local tool=objdump
  if [ "$(od -An -j18 -N2 -tu2 "$1" | tr -d ' ')" = 183 ] && [ "$(uname -m)" != aarch64 ]; then
    tool=aarch64-linux-gnu-objdump
  fi
  "$tool" -dC --no-show-raw-insn "$1"
}

# check <file>: reads its disassembly.
check() {
  disassemble "$1" | awk -v file="$1" '
BEGIN {
  tiles = "::(tile_loop|frequent_tiles|grouped_tiles|conv_tile_loop|depthwise_tiles|held_tiles|in_place_tiles|edge_tiles)<"
  dots = "^(v?pmadd(wd|ubsw)|vpdp(busd|wssd)|vfn?madd|v?mulps|sdot|u?smmla|smull2?|smlal2?|sadalp|fmla|fmul)"
  branch = "^(j[a-z]+|b|b\\.[a-z]+|cbn?z|tbn?z|br|ret[a-z]*)$"
}
# A function of the library that has a tile in it, and what to call it: target, formats, rows x panels.
function tile_name(symbol,    target, shape) {
  if (symbol !~ tiles || symbol ~ "::scalar" tiles || symbol ~ /\[clone \.cold/) return ""
  if (symbol ~ /::sse41::(conv_tile_loop|depthwise_tiles)</) return ""  # few registers: some of their sums are in memory
  # Halves become floats without an instruction for it.
  if (symbol ~ /::sse41::(tile_loop<.*dot_stored_halves|frequent_tiles<.*pare::f16)/) return ""
  # Picks of halves take more than 16 registers; fewer rows would take longer than what is read from the stack.
  if (symbol ~ /::(sse41|avx2|avx_vnni)::(frequent_tiles|conv_tile_loop)<.*<short, .*pare::n_of_m</) return ""
  if (symbol ~ /::(sse41|avx2|avx_vnni)::tile_loop<.*picked_(halves|widened)/) return ""
  target = symbol
  sub(tiles ".*", "", target)
  sub(/.*::/, "", target)
  sub("^.*" tiles, "", symbol)
  if (!match(symbol, /, [0-9]+, [0-9]+(, (true|false))*>\(/)) return target " " symbol
  shape = substr(symbol, RSTART + 2, RLENGTH - 4)
  sub(/, (true|false).*/, "", shape)
  sub(/, /, "x", shape)
  symbol = substr(symbol, 1, RSTART - 1)
  gsub(/pare::(unit_[a-z0-9_]+::)?|gemm_call|_stage/, "", symbol)
  return target " " shape " " symbol
}
# The last hexadecimal number of a branch: where it goes.
function destination(line) {
  sub(/ *<.*/, "", line)
  sub(/.*[ ,\t]/, "", line)
  return line
}
# A loop over tiles whose products are straight code may keep addresses there, and two vectors.
function refers_to_stack(line) {
  if (whole_tiles && line !~ /[xyz]mm/) return 0
  return line ~ /[(,]%rsp|\[sp|^(push|pop|call|bl)[ \t]/ || (frame && line ~ /\(%rbp|\[x29/)
}
# Products of bytes on Arm leave no register to spare; other formats widen, and may move.
function moves_vector(line) { return line ~ /^mov\tv[0-9]+\.16b, v[0-9]+\.16b/ && name ~ /^neon_(dotprod|i8mm_pairs) / }
# A branch back over straight code is an innermost loop: the loop over k has no branch of its own.
function finish_function(    i, j, straight, found, multiplies, stack, moves, bytes) {
  straight = 1
  for (i = 1; name != "" && i <= size; ++i) {
    if (!match(code[i], /^[a-z.]+/) || substr(code[i], 1, RLENGTH) !~ branch) continue
    j = at[destination(code[i])]
    if (j != "" && j >= straight && j <= i) {
      multiplies = stack = moves = bytes = 0
      for (; j <= i; ++j) {
        if (code[j] ~ dots) ++multiplies
        if (refers_to_stack(code[j])) ++stack
        if (code[j] ~ /^(sdot|u?smmla)/) ++bytes
        if (moves_vector(code[j])) ++moves
      }
      if (multiplies > 0) ++found
      if (multiplies > 0 && stack > 2 * whole_tiles) report(stack " instructions of a hot loop refer to the stack")
      if (bytes > 0 && moves > 0) report(moves " instructions of a hot loop move vectors")
    }
    straight = i + 1
  }
  if (name != "" && !found) report("no hot loop was found")
  loops += found
  for (i in at) delete at[i]
  size = frame = 0
}
function report(sentence) {
  ++offenders
  print file ": " name ": " sentence
}
/^[0-9a-f]+ <.*>:$/ {
  finish_function()
  sub(/^[0-9a-f]+ </, "")
  name = tile_name(substr($0, 1, length($0) - 2))
  whole_tiles = /::(held_tiles|in_place_tiles)</
  next
}
name != "" && /^ *[0-9a-f]+:\t/ {
  address = $1
  sub(/:/, "", address)
  sub(/^ *[0-9a-f]+:\t({vex} )?/, "")
  code[++size] = $0
  at[address] = size
  # Elsewhere the frame pointer is a register like any other.
  if (/^mov +%rsp,%rbp|^(mov|add)\tx29, sp/) frame = 1
}
END {
  finish_function()
  if (loops == 0) report("no loop of a tile was found")
  else print file ": " loops " hot loops, " 0 + offenders " of them wrong"
  exit offenders > 0
}'
}

failed=0
for place in "$@"; do
  if [ -d "$place" ]; then
    files=$(find "$place" -type f \( -name target_hashes -o -name pare_bench \))
    [ -n "$files" ] || { echo "$place: no program with kernels was found" && failed=1; }
  else
    files=$place
  fi
  for file in $files; do check "$file" || failed=1; done
done
exit $failed
