#!/bin/sh
# build.sh FOLDER TARGET [OPTION…]: configures FOLDER (release build) with cmake's OPTIONs and builds TARGET there.
set -eu
cd "$(dirname "$0")/.."
folder=$1 target=$2
shift 2
cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@"
cmake --build "$folder" --target "$target"
