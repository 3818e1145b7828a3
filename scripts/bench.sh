#!/bin/sh
# bench.sh rows|models|all [OPTION…]: installs the peers, builds, and measures rondo beside them. OPTIONs go to the
# program that measures: `scripts/bench.sh rows --rows='LSTM 64'`; `--help` lists them.
#
#   rows    LSTM, GRU and RNN rows; the tables are written to docs/performance-table.md if no OPTION is given, and, where the
#           processor has AMX, those with --matrix-unit to docs/performance-table-matrix.md
#   models  the published models of the corpus (at $RONDO_CORPUS or ../shared/corpus) beside ONNX Runtime
#   all     both, without OPTIONs
#
# Builds in ./build, or where RONDO_BUILD points.
#
# A peer that cannot be had is left out, which a line beginning with SKIP says.
set -eu
cd "$(dirname "$0")/.."
what=${1:-all}
[ $# -eq 0 ] || shift
if [ "$what" = all ] && [ $# -gt 0 ]; then what=unclear; fi
case $what in rows | models | all) ;; *) echo "usage: bench.sh rows|models|all [OPTION…]" >&2; exit 2 ;; esac
build=${RONDO_BUILD:-build}
ort_version=1.30

scripts/setup.sh bench

# The npm package alone has a current ONNX Runtime for Linux; its install script would fetch more, and is not run.
ort_library() { find "$build/peers" -path '*linux/x64/libonnxruntime.so.1' 2>/dev/null | head -n 1; }
if [ -z "$(ort_library)" ]; then
  mkdir -p "$build/peers"
  npm install --prefix "$build/peers" --ignore-scripts --no-audit --no-fund --silent "onnxruntime-node@^$ort_version" ||
    echo "SKIP: ONNX Runtime: npm could not install onnxruntime-node" >&2
fi
ort=$(ort_library)

measure_rows() {
  scripts/build.sh $build bench_recurrent
  rows="$build/bench/recurrent/bench_recurrent --rondo=$build/driver/rondo"
  if [ $# -gt 0 ]; then
    $rows ${ort:+--ort="$ort"} "$@"
    return
  fi
  $rows ${ort:+--ort="$ort"} --markdown=docs/performance-table.md || return 1
  if grep -q amx_bf16 /proc/cpuinfo; then
    $rows ${ort:+--ort="$ort"} --rondo-option=--matrix-unit --markdown=docs/performance-table-matrix.md
  else
    echo "SKIP: rows with --matrix-unit: this processor has none" >&2
  fi
}
measure_models() {
  corpus=${RONDO_CORPUS:-../shared/corpus}
  if [ ! -d "$corpus" ] || [ -z "$ort" ]; then
    echo "SKIP: models: they need a corpus at \$RONDO_CORPUS or ../shared/corpus, and ONNX Runtime" >&2
    return 0
  fi
  scripts/build.sh $build bench_models
  folders=$(for folder in "$corpus"/real/*; do
    grep -qx "unsupported real/${folder##*/}" tests/corpus/real.list || echo "$folder"
  done)
  [ $# -gt 0 ] || set -- --markdown=docs/performance-models.md
  $build/bench/recurrent/bench_models --rondo=$build/driver/rondo --ort="$ort" "$@" $folders
}

scripts/build.sh $build rondo
status=0
case $what in rows | all) measure_rows "$@" || status=1 ;; esac
case $what in models | all) measure_models "$@" || status=1 ;; esac
exit $status
