#!/bin/sh
# From a fresh clone to a running model: installs what is missing, builds rondo, compiles samples/sine.onnx (an LSTM
# trained to continue a sine wave) into a library and a header, builds a C program that uses them, and runs it.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh
scripts/build.sh build rondo

out=build/sample
mkdir -p $out
build/driver/rondo compile samples/sine.onnx -o $out/sine.o --dim=time=1 --state=h0=hn --state=c0=cn
cc -std=c11 -O2 -I$out samples/sine.c $out/sine.o -lm -o $out/sine
echo
echo "samples/sine.onnx as an object file: $(stat -c %s $out/sine.o) bytes. It hears one period and goes on alone:"
$out/sine
