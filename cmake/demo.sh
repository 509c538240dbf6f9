#!/usr/bin/env bash
# demo.sh: builds examples/compress and runs it on the digits in this repository; arguments go to the program.
set -euo pipefail
cd "$(dirname "$0")/.."
. cmake/packages.sh

install_packages "${build_packages[@]}"
cmake --preset release
cmake --build --preset release --target compress
build/release/examples/compress "$@"
