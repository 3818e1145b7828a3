#!/bin/sh
# All tests: the release build with unit tests and corpus lanes, then the readers under AddressSanitizer and
# UndefinedBehaviorSanitizer. Ends with a line "N passed, N failed, N skipped". The corpus is looked for at
# $RONDO_CORPUS or ../shared/corpus; its lanes are counted as skipped where it is absent.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh tests
scripts/build.sh build all
scripts/build.sh build-asan all -DRONDO_SANITIZE=ON -DRONDO_READERS_ONLY=ON

passed=0 failed=0 skipped=0
run_tests() {  # build folder
  report=$1/tests.txt
  ctest --test-dir "$1" --output-on-failure --no-tests=error -j "$(nproc)" >"$report" 2>&1 || true
  cat "$report"
  total=$(sed -n 's/.*tests failed out of \([0-9]*\)$/\1/p' "$report")
  bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of .*/\1/p' "$report")
  if [ -z "$total" ]; then echo "test.sh: $1: ctest did not finish" >&2; total=1 bad=1; fi
  absent=$(grep -c '\*\*\*Skipped' "$report" || true)
  passed=$((passed + total - bad - absent)) failed=$((failed + bad)) skipped=$((skipped + absent))
}
run_tests build
run_tests build-asan
[ "$skipped" -eq 0 ] || echo "SKIPPED: $skipped tests did not run; see above for what they miss"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
