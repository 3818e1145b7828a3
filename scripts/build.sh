#!/bin/sh
# Builds the release build into build/ (or into the folder given); further arguments go to cmake's configuration.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-build}
[ $# -eq 0 ] || shift
cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; exit 1; }
rm -f "$folder.log"
cmake --build "$folder"
