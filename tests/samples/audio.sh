#!/bin/sh
# audio.sh INSTALLED SCRATCH: builds the audio samples against the installed package and compares what they do with what
# PyTorch and NumPy were recorded to do. Exit code 77 where there is no Python with NumPy.
set -eu
samples=$(cd "$(dirname "$0")/../../samples/audio" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
installed=$1 scratch=$2
for python in python3 /usr/bin/python3 ""; do
  [ -n "$python" ] || { echo "SKIPPED: audio samples: no python3 with NumPy (python3-numpy)"; exit 77; }
  ! "$python" -c 'import numpy' 2>/dev/null || break
done
rm -rf "$scratch"
mkdir -p "$scratch"
# What trains the models says what it needs where it is absent.
mkdir "$scratch/absent"
for module in torch onnx; do echo "raise ImportError('no $module')" >"$scratch/absent/$module.py"; done
for script in "$samples"/*/make_model.py "$samples/../make_sample.py"; do
  ! PYTHONPATH=$scratch/absent PYTHONDONTWRITEBYTECODE=1 "$python" "$script" >"$scratch/log" 2>&1 ||
    { echo "FAILED: $script runs without what it needs"; exit 1; }
  grep -q "^no [a-z]*; what this script needs: apt-get install python3-" "$scratch/log" || { cat "$scratch/log"; exit 1; }
done

{ cmake -S "$samples" -B "$scratch" -DCMAKE_PREFIX_PATH="$installed" &&
  cmake --build "$scratch"; } >"$scratch/log" 2>&1 || { cat "$scratch/log"; exit 1; }
! grep 'warning:' "$scratch/log" || { echo "FAILED: warnings"; exit 1; }
BUILT=$scratch RONDO=$installed/bin/rondo PYTHONPATH=$samples:$installed/share/rondo/python PYTHONDONTWRITEBYTECODE=1 \
  "$python" "$here/audio_test.py" -v
rm -rf "$scratch"
