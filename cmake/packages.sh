# packages.sh: read by demo.sh and test.sh. Debian's packages for the work at hand: installed if they are missing.

build_packages=(g++ cmake ninja-build libxtensor-dev libxsimd-dev catch2 libbenchmark-dev nlohmann-json3-dev
  libcli11-dev)
check_packages=(clang clang-format libclang-rt-14-dev qemu-user g++-aarch64-linux-gnu)

title() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

# install_packages <package...>: leaves them installed, or exits and says what to install.
install_packages() {
  if ! { command -v apt-get && command -v dpkg-query; } >/dev/null; then
    echo "This system has no apt-get. Install these first (their names in Debian 12): $*"
    { command -v cmake && command -v ninja; } >/dev/null || exit 1
    return 0
  fi
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=(env DEBIAN_FRONTEND=noninteractive)
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Run this as root first: apt-get install ${missing[*]}"
      exit 1
    fi
    as_root=(sudo "${as_root[@]}")
  fi
  title "installing ${missing[*]}"
  "${as_root[@]}" apt-get -q update
  "${as_root[@]}" apt-get -q install -y --no-install-recommends "${missing[@]}"
}
