#!/bin/sh
# bench.sh rows|models|all [OPTION…]: installs the peers, builds, and measures rondo beside them. OPTIONs go to the
# program that measures: `scripts/bench.sh rows --rows='LSTM 64'`; `--help` lists them.
#
#   rows    LSTM, GRU and RNN rows; the tables are written to docs/performance-table.md if no OPTION is given
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
  [ $# -gt 0 ] || set -- --markdown=docs/performance-table.md
  $build/bench/recurrent/bench_recurrent --rondo=$build/driver/rondo ${ort:+--ort="$ort"} "$@"
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
