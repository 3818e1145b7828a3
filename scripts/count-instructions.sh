#!/bin/sh
# count-instructions.sh MODEL DATA [TARGET...]: instructions that a call of a model executes on each target, counted by
# QEMU over the recorded calls: a line "TARGET INSTRUCTIONS" with the mean, entry checks included. The program is $RONDO
# or build/driver/rondo; $RONDO_OPTIONS are more of its options.
set -eu
[ $# -ge 2 ] || { echo "usage: count-instructions.sh MODEL DATA [TARGET...]" >&2; exit 2; }
model=$1 data=$2
shift 2
root=$(cd "$(dirname "$0")/.." && pwd)
rondo=${RONDO:-$root/build/driver/rondo}
[ $# -gt 0 ] || set -- x86-64 x86-64-v3 cortex-a53 cortex-a72 neoverse-n1 neoverse-v1 armv7-neon armv7-vfp \
  cortex-m4 cortex-m7 cortex-m33 cortex-m55 rv64gc rv64gcv rv64gcv:+zvl256b rv32imafc

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cc -O2 -fPIC -shared "$root/bench/instructions/count.c" -o "$work/count.so"

# The runner: the emulator's words, then the program; adds the plugin with the addresses of what the harness calls around
# a call of the model.
cat >"$work/run" <<'EOF'
#!/bin/sh
emulator=$1
shift
for program in "$@"; do :; done
address() { llvm-nm-19 "$program" | sed -n "s/^\([0-9a-f]*\) . $1$/\1/p"; }
exec "$emulator" -plugin "$folder/count.so,begin=$(address bench_begin),end=$(address bench_end),out=$folder/count" "$@"
EOF
chmod +x "$work/run"
export folder="$work"

board() { echo "qemu-system-arm -M $1 -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel"; }
vectors() { echo "qemu-riscv64 -cpu rv64,v=true,vlen=$1,vext_spec=v1.0"; }
for label in "$@"; do
  target=${label%%:*} features=${label#"$target"}
  case $label in
    x86-64*) emulator="qemu-x86_64 -cpu max" ;;
    neoverse-v1) emulator="qemu-aarch64 -cpu max,sve256=on" ;;
    aarch64) emulator="qemu-aarch64 -cpu max" ;;
    cortex-a* | neoverse-n1) emulator="qemu-aarch64 -cpu $target" ;;
    armv7*) emulator="qemu-arm -cpu max" ;;
    cortex-m4) emulator=$(board mps2-an386) ;;
    cortex-m7) emulator=$(board mps2-an500) ;;
    cortex-m33) emulator=$(board mps2-an505) ;;
    cortex-m55) emulator=$(board mps3-an547) ;;
    cortex-m*) emulator=$(board mps2-an385) ;;
    rv64gcv:+zvl256b) emulator=$(vectors 256) ;;
    rv64gcv) emulator=$(vectors 128) ;;
    rv64gc) emulator=qemu-riscv64 ;;
    rv32*) emulator="qemu-system-riscv32 -M virt -bios none -display none -monitor none -serial stdio -kernel" ;;
    *) echo "count-instructions.sh: no emulator is known for $label" >&2; exit 2 ;;
  esac
  "$rondo" verify "$model" --data "$data" --target="$target" ${RONDO_OPTIONS:-} ${features:+--features="${features#:}"} \
    --runner="$work/run $emulator" >"$work/log" 2>&1 || { echo "$label: failed"; cat "$work/log"; exit 1; }
  read -r calls instructions <"$work/count"
  echo "$label $((instructions / calls))"
done
