#!/bin/sh
# in_browser.sh SCRIPT ARGUMENTS: runs a script of this folder that drives Chromium; 77 if a program that it needs is absent.
set -eu
script=$1
shift
for program in node chromium; do
  command -v "$program" >/dev/null || { echo "SKIP: $program is not installed (scripts/setup.sh tests)" >&2; exit 77; }
done
exec node "$(dirname "$0")/$script" "$@"
