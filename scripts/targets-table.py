#!/usr/bin/env python3
"""targets-table.py [TARGET...] > docs/targets-table.md: what a standard set of models takes on each target.

Instructions are counted under QEMU by count-instructions.sh; bytes and stack are those of `rondo compile --report`. LSTM and GRU are made by
bench/instructions/layer.py; the others are looked for at $RONDO_CORPUS or ../shared/corpus, and left out, with a word on
stderr and in the table, where they are absent. The program is $RONDO or build/driver/rondo; JOBS targets run at a time."""
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RONDO = os.environ.get("RONDO", os.path.join(ROOT, "build/driver/rondo"))
CORPUS = os.environ.get("RONDO_CORPUS", os.path.join(ROOT, "../shared/corpus"))
TARGETS = """x86-64 x86-64-v2 x86-64-v3 x86-64-v4 aarch64 cortex-a53 cortex-a72 neoverse-n1 neoverse-v1 armv7-neon armv7-vfp
  cortex-m0plus cortex-m3 cortex-m4 cortex-m7 cortex-m33 cortex-m55 rv64gc rv64gcv rv64gcv:+zvl256b rv32imc rv32imafc""".split()
NOT_RUN = {"x86-64-v4"}  # QEMU has no AVX-512
ROWS = 50                # of a long recording: a step takes as many instructions as the next


class Model:
    def __init__(self, title, path, data, steps=1, options=()):
        self.title, self.path, self.data, self.steps, self.options = title, path, data, steps, list(options)


def made(kind, work):
    folder = os.path.join(work, kind)
    subprocess.run([sys.executable, os.path.join(ROOT, "bench/instructions/layer.py"), kind, folder], check=True)
    return Model(f"{kind}, 16 inputs, 32 hidden units, a step", os.path.join(folder, "model.json"), folder)


def of_rows(title, source, work):
    """A model with x.csv and y.csv, of which the first rows are one call."""
    folder = os.path.join(work, os.path.basename(source))
    os.makedirs(folder)
    for name in ("x.csv", "y.csv"):
        with open(os.path.join(source, name)) as whole, open(os.path.join(folder, name), "w") as part:
            part.writelines(whole.readlines()[:ROWS])
    return Model(title, os.path.join(source, "model.json"), folder, ROWS)


def of_stream(title, source):
    with open(os.path.join(source, "stream/stream.json")) as file:
        states = json.load(file)["state"]
    return Model(title, os.path.join(source, "model.onnx"), os.path.join(source, "stream"),
                 options=[f"--state={a}={b}" for a, b in states.items()])


def models(work):
    found = [made("LSTM", work), made("GRU", work)]
    for title, folder, make in (
            ("Keyword spotter precise_hey_mycroft, a window of 29 frames", "real/precise_hey_mycroft",
             lambda t, s: Model(t, os.path.join(s, "model.onnx"), os.path.join(s, "test_data_set_0"))),
            ("GuitarML LSTM-20 neuralpi_TS9, a sample", "json/neuralpi_TS9", lambda t, s: of_rows(t, s, work)),
            ("silero_vad_openvino_16k, a step of 512 samples", "real/silero_vad_openvino_16k", of_stream)):
        source = os.path.join(CORPUS, folder)
        if os.path.isdir(source):
            found.append(make(title, source))
        else:
            print(f"targets-table.py: SKIPPED: {source} is absent", file=sys.stderr)
            found.append(Model(title, "", ""))
    return found


def split(label):
    target, _, features = label.partition(":")
    return [f"--target={target}"] + ([f"--features={features}"] if features else [])


def report(model, label, size, work):
    name = os.path.join(work, f"{abs(hash((model.path, label, size)))}")
    command = [RONDO, "compile", model.path, "-o", name + ".o", "--name=model", "--report=" + name + ".json",
               *split(label), *model.options, *(["-O", "size"] if size else [])]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{label}: {done.stderr}")
    with open(name + ".json") as file:
        return json.load(file)


def instructions(model, label, size):
    if label in NOT_RUN:
        return "-"
    command = [os.path.join(ROOT, "scripts/count-instructions.sh"), model.path, model.data, label]
    environment = os.environ | {"RONDO": RONDO, "RONDO_OPTIONS": "-O size" if size else ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{label}: {done.stdout}{done.stderr}")
    return f"{int(done.stdout.split()[-1]) // model.steps:,}"


def number(value):
    return f"{value:,}" if isinstance(value, int) else f"`{value}`"


def row(model, label, work):
    cells = [label]
    for size in (False, True):
        facts = report(model, label, size, work)
        if not facts["certificate"]["holds"]:
            sys.exit(f"{label}: {model.title}: no certificate")
        if not size:
            helpers, fixed = len(facts["undefined_symbols"]), [facts["constant_bytes"]]
            states, scratch = facts["state_bytes"], facts["scratch_bytes"]
            ram = states + scratch if isinstance(scratch, int) else f"{states} + {scratch}"
        cells += [instructions(model, label, size), number(facts["code_bytes"]), number(facts["stack_bytes"])]
    return "| " + " | ".join(cells + [number(fixed[0]), number(ram), str(helpers)]) + " |"


def main():
    labels = sys.argv[1:] or TARGETS
    libm = subprocess.run([os.path.join(ROOT, "bench/instructions/libm-size.sh")], capture_output=True, text=True)
    print("# What a standard set of models takes on each target\n")
    print("Written by `scripts/targets-table.py`. Instructions are those executed in a step, counted under QEMU, the checks at\n"
          "entry included; `-`: nothing here runs the code under QEMU. Code, stack, constants and RAM (state and scratch memory) are in\n"
          "bytes, from `rondo compile --report`; constants and RAM are those of `-O speed`. Helpers: the ABI's functions for\n"
          "arithmetic that the object needs, of which each counts towards the instructions. The real-time certificate holds for\n"
          "each line, at `-O speed` and `-O size`.")
    if libm.returncode == 0:
        print("\nFor comparison, C code that onnx2c makes of the LSTM takes on Cortex-M4F 564 bytes of code at `-Os`, "
              f"{int(libm.stdout):,} more for\nnewlib's expf, tanhf and memcpy (`bench/instructions/libm-size.sh`), and 608 bytes of stack.")
    else:
        print(libm.stderr.strip(), file=sys.stderr)
    with tempfile.TemporaryDirectory() as work, \
            concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        for model in models(work):
            print(f"\n## {model.title}\n")
            if not model.path:
                print("Skipped: the model was absent.")
                continue
            print("| target | instructions | code | stack | `-O size`: instructions | code | stack | constants | RAM | helpers |")
            print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
            for line in pool.map(lambda label: row(model, label, work), labels):
                print(line, flush=True)


if __name__ == "__main__":
    main()
