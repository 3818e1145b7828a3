#!/usr/bin/env python3
"""targets-table.py [-o FILE] [TARGET...]: what a standard set of models takes on each target: docs/targets-table.md.

Instructions are counted under QEMU by count-instructions.sh; bytes and stack are those of `rondo compile --report`. LSTM
and GRU are made by bench/instructions/layer.py; the others are looked for at $RONDO_CORPUS or ../shared/corpus, and left
out, with a word on stderr and in the table, where they are absent. The program is $RONDO or build/driver/rondo; JOBS
targets run at a time. What could not be measured, and a certificate that does not hold, is said on stderr and in its
cell; the exit code is 1 then, and FILE is left as it was. Without FILE the table is printed."""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RONDO = os.environ.get("RONDO", os.path.join(ROOT, "build/driver/rondo"))
CORPUS = os.environ.get("RONDO_CORPUS", os.path.join(ROOT, "../shared/corpus"))
TARGETS = """x86-64 x86-64-v2 x86-64-v3 x86-64-v4 aarch64 cortex-a53 cortex-a72 neoverse-n1 neoverse-v1 armv7-neon armv7-vfp
  cortex-m0plus cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55 rv64gc rv64gcv rv64gcv:+zvl256b rv32imc rv32imafc""".split()
NOT_RUN = {"x86-64-v4"}  # QEMU has no AVX-512
ROWS = 50                # of a long recording: a step takes as many instructions as the next one


INTRODUCTION = """# What a standard set of models takes on each target

Written by `scripts/targets-table.py`. Instructions are those executed in a step, counted under QEMU, the checks at
entry included; `-`: nothing here runs the code under QEMU. Code, stack, constants and RAM (state and scratch memory) are in
bytes, from `rondo compile --report`; constants and RAM are those of `-O speed`. Helpers: the ABI's functions for
arithmetic that the object needs, of which each counts towards the instructions. The real-time certificate holds for
each line, at `-O speed` and `-O size`."""
COLUMNS = """| target | instructions | code | stack | `-O size`: instructions | code | stack | constants | RAM | helpers |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"""


class Model:
    """What is compiled, with which options, and the recorded calls of it that are counted; no path: it is absent."""

    def __init__(self, title, path="", data="", options=()):
        self.title, self.path, self.data, self.options = title, path, data, list(options)


def of_layer(kind, work):
    folder = os.path.join(work, kind)
    subprocess.run([sys.executable, os.path.join(ROOT, "bench/instructions/layer.py"), kind, folder], check=True)
    return Model(f"{kind}, 16 inputs, 32 hidden units, a step", os.path.join(folder, "model.json"), folder)


def of_window(title, source, work):
    return Model(title, os.path.join(source, "model.onnx"), os.path.join(source, "test_data_set_0"), ["--dim=unk__299=1"])


def of_rows(title, source, work):
    """A model with x.csv and y.csv, a row a step; the first of them."""
    folder = os.path.join(work, os.path.basename(source))
    os.makedirs(folder)
    for name in ("x.csv", "y.csv"):
        with open(os.path.join(source, name)) as whole, open(os.path.join(folder, name), "w") as part:
            part.writelines(whole.readlines()[:ROWS])
    return Model(title, os.path.join(source, "model.json"), folder, ["--stream"])


def of_stream(title, source, work):
    with open(os.path.join(source, "stream/stream.json")) as file:
        states = json.load(file)["state"]
    return Model(title, os.path.join(source, "model.onnx"), os.path.join(source, "stream"),
                 [f"--state={a}={b}" for a, b in states.items()])


CORPUS_MODELS = [("Keyword spotter precise_hey_mycroft, a window of 29 frames", "real/precise_hey_mycroft", of_window),
                 ("GuitarML LSTM-20 neuralpi_TS9, a sample", "json/neuralpi_TS9", of_rows),
                 ("silero_vad_openvino_16k, a step of 512 samples", "real/silero_vad_openvino_16k", of_stream)]


