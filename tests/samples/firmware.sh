#!/bin/sh
# firmware.sh INSTALLED SCRATCH: builds the firmware samples as a developer does, with make and with CMake and a toolchain
# file, against the installed package; runs them under QEMU; and looks at what was linked. Exit code 77 where a tool is
# missing.
set -eu
samples=$(cd "$(dirname "$0")/../../samples/firmware" && pwd)
installed=$1 scratch=$2
for tool in arm-none-eabi-gcc qemu-system-arm riscv64-unknown-elf-gcc qemu-system-riscv32 make; do
  command -v "$tool" >/dev/null || { echo "SKIPPED: firmware samples: $tool is not in PATH"; exit 77; }
done
rm -rf "$scratch"
mkdir -p "$scratch"

# expect LAST COMMAND...: it succeeds, and this is the last line that it prints.
expect() {
  last=$1
  shift
  "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log"; echo "FAILED: $*"; exit 1; }
  [ "$(tail -n 1 "$scratch/log")" = "$last" ] ||
    { cat "$scratch/log"; echo "FAILED: the last line is not '$last'"; exit 1; }
  ! grep -i 'warning:' "$scratch/log" || { echo "FAILED: warnings"; exit 1; }
}

# in_section ELF SECTION ADDRESS-PREFIX: the section is there and its address begins so.
in_section() {
  "$1" -S -W "$2" | sed 's/^ *\[ *[0-9]*\] *//' | grep -q "^$3  *PROGBITS  *$4" ||
    { echo "FAILED: $3 of $2 is not at $4"; exit 1; }
}

# make_run SAMPLE OUT VARIABLE=VALUE...
make_run() {
  sample=$1 out=$2
  shift 2
  make -C "$sample" --no-print-directory run RONDO="$installed/bin/rondo" OUT="$out" "$@"
}

# described COLUMN MODEL OPTION...: the README's column of sizes is what the report says.
described() {
  column=$1
  shift
  "$installed/bin/rondo" compile "$@" -o "$scratch/model.o" --report="$scratch/report"
  is=$(awk '/bytes of code/ { code = $1 } /bytes of constants/ { weights = $1 } /other read-only/ { other = $1 }
    /bytes of state/ { state = $1 } /bytes of scratch/ { scratch = $1 } /bytes of stack/ { stack = $1 }
    END { print weights, code + other, state, scratch, stack }' "$scratch/report")
  says=$(awk -F'|' -v column="$column" '/^\| (weights|code|state|scratch|stack) / { print $column + 0 }' "$samples/README.md" | xargs)
  [ "$is" = "$says" ] || { echo "FAILED: samples/firmware/README.md says $says bytes, the report $is"; exit 1; }
}

described 3 "$samples/../audio/keyword/keyword.onnx" --target=cortex-m4 --state=h=hn
described 4 "$samples/../sine.onnx" --target=rv32imafc --dim=time=1 --state=h0=hn --state=c0=cn

expect "48 of 48 steps as recorded" make_run "$samples/riscv" "$scratch/riscv"
in_section riscv64-unknown-elf-readelf "$scratch/riscv/firmware.elf" .weights 20000000
expect "280 of 280 frames as recorded" make_run "$samples/cortex-m" "$scratch/cortex-m"
in_section arm-none-eabi-readelf "$scratch/cortex-m/firmware.elf" .weights 00040000

{ cmake -S "$samples/cortex-m" -B "$scratch/cmake" -DCMAKE_TOOLCHAIN_FILE=arm-none-eabi.cmake \
    -DCMAKE_PREFIX_PATH="$installed" && cmake --build "$scratch/cmake"; } >"$scratch/log" 2>&1 ||
  { cat "$scratch/log"; exit 1; }
! grep -i 'warning:' "$scratch/log" || { echo "FAILED: warnings"; exit 1; }
expect "280 of 280 frames as recorded" qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none \
  -semihosting-config enable=on,target=native -kernel "$scratch/cmake/firmware"
in_section arm-none-eabi-readelf "$scratch/cmake/firmware" .weights 00040000

# Without a floating-point unit: soft-float helpers of GCC's library.
make_soft() { make_run "$@" TARGET="$target" CPU="$cpu" BOARD=mps2-an385; }
target=rv32imc cpu="-march=rv32imac_zicsr -mabi=ilp32"
expect "48 of 48 steps as recorded" make_soft "$samples/riscv" "$scratch/rv32imc"
target=cortex-m0plus cpu="-mcpu=cortex-m0plus -mthumb"
expect "280 of 280 frames as recorded" make_soft "$samples/cortex-m" "$scratch/cortex-m0plus"

# A firmware whose answers are not the recorded ones says so: the recordings of another state are given to it.
cp -r "$samples/.." "$scratch/samples"
cp "$scratch/samples/recording/x.npy" "$scratch/samples/recording/y.npy"
if make_run "$scratch/samples/firmware/riscv" "$scratch/wrong" >"$scratch/log" 2>&1; then
  echo "FAILED: wrong answers are not noticed"; exit 1
fi
grep -q WRONG "$scratch/log" || { cat "$scratch/log"; echo "FAILED: wrong answers are not said"; exit 1; }
echo "firmware samples: 5 built and run, wrong answers noticed"
rm -rf "$scratch"
