#!/usr/bin/env python3
"""Makes samples/sine.onnx, an LSTM trained to continue a sine wave, and samples/recording, a stream recorded from it.

One value goes in, the next one comes out; h0, c0 -> hn, cn are the state. The network is trained with
backpropagation through time in NumPy, on waves of random phase and amplitude with a little noise, so that fed with its
own output it keeps swinging. Needs python3-numpy and python3-onnx; the results are committed: nobody needs to run this.
"""
import json
import os
import sys

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    sys.exit(f"{missing}; what this script needs: apt-get install python3-numpy python3-onnx, and run it with /usr/bin/python3")

HIDDEN = 12
PERIOD = 24
rng = np.random.default_rng(7)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(p, x, state=None):
    """x[T, B] -> y[T, B] and what the way back needs. Gates in ONNX's order: input, output, forget, cell."""
    steps, batch = x.shape
    h, c = state or (np.zeros((batch, HIDDEN)), np.zeros((batch, HIDDEN)))
    tape, y = [], np.zeros_like(x)
    for t in range(steps):
        z = x[t][:, None] @ p["w"].T + h @ p["r"].T + p["b"]
        i, o, f = (sigmoid(z[:, k * HIDDEN:(k + 1) * HIDDEN]) for k in range(3))
        g = np.tanh(z[:, 3 * HIDDEN:])
        c_next = f * c + i * g
        tanh_c = np.tanh(c_next)
        h_next = o * tanh_c
        y[t] = h_next @ p["v"] + p["d"]
        tape.append((h, c, i, o, f, g, tanh_c, h_next, c_next))
        h, c = h_next, c_next
    return y, tape


def backward(p, x, dy, tape):
    grad = {k: np.zeros_like(v) for k, v in p.items()}
    dh_next = np.zeros((x.shape[1], HIDDEN))
    dc_next = np.zeros_like(dh_next)
    for t in reversed(range(len(tape))):
        h, c, i, o, f, g, tanh_c, h_out, _ = tape[t]
        grad["v"] += h_out.T @ dy[t]
        grad["d"] += dy[t].sum()
        dh = dy[t][:, None] * p["v"] + dh_next
        dc = dc_next + dh * o * (1 - tanh_c**2)
        dz = np.concatenate([dc * g * i * (1 - i), dh * tanh_c * o * (1 - o), dc * c * f * (1 - f),
                             dc * i * (1 - g**2)], axis=1)
        grad["w"] += dz.T @ x[t][:, None]
        grad["r"] += dz.T @ h
        grad["b"] += dz.sum(axis=0)
        dh_next = dz @ p["r"]
        dc_next = dc * f
    return grad


def train(rounds=4000, steps=72, batch=32):
    p = {
        "w": rng.normal(0, 0.4, (4 * HIDDEN, 1)),
        "r": rng.normal(0, 0.25, (4 * HIDDEN, HIDDEN)),
        "b": np.concatenate([np.zeros(2 * HIDDEN), np.ones(HIDDEN), np.zeros(HIDDEN)]),
        "v": rng.normal(0, 0.3, HIDDEN),
        "d": np.zeros(()),
    }
    first = {k: np.zeros_like(v) for k, v in p.items()}
    second = {k: np.zeros_like(v) for k, v in p.items()}
    for n in range(1, rounds + 1):
        phase = rng.uniform(0, 2 * np.pi, batch)
        size = rng.uniform(0.7, 1.0, batch)
        wave = size * np.sin(2 * np.pi * np.arange(steps + 1)[:, None] / PERIOD + phase)
        x = wave[:-1] + rng.normal(0, 0.03, (steps, batch))
        y, tape = forward(p, x)
        dy = (y - wave[1:]) / batch / steps
        dy[:4] = 0  # no one can know the phase yet
        grad = backward(p, x, dy, tape)
        rate = 0.01 * 0.5 ** (4 * n / rounds)
        for k in p:  # Adam
            first[k] = 0.9 * first[k] + 0.1 * grad[k]
            second[k] = 0.99 * second[k] + 0.01 * grad[k]**2
            p[k] = p[k] - rate * (first[k] / (1 - 0.9**n)) / (np.sqrt(second[k] / (1 - 0.99**n)) + 1e-8)
        if n % 1000 == 0:
            print(f"round {n}: error {np.sqrt(((y - wave[1:])[4:] ** 2).mean()):.4f}")
    return p


