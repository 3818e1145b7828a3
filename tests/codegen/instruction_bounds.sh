#!/bin/sh
# instruction_bounds.sh RONDO: what an LSTM of 16 inputs and 32 hidden units may cost: instructions executed in a step, counted under
# QEMU, and on Cortex-M4F code and stack at -O size, against onnx2c's C code at -Os: 564 bytes, with 1,912 of newlib's
# expf, tanhf and memcpy, and 608 bytes of stack. Exit code 77 where a tool is missing.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
RONDO=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
export RONDO
for tool in python3 clang-19 llvm-nm-19 qemu-system-arm qemu-aarch64 qemu-riscv64; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: bounds of instructions: $tool is not in PATH"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
python3 "$root/bench/instructions/layer.py" LSTM "$work"

failed=
at_most() { # WHAT FIGURE BOUND
  echo "$1: $2, at most $3"
  [ "$2" -le "$3" ] || { echo "FAILED: $1"; failed=yes; }
}
while read -r target bound; do
  counted=$("$root/scripts/count-instructions.sh" "$work/model.json" "$work" "$target")
  at_most "instructions on $target" "${counted#* }" "$bound"
done <<'BOUNDS'
cortex-m4 23542
cortex-m55 5255
cortex-a53 5508
rv64gcv 2316
BOUNDS

"$RONDO" compile "$work/model.json" -o "$work/lstm.o" --target=cortex-m4 -O size --report="$work/report.txt"
figure() { sed -n "s/^ *\([0-9]*\)  bytes of $1.*/\1/p" "$work/report.txt"; }
at_most "bytes of code on cortex-m4" "$(figure code)" $((564 + 1912 - 1))
at_most "bytes of stack on cortex-m4" "$(figure stack)" 607
grep -qx "Undefined symbols: none" "$work/report.txt" || { echo "FAILED: undefined symbols"; failed=yes; }
[ -z "$failed" ]
