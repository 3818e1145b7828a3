#!/bin/sh
# run.sh RONDO: the tests of runtime/python/rondo.py with a Python that has NumPy. Exit code 77 where there is none.
set -eu
cd "$(dirname "$0")"
for python in python3 /usr/bin/python3; do
  if "$python" -c 'import numpy' 2>/dev/null; then
    export RONDO="$1" PYTHONPATH=../../runtime/python PYTHONDONTWRITEBYTECODE=1
    exec "$python" -m unittest -v loader_test
  fi
done
echo "SKIPPED: the Python loader: no python3 with NumPy (python3-numpy)"
exit 77