def save(p, path):
    f32 = lambda name, a: numpy_helper.from_array(np.asarray(a, np.float32), name)
    nodes = [
        helper.make_node("LSTM", ["x", "W", "R", "B", "", "h0", "c0"], ["states", "hn", "cn"], "lstm",
                         hidden_size=HIDDEN),
        helper.make_node("Squeeze", ["states", "direction_axis"], ["sequence"], "sequence"),
        helper.make_node("MatMul", ["sequence", "V"], ["product"], "readout"),
        helper.make_node("Add", ["product", "d"], ["y"], "offset"),
    ]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes, "sine",
        [value("x", ["time", 1, 1]), value("h0", [1, 1, HIDDEN]), value("c0", [1, 1, HIDDEN])],
        [value("y", ["time", 1, 1]), value("hn", [1, 1, HIDDEN]), value("cn", [1, 1, HIDDEN])],
        [f32("W", p["w"][None]), f32("R", p["r"][None]), f32("B", np.concatenate([p["b"], 0 * p["b"]])[None]),
         f32("V", p["v"][:, None]), f32("d", p["d"]),
         numpy_helper.from_array(np.array([1], np.int64), "direction_axis")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="rondo sample")
    model.ir_version = 7
    onnx.checker.check_model(model)
    onnx.save(model, path)


def record(p, folder):
    """Two periods, computed here in double precision with the weights as saved, from the state that one
    noisy period has left."""
    p = {k: np.asarray(v, np.float32).astype(float) for k, v in p.items()}
    wave = 0.8 * np.sin(2 * np.pi * np.arange(72) / PERIOD + 1) + rng.normal(0, 0.03, 72)
    wave = wave.astype(np.float32).astype(float)[:, None]
    _, tape = forward(p, wave[:24])
    start = tuple(a.astype(np.float32).astype(float) for a in tape[-1][-2:])
    y, tape = forward(p, wave[24:], start)
    os.makedirs(folder, exist_ok=True)
    save_array = lambda name, a, shape: np.save(os.path.join(folder, name), a.astype(np.float32).reshape(shape))
    save_array("x.npy", wave[24:], (48, 1, 1, 1))
    save_array("y.npy", y, (48, 1, 1, 1))
    for name, first, last in zip("hc", start, tape[-1][-2:]):
        save_array(name + "_first.npy", first, (1, 1, HIDDEN))
        save_array(name + "_last.npy", last, (1, 1, HIDDEN))
    # What samples/freestanding.c should write: its triangle wave, from the state zero.
    triangle = np.array([t - 6 if t < 12 else 18 - t for t in range(24)]) / 8
    save_array("triangle_y.npy", forward(p, triangle[:, None])[0], (24,))
    with open(os.path.join(folder, "stream.json"), "w") as out:
        json.dump({"steps": 48, "state": {"h0": "hn", "c0": "cn"}, "inputs": ["x"], "outputs": ["y"],
                   "files": {"x": "x.npy", "y": "y.npy", "h0": ["h_first.npy", "h_last.npy"],
                             "c0": ["c_first.npy", "c_last.npy"]}}, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    folder = os.path.dirname(os.path.abspath(__file__))
    parameters = train()
    save(parameters, os.path.join(folder, "sine.onnx"))
    record(parameters, os.path.join(folder, "recording"))
    wave = np.sin(2 * np.pi * np.arange(48) / PERIOD).astype(np.float32)
    np.save(os.path.join(folder, "sine.npy"), wave.reshape(48, 1, 1))
    # Fed with its own output: does it swing on?
    x, y = wave[:24].astype(float), []
    for _ in range(120):
        out, _ = forward(parameters, x[:, None])
        x = np.append(x, out[-1, 0])
    want = np.sin(2 * np.pi * np.arange(len(x)) / PERIOD)
    errors = (abs(x - want)[12 + k:24 + k].max() for k in (24, 48, 120))
    print("free run, error after 1, 2, 5 periods:", *(f"{error:.3f}" for error in errors))
