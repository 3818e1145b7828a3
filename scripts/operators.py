#!/usr/bin/env python3
"""Writes docs/operators.md: ONNX's operators, how many of the corpus's cases of each pass, and what is left out and why.

    scripts/operators.py [RONDO]        RONDO: the built program; default: build/driver/rondo

The cases are those of tests/corpus/node.list, thirdparty.list and grid.list, in the corpus at $RONDO_CORPUS or
../shared/corpus. Exit code 1 where an operator that is not compiled has no reason here, or a case fails with anything but
"unsupported". Python's standard library only.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = pathlib.Path(os.environ.get("RONDO_CORPUS") or ROOT.parent / "shared" / "corpus")
LISTS = ("node", "thirdparty", "grid")

RANDOM = "its result is random, and ONNX leaves open how; a model can take the numbers as an input"
TEXT = "it computes with strings, which have no form in the C interface; text becomes numbers before the model"
NEW = "no exporter writes it yet; in the form of ONNX's own expansion into other operators it is compiled"
REASONS = {
    "Bernoulli": RANDOM,
    "CausalConvWithState": NEW,
    "ImageDecoder": "it decodes image files, which is work for a library of its own; models take the pixels",
    "LinearAttention": NEW,
    "Multinomial": RANDOM,
    "RandomNormal": RANDOM,
    "RandomNormalLike": RANDOM,
    "RandomUniform": RANDOM,
    "RandomUniformLike": RANDOM,
    "RegexFullMatch": TEXT,
    "StringConcat": TEXT,
    "StringNormalizer": TEXT,
    "StringSplit": TEXT,
    "TfIdfVectorizer": TEXT,
}
DOMAINS = [
    ("ai.onnx.ml", "trees, support vector machines, encoders of categories and the like: not networks"),
    ("ai.onnx.preview.training", "optimisers and gradients: rondo compiles inference"),
    ("com.microsoft and other vendors'", "each runtime's own, without a specification that binds others"),
]

Operator = collections.namedtuple("Operator", "withdrawn forms")


def read(path):
    return (ROOT / path).read_text()


def onnx_operators():
    rows = re.findall(r"^RONDO_ONNX_OPERATOR\((\w+), (\d+), ([\d, ]+)\)", read("frontend/onnx/versions.def"), re.M)
    return {word: Operator(int(withdrawn), [int(form) for form in forms.split(",")]) for word, withdrawn, forms in rows}


def compiled_operators():
    words = set(re.findall(r"^RONDO_MODEL_OP\((\w+),", read("ir/ops.def"), re.M))
    pending = ROOT / "passes/expand/pending.cpp"
    if pending.exists():
        words -= set(re.findall(r"^RONDO_PENDING\((\w+)\)", pending.read_text(), re.M))
    return words


def cases():
    patterns = []
    for name in LISTS:
        lines = (line.split("#")[0].strip() for line in read(f"tests/corpus/{name}.list").splitlines())
        patterns += [line for line in lines if line and not line.startswith("unsupported ")]
    found = {path.parent for pattern in patterns for path in CORPUS.glob(pattern + "/model.onnx")}
    return sorted(found)


def by_name(folder, words):
    """The operator after which a case is called: the longest one that its name holds."""
    plain = folder.name.lower().replace("_", "")
    held = [word for word in words if word.lower() in plain]
    return max(held, key=len, default=None)


def operator_of(text, folder, operators):
    """The operator that a case is about: its only one apart from constants, or the one it is called after."""
    words = re.findall(r"^  (?:[^=]* = )?([A-Z]\w*)\(", text, re.M)
    others = {word for word in words if word != "Constant"} or set(words)
    if len(others) == 1:
        return others.pop()
    if folder.name.endswith("_expanded"):
        return None
    return by_name(folder, others or operators)


def examine(rondo, folder, operators):
    model = str(folder / "model.onnx")
    run = lambda *words: subprocess.run([rondo, *words], capture_output=True, text=True, errors="replace", timeout=600)
    verified = run("verify", model, "--data", str(folder))
    operator = operator_of(run("inspect", model, "--level=model").stdout, folder, operators)
    refused = verified.returncode == 1 and not verified.stdout and ": unsupported: " in verified.stderr
    reason = None
    if refused:
        place, message = next(line for line in verified.stderr.split("\n") if ": unsupported: " in line).split(
            ": unsupported: ", 1)
        named = re.search(r"\((\w+)\)$", place)
        reason = (named.group(1) if named else "a model", message)
    return operator, verified.returncode == 0, reason


def forms_text(operator):
    text = ", ".join(map(str, operator.forms))
    return f"{text}; withdrawn in {operator.withdrawn}" if operator.withdrawn else text


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows])


def main():
    rondo = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "build/driver/rondo")
    if not CORPUS.is_dir():
        sys.exit(f"operators.py: no corpus at {CORPUS}; set RONDO_CORPUS")
    operators, compiled, folders = onnx_operators(), compiled_operators(), cases()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda folder: examine(rondo, folder, operators), folders))

    passed, total = collections.Counter(), collections.Counter()
    restrictions = collections.Counter()
    wrong = []
    for folder, (operator, good, reason) in zip(folders, results):
        passed[operator] += good
        total[operator] += 1
        if reason and reason[0] not in set(operators) - compiled:
            restrictions[reason] += 1
        if not good and not reason:
            wrong.append(folder.name)

    def row(word):
        share = f"{passed[word]} of {total[word]}" if total[word] else "none"
        return word, forms_text(operators[word]), share

    missing = sorted(set(operators) - compiled)
    unexplained = [word for word in missing if word not in REASONS]
    good, every = sum(passed.values()), sum(total.values())
    text = f"""# Operators

`scripts/operators.py` writes this page: it runs `rondo verify` on every case of ONNX's operator suite, in every form since
operator set 1, and of other compilers' tests of recurrence and control flow. An input whose value a model must know when it
is compiled (axes, shapes, sizes of parts) is taken as a constant from the data, as `--const` would.

**{good} of {every} cases pass ({100 * good / max(every, 1):.1f} %); {every - good - len(wrong)} are refused as unsupported, \
{len(wrong)} fail otherwise.**

## Compiled
Forms are the operator sets that changed an operator; those up to 28 are read. "none" means that the suite has no case.

{table(["operator", "forms", "cases that pass"], [row(word) for word in sorted(set(operators) & compiled)])}

{passed[None]} of {total[None]} cases are graphs of several operators, most of them ONNX's own definition of an operator by
others.
"""
    if restrictions:
        rows = [(word, reason, count) for (word, reason), count in sorted(restrictions.items())]
        text += "\n### Refused forms among these cases\n" + table(["operator", "reason", "cases"], rows) + "\n"
    rows = [(word, operators[word].forms[0], REASONS.get(word, "")) for word in missing]
    text += "\n## Not compiled\nA model with one of these is refused with an error that names the node and the operator.\n\n"
    text += table(["operator", "since", "why"], rows) + "\n\n"
    text += table(["domain", "why"], DOMAINS) + "\n"
    (ROOT / "docs/operators.md").write_text(text)

    print(f"{good} of {every} cases pass; {len(wrong)} fail otherwise than as unsupported")
    for name in wrong:
        print(f"FAIL {name}", file=sys.stderr)
    if unexplained:
        print(f"operators without a reason: {', '.join(unexplained)}", file=sys.stderr)
    sys.exit(1 if wrong or unexplained else 0)


if __name__ == "__main__":
    main()
