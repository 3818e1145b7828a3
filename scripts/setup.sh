#!/bin/sh
# setup.sh [tests|bench]: installs the Debian packages that building rondo needs, and with `tests` or `bench` those that
# only its tests or its benchmark do. Does nothing if they are there. Asks for root through sudo.
set -eu

packages="g++ cmake ninja-build ccache
  llvm-19-dev liblld-19-dev lld-19 libzstd-dev zlib1g-dev libxml2-dev
  libfmt-dev nlohmann-json3-dev libcli11-dev doctest-dev libprotobuf-dev protobuf-compiler"
[ "${1:-}" != bench ] || packages="$packages libdnnl-dev libeigen3-dev"
[ "${1:-}" != bench ] || command -v npm >/dev/null || packages="$packages npm"
[ "${1:-}" != tests ] || packages="$packages qemu-user qemu-system-arm qemu-system-misc clang-19 llvm-19
  gcc-arm-none-eabi gcc-riscv64-unknown-elf gdb make python3-numpy"

missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup.sh: run as root or install sudo; missing:$missing" >&2; exit 1; }
  root=sudo
fi
echo "setup.sh: installing$missing"
$root apt-get update -qq
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
