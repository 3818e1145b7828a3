#!/bin/sh
# libm-size.sh: bytes of code and read-only data that newlib's expf, tanhf and memcpy take on Cortex-M4F, with all that they
# need: what C code of a layer pulls in beside its own. Exit code 77 where there is no arm-none-eabi-gcc with newlib.
set -eu
command -v arm-none-eabi-gcc >/dev/null || { echo "SKIPPED: libm-size.sh: arm-none-eabi-gcc is not in PATH" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cat >"$work/main.c" <<'C'
float expf(float);
float tanhf(float);
void *memcpy(void *, const void *, __SIZE_TYPE__);
volatile float x;
char to[64], from[64];
volatile int count;
void start(void) { x = expf(x) + tanhf(x), memcpy(to, from, count); }
C
arm-none-eabi-gcc -Os -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -ffunction-sections -fno-builtin -nostartfiles \
  -Wl,--gc-sections,-e,start "$work/main.c" -o "$work/main" -lm --specs=nosys.specs 2>"$work/log" ||
  { echo "SKIPPED: libm-size.sh: no newlib for Cortex-M4F" >&2; exit 77; }
all=$(arm-none-eabi-size "$work/main" | awk 'NR == 2 { print $1 }')
own=$(arm-none-eabi-nm -S "$work/main" | awk '$4 == "start" { print $2 }')
echo $((all - 0x$own))
