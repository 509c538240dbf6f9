#!/usr/bin/env bash
# check_layers_test.sh: the layering check passes a sound tree and finds each kind of violation planted in it.
set -euo pipefail
check=$(dirname "$0")/../cmake/check_layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# header <path> <line...>: writes a header of the tree.
header() {
  local path=$tree/$1
  shift
  mkdir -p "$(dirname "$path")"
  printf '%s\n' "$@" >"$path"
}

plant_sound_tree() {
  rm -rf "${tree:?}"/*
  header config.hpp
  header core/index.hpp '#include "../config.hpp"'
  header simd/targets/avx2.hpp '#include <immintrin.h>' '#include "../../core/index.hpp"'
  header kernel/walk.hpp '#include "../simd/targets/avx2.hpp"'
  header quant/scheme.hpp '#include "../core/index.hpp"'
  header quant/expression.hpp '#include <xtensor/xarray.hpp>'
  header nn/linear.hpp '#include "../kernel/walk.hpp"' '#include "../quant/scheme.hpp"'
  header nn.hpp '#include "nn/linear.hpp"'
  header expr/linear.hpp '#include "../nn/linear.hpp"' '#include <xtensor/xarray.hpp>'
  header pare.hpp '#include "nn.hpp"' '#include "expr/linear.hpp"'
}

# finds <text>: the check must fail on the tree as it is now and print the text; the tree is made sound again.
finds() {
  local output
  if output=$("$check" "$tree"); then
    echo "expected the check to fail with: $1"
    exit 1
  fi
  if [[ $output != *"$1"* ]]; then
    printf 'expected: %s\ngot: %s\n' "$1" "$output"
    exit 1
  fi
  plant_sound_tree
}

plant_sound_tree
"$check" "$tree"

header core/index.hpp '#include "../kernel/walk.hpp"'
finds "core/index.hpp: core may not include kernel/walk.hpp"
header core/index.hpp '# include <pare/nn/linear.hpp>'
finds "core/index.hpp: core may not include nn/linear.hpp"
header simd/targets/neon.hpp '#include "../../kernel/walk.hpp"'
finds "simd/targets/neon.hpp: simd may not include kernel/walk.hpp"
header quant/scheme.hpp '#include "../kernel/walk.hpp"'
finds "quant may not include kernel/walk.hpp"
header prune/mask.hpp '#include "../simd/targets/avx2.hpp"'
finds "prune may not include simd/targets/avx2.hpp"
header nn/linear.hpp '#include "../expr/linear.hpp"'
finds "nn may not include expr/linear.hpp"
header kernel/walk.hpp '#include "../nn.hpp"'
finds "kernel may not include nn.hpp"
header nn/linear.hpp '#include "../quant/expression.hpp"'
finds "nn/linear.hpp -> quant/expression.hpp: reaches xtensor/xarray.hpp"
header kernel/walk.inl '#include <arm_neon.h>'
finds "kernel/walk.inl: includes arm_neon.h"
header misc/thing.hpp '#include "../core/index.hpp"'
finds "misc/thing.hpp: is in no known layer"
header core/index.hpp '#include <algorithm>'
finds "simd/targets/avx2.hpp -> core/index.hpp: reaches algorithm, which takes long to read"
mapfile -t lines < <(yes '//' | head -n 301)
header core/long.hpp "${lines[@]}"
finds "core/long.hpp: is longer than 300 lines"
rm -r "${tree:?}"/*
finds "no headers"
echo "every planted violation was found"
