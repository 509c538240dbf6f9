#!/usr/bin/env bash
# check_layers.sh [folder]: reads the #include lines under include/pare (or `folder`) and fails if a header looks
# upward, brings in intrinsics outside simd/, lets xtensor into nn, makes nn.hpp slow to compile, or is too long.
set -euo pipefail
root=${1:-$(dirname "$0")/../include/pare}
mapfile -t headers < <(find "$root" -name '*.hpp' -o -name '*.inl' | sort)
[ ${#headers[@]} -gt 0 ] || { echo "no headers in $root"; exit 1; }

awk -v root="$root" '
BEGIN {
  # Which folders each folder may include. quant and prune know nothing of kernel and simd; expr may use nn, not the
  # other way round. The headers of the folder itself (nn.hpp) count as members of the folder they are named after.
  below["config"] = ""
  below["core"] = "config"
  below["numeric"] = below["core"] " core"
  below["reference"] = below["numeric"] " numeric"
  below["simd"] = below["numeric"] " numeric"
  below["kernel"] = below["simd"] " simd reference"
  below["quant"] = below["reference"] " reference"
  below["prune"] = below["quant"] " quant"
  below["nn"] = below["kernel"] " kernel quant prune"
  below["expr"] = below["nn"] " nn"
  below["model"] = below["expr"] " expr"
  below["pare"] = below["model"] " model"
  intrinsics = "^(arm_[a-z0-9_]+|[a-z0-9]*intrin|wasm_simd128)\\.h$"
  longest = 300
}
function report(file, sentence) { print file ": " sentence; failed = 1 }
function folder_of(file) { sub(/(\/.*|\.hpp)$/, "", file); return file }
# The path of `name`, included by `file`, from root; empty if it is not one of ours.
function resolve(file, name, quoted,    path) {
  if (sub(/^pare\//, "", name)) return name
  if (!quoted) return ""
  path = file
  sub(/[^\/]*$/, "", path)
  path = path name
  while (sub(/[^\/.]+\/\.\.\//, "", path)) {}
  return path
}
FNR == 1 { file = substr(FILENAME, length(root) + 2); files[file] = 1 }
FNR == longest + 1 { report(file, "is longer than " longest " lines") }
/^[ \t]*#[ \t]*include[ \t]*["<]/ {
  quoted = /include[ \t]*"/
  name = $0
  sub(/^[^"<]*["<]/, "", name)
  sub(/[">].*$/, "", name)
  ours = resolve(file, name, quoted)
  folder = folder_of(file)
  if (!(folder in below)) report(file, "is in no known layer")
  if (ours != "") {
    includes[file] = includes[file] " " ours
    target = folder_of(ours)
    if (target != folder && index(" " below[folder] " ", " " target " ") == 0)
      report(file, folder " may not include " ours)
  } else {
    if (name ~ intrinsics && folder != "simd") report(file, "includes " name ": intrinsics live in simd/")
    if (name ~ /^(xtensor|xtl|xsimd)\//) foreign["xtensor", file] = name
    if (name ~ /^(algorithm|cmath|functional|memory|numeric|ranges|vector)$/)
      foreign["slow", file] = name ", which takes long to read: see core/standard.hpp"
  }
}
# Follows the includes of a header until they reach what is foreign to it.
function visit(kind, file, way,    parts, n, i) {
  if ((kind, file) in seen) return
  seen[kind, file] = 1
  if ((kind, file) in foreign) report(way, "reaches " foreign[kind, file])
  n = split(includes[file], parts, " ")
  for (i = 1; i <= n; ++i) visit(kind, parts[i], way " -> " parts[i])
}
END {
  for (file in files) if (folder_of(file) == "nn") visit("xtensor", file, file)
  if ("nn.hpp" in files) visit("slow", "nn.hpp", "nn.hpp")
  exit failed
}' "${headers[@]}"
echo "${#headers[@]} headers keep to their layers"
