#!/usr/bin/env python3
"""layer.py LSTM|GRU FOLDER: a layer with 16 inputs and 32 hidden units as a step function, and what it computes.

Writes model.json in rondo's own JSON, with the layer's state handed from call to call, and x.csv and y.csv: 8 steps,
computed here in double precision by the equations of ONNX's operators. Weights and inputs are a fixed sequence."""
import json
import math
import os
import sys

INPUTS, HIDDEN, STEPS = 16, 32, 8
GATES = {"LSTM": 4, "GRU": 3}  # LSTM: input, output, forget, cell; GRU: update, reset, hidden


def numbers(seed):
    """Of [-1, 1), in steps that float32 holds."""
    while True:
        seed = (seed * 1103515245 + 12345) % (1 << 31)
        yield (seed >> 11) / (1 << 19) - 1


def matrix(source, rows, columns, scale):
    return [[next(source) * scale for _ in range(columns)] for _ in range(rows)]


def product(weights, vector):
    return [sum(w * v for w, v in zip(row, vector)) for row in weights]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def step(kind, w, r, b, x, state):
    from_input, from_hidden = product(w, x), product(r, state[0])
    wb, rb = b[: len(w)], b[len(w):]

    def gate(k, j, reset=1.0):
        at = k * HIDDEN + j
        return from_input[at] + wb[at] + reset * (from_hidden[at] + rb[at])

    hidden, cell = [], []
    for j in range(HIDDEN):
        if kind == "LSTM":
            i, o, f = (sigmoid(gate(k, j)) for k in range(3))
            cell.append(f * state[1][j] + i * math.tanh(gate(3, j)))
            hidden.append(o * math.tanh(cell[j]))
        else:
            z, reset = sigmoid(gate(0, j)), sigmoid(gate(1, j))
            hidden.append((1 - z) * math.tanh(gate(2, j, reset)) + z * state[0][j])
    return [hidden, cell] if kind == "LSTM" else [hidden]


def model(kind, w, r, b):
    memory = ["h", "c"] if kind == "LSTM" else ["h"]
    attributes = {"hidden_size": HIDDEN} | ({} if kind == "LSTM" else {"linear_before_reset": 1})
    return {
        "rondo": 1,
        "inputs": {"x": f"f32[1, 1, {INPUTS}]"},
        "constants": {"W": [w], "R": [r], "B": [b]},
        "states": {name: {"type": f"f32[1, 1, {HIDDEN}]", "next": f"{name}_next"} for name in memory},
        "nodes": [{"op": kind, "in": ["x", "W", "R", "B", None] + memory, "out": ["y"] + [m + "_next" for m in memory],
                   "attributes": attributes}],
        "outputs": ["y"],
    }


def main():
    kind, folder = sys.argv[1], sys.argv[2]
    rows, source = GATES[kind] * HIDDEN, numbers(1)
    w, r = matrix(source, rows, INPUTS, 0.5), matrix(source, rows, HIDDEN, 0.25)
    b = matrix(source, 1, 2 * rows, 0.5)[0]
    xs = matrix(source, STEPS, INPUTS, 1)
    state, ys = [[0.0] * HIDDEN for _ in range(2)], []
    for x in xs:
        state = step(kind, w, r, b, x, state)
        ys.append(state[0])
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.json"), "w") as file:
        json.dump(model(kind, w, r, b), file)
    for name, rows_of in (("x.csv", xs), ("y.csv", ys)):
        with open(os.path.join(folder, name), "w") as file:
            file.writelines(",".join(map(repr, row)) + "\n" for row in rows_of)


if __name__ == "__main__":
    main()
