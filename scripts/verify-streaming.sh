#!/bin/sh
# verify-streaming.sh [BUILD]: every model of the corpus that streams, step by step (tests/corpus/streaming.cpp). The tests
# do a fast selection of them.
set -eu
cd "$(dirname "$0")/.."
program=${1:-build}/tests/corpus/corpus_streaming
"$program" tests/corpus/streaming.list
"$program" tests/corpus/json_sensitive.list 3e-4