def models(work):
    found = [of_layer("LSTM", work), of_layer("GRU", work)]
    for title, folder, make in CORPUS_MODELS:
        source = os.path.join(CORPUS, folder)
        if os.path.isdir(source):
            found.append(make(title, source, work))
        else:
            print(f"targets-table.py: SKIPPED: {source} is absent", file=sys.stderr)
            found.append(Model(title))
    return found


class Failed(Exception):
    pass


def run(command, **environment):
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    if done.returncode:
        raise Failed((done.stdout + done.stderr).strip() or f"{command[0]}: exit code {done.returncode}")
    return done.stdout


def report(model, label, mode, work):
    target, _, features = label.partition(":")
    name = os.path.join(work, re.sub(r"\W", "_", f"{model.title} {label} {mode}"))
    run([RONDO, "compile", model.path, "-o", name + ".o", "--name=model", f"--report={name}.json", f"--target={target}",
         *([f"--features={features}"] if features else []), "-O", mode, *model.options])
    with open(name + ".json") as file:
        facts = json.load(file)
    against = [line for claim in facts["certificate"]["claims"] for line in claim["against"]]
    if against:
        raise Failed("no certificate: " + "; ".join(against))
    return facts


def instructions(model, label, mode):
    if label in NOT_RUN:
        return "-"
    counted = run([os.path.join(ROOT, "scripts/count-instructions.sh"), model.path, model.data, label], RONDO=RONDO,
                  RONDO_OPTIONS=" ".join(["-O", mode, *model.options]))
    return int(counted.split()[-1])


def number(value):
    return f"{value:,}" if isinstance(value, int) else value


def ram(facts):
    states, scratch = facts["state_bytes"], facts["scratch_bytes"]
    known = isinstance(states, int) and isinstance(scratch, int)
    return number(states + scratch) if known else f"`{states} + {scratch}`"


def row(model, label, work):
    """The line, and what went wrong."""
    fast = {"constant_bytes": "?", "state_bytes": "?", "scratch_bytes": "?", "undefined_symbols": []}
    cells, wrong = [label], []
    for mode in ("speed", "size"):
        try:
            facts = report(model, label, mode, work)
            fast = facts if mode == "speed" else fast
            cells += [number(instructions(model, label, mode)), number(facts["code_bytes"]), number(facts["stack_bytes"])]
        except Failed as error:
            wrong.append(f"{label}, -O {mode}: {model.title}: {error}")
            cells += ["?"] * 3
    cells += [number(fast["constant_bytes"]), ram(fast), str(len(fast["undefined_symbols"]))]
    return "| " + " | ".join(cells) + " |", wrong


def comparison():
    try:
        libm = int(run([os.path.join(ROOT, "bench/instructions/libm-size.sh")]))
    except Failed as error:
        print(error, file=sys.stderr)
        return []
    return ["\nFor comparison, C code that onnx2c makes of the LSTM takes on Cortex-M4F 564 bytes of code at `-Os`, "
            f"{libm:,} more for\nnewlib's expf, tanhf and memcpy (`bench/instructions/libm-size.sh`), and 608 bytes of stack."]


def table(labels):
    """The page's lines, and what went wrong."""
    lines, wrong = [INTRODUCTION, *comparison()], []
    with tempfile.TemporaryDirectory() as work, \
            concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        for model in models(work):
            lines.append(f"\n## {model.title}\n")
            if not model.path:
                lines.append("Skipped: the model was absent.")
                continue
            lines.append(COLUMNS)
            for line, failures in pool.map(lambda label: row(model, label, work), labels):
                print(f"{model.title}: {line}", file=sys.stderr, flush=True)
                lines.append(line)
                wrong += failures
    return lines, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", metavar="FILE", help="where the table goes, once all of it was measured")
    parser.add_argument("targets", metavar="TARGET", nargs="*", default=TARGETS)
    arguments = parser.parse_args()
    lines, wrong = table(arguments.targets)
    text = "\n".join(lines) + "\n"
    if not arguments.o:
        print(text, end="")
    elif not wrong:
        with open(arguments.o, "w") as file:
            file.write(text)
    for line in wrong:
        print(f"targets-table.py: FAILED: {line}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
