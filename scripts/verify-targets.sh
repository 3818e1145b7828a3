#!/bin/sh
# verify-targets.sh [--fast] [TARGET...]: runs compiled models on every target under QEMU (x86-64-v4: on this machine, if
# it has AVX-512), on recorded data, and checks that targets with the same arithmetic compute the same bits: as models are
# compiled by default, those of onnx-node/grid wherever their plans add sums up in the same order; with
# --without=split_sums, which makes that order the same everywhere, all of them. --fast: a few models on each. Models are
# looked for at $RONDO_CORPUS or ../shared/corpus, the program at $RONDO or build/driver/rondo, JOBS at a time (default:
# processors).
#
# Prints a line for each failure and for each target, and ends with "N passed, N failed, N skipped". Exit code 1 where
# something failed, 77 where nothing could run.
set -eu
cd "$(dirname "$0")/.."
rondo=${RONDO:-build/driver/rondo}
corpus=${RONDO_CORPUS:-${RONDO_CORPUS_DEFAULT:-../shared/corpus}}
jobs=${JOBS:-$(nproc)}
fast=
[ "${1:-}" != --fast ] || { fast=yes; shift; }

# Targets whose float32 arithmetic is the same, with what else the command line says. A target's label is its name and
# the features after a colon.
fused="x86-64-v3 x86-64-v4 aarch64 cortex-a53 cortex-a72 neoverse-n1 neoverse-v1 neoverse-v1:+sve512 armv7-neon armv7-vfp
  cortex-m4 cortex-m7 cortex-m33 cortex-m55 rv64gc rv64gcv rv64gcv:+zvl256b rv32imafc"
separate="x86-64 x86-64-v2 cortex-m0plus cortex-m3 rv32imc"

command -v clang-19 >/dev/null || command -v clang >/dev/null ||
  { echo "SKIPPED: verify-targets: clang-19 is not in PATH"; exit 77; }
[ -d "$corpus" ] || { echo "SKIPPED: verify-targets: no corpus of models at $corpus"; exit 77; }

grid=$(ls -d "$corpus"/onnx-node/grid/*/)
small=
for name in $(cat tests/corpus/targets.list); do small="$small $name"; done
if [ -n "$fast" ]; then
  grid=$(ls -d "$corpus"/onnx-node/grid/*/ | awk 'NR % 47 == 7')
  small=$(head -n 1 tests/corpus/targets.list)
fi
models=$grid
for name in $small; do [ ! -d "$corpus/$name" ] || models="$models $corpus/$name/"; done

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
export work rondo

# verify_one LABEL FOLDER: a line "passed|failed LABEL NAME", and with "same LABEL NAME BITS" lines what must be equal where
# NAME is; on failure what rondo said is kept.
cat >"$work/verify_one" <<'EOF'
#!/bin/sh
label=$1 folder=$2 name=$(basename "$2")
target=${label%%:*} features=${label#"$target"}
out=$work/$label/$name
mkdir -p "$work/$label"
set -- --target="$target"
[ -z "$features" ] || set -- "$@" --features="${features#:}"
runner=--runner=qemu
[ "$target" != x86-64-v4 ] || runner=
run() { timeout 600 "$rondo" verify "$folder/model.onnx" --data "$folder" $runner "$@" >"$out.log" 2>&1; }
bits() { cat "$1"/*.npy | sha256sum | cut -c1-16; }
# The kernels and in how many parts each computes its sums.
order() {
  "$rondo" inspect "$folder/model.onnx" --level=plan "$@" |
    sed -n 's/^ *kernel \([^ ]*\).*/\1/p; s/.*\(unroll=[0-9]*\).*/\1/p' | sha256sum | cut -c1-16
}
if run "$@" --outputs="$out.default" && run "$@" --without=split_sums --outputs="$out"; then
  # Their double precision is software's, whose multiply-add is not fused.
  case $label:$name in cortex-m4:*f64* | cortex-m33:*f64* | rv32imafc:*f64*) name=$name:separate ;; esac
  echo "passed $label $name" >"$out.result"
  echo "same $label $name $(bits "$out")" >>"$out.result"
  case $folder in */grid/*) echo "same $label $name:default:$(order "$@") $(bits "$out.default")" >>"$out.result" ;; esac
else
  echo "failed $label $name" >"$out.result"
fi
EOF
chmod +x "$work/verify_one"

# What label $1 needs and this machine lacks; nothing if it has it.
lacking() {
  if [ "$1" = x86-64-v4 ]; then
    for feature in avx512f avx512bw avx512cd avx512dq avx512vl; do
      grep -qw "$feature" /proc/cpuinfo || { echo "this processor has no $feature, and QEMU does not run AVX-512"; return; }
    done
  else
    command -v "$(emulator_of "$1")" >/dev/null || echo "$(emulator_of "$1") is not in PATH"
  fi
}

emulator_of() {
  case $1 in
    x86-64*) echo qemu-x86_64 ;; aarch64 | cortex-a53 | cortex-a72 | neoverse-*) echo qemu-aarch64 ;;
    armv7*) echo qemu-arm ;; cortex-m*) echo qemu-system-arm ;; rv64*) echo qemu-riscv64 ;;
    rv32*) echo qemu-system-riscv32 ;; *) echo "$1" ;;
  esac
}

passed=0 failed=0 skipped=0
for group in separate fused; do
  eval "labels=\$$group"
  same=$work/$group.same
  : >"$same"
  for label in $labels; do
    if [ $# -gt 0 ]; then
      wanted=
      for name in "$@"; do [ "$name" != "$label" ] || wanted=yes; done
      [ -n "$wanted" ] || continue
    fi
    lack=$(lacking "$label")
    if [ -n "$lack" ]; then
      echo "SKIPPED $label: $lack"
      skipped=$((skipped + 1))
      continue
    fi
    for model in $models; do printf '%s\n%s\n' "$label" "${model%/}"; done | xargs -n 2 -P "$jobs" "$work/verify_one"
    good=$(cat "$work/$label"/*.result | grep -c '^passed' || true)
    bad=$(cat "$work/$label"/*.result | grep -c '^failed' || true)
    echo "$label: $good verified, $bad failed"
    cat "$work/$label"/*.result | sed -n 's/^failed [^ ]* //p' | while read -r name; do
      echo "  FAILED $label $name: $(grep -v ': ok:' "$work/$label/$name.log" | tail -n 2 | cut -c1-300 | tr '\n' ' ')"
    done
    passed=$((passed + good)) failed=$((failed + bad))
    cat "$work/$label"/*.result | sed -n 's/^same //p' >>"$same"
  done
  # The same model, the same arithmetic: the same bits.
  sort -k 2,2 "$same" | awk -v group=$group '
    { if ($2 in first) { if (first[$2] != $3) { print "  DIFFERS " $2 ": " label[$2] " and " $1; ++bad } else ++good }
      else { first[$2] = $3; label[$2] = $1 } }
    END { print group " arithmetic: " good + 0 " results equal those of another target, " bad + 0 " differ" }' >"$work/equal"
  cat "$work/equal"
  failed=$((failed + $(grep -c DIFFERS "$work/equal" || true)))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || exit 77
