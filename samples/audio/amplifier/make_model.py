#!/usr/bin/python3
"""Makes amplifier.json, an LSTM of 20 units that sounds like an overdriven amplifier, in the form in which GuitarML's
plugins exchange such models, and a recording to test it with.

The amplifier is three lines of mathematics (see `amplifier`), the guitar a plucked string made of noise: nobody's
device, nobody's recording. Needs python3-torch and python3-numpy; the results are committed.
"""
import json
import os
import sys

try:
    import numpy as np
    import torch
except ImportError as missing:
    sys.exit(f"{missing}; what this script needs: apt-get install python3-numpy python3-torch, and run it with /usr/bin/python3")

folder = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(folder))
from wav import read_wav, write_wav  # noqa: E402

RATE, HIDDEN, STEPS, WARM_UP = 48000, 20, 1024, 128


def pluck(rng, hertz, seconds):
    """Karplus and Strong's string: noise that goes round and is smoothed on each round."""
    period = round(RATE / hertz)
    rounds = [rng.uniform(-1, 1, period)]
    for _ in range(int(seconds * RATE) // period):
        last = rounds[-1]
        rounds.append(0.498 * (last + np.roll(last, 1)))
    return np.concatenate(rounds)[:int(seconds * RATE)]


def guitar(rng, seconds):
    """Chords of three strings, one every quarter of a second."""
    sound = np.zeros(int(seconds * RATE))
    for at in range(0, len(sound), RATE // 4):
        root = 82.4 * 2 ** (rng.integers(0, 20) / 12)
        for ratio in (1, 1.498, 2):
            string = pluck(rng, root * ratio, 0.6)[:len(sound) - at]
            sound[at:at + len(string)] += rng.uniform(0.1, 0.5) * string
    return np.clip(sound, -1, 1)


def amplifier(x):
    """Drive into a lopsided tanh, then a tone control: a low pass of one pole at 4 kHz."""
    driven = np.tanh(8 * x + 0.3) - np.tanh(0.3)
    a = 1 - np.exp(-2 * np.pi * 4000 / RATE)
    y, level = np.empty_like(driven), 0.0
    for t, value in enumerate(driven):
        level += a * (value - level)
        y[t] = level
    return 0.5 * y


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rec = torch.nn.LSTM(1, HIDDEN)
        self.lin = torch.nn.Linear(HIDDEN, 1)

    def forward(self, x):
        return self.lin(self.rec(x)[0]) + x


def train(rng):
    x = guitar(rng, 20.0)
    y = amplifier(x)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
    torch.manual_seed(1)
    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    rounds = 600
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rounds)
    for n in range(1, rounds + 1):
        starts = torch.randint(0, len(x) - STEPS, (32,))
        cut = lambda sound: torch.stack([sound[s:s + STEPS] for s in starts], 1)[:, :, None]
        error = (model(cut(x)) - cut(y))[WARM_UP:]
        loss = (error**2).mean() / (y**2).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rates.step()
        if n % 100 == 0:
            print(f"round {n}: error to signal {loss.item():.5f}", flush=True)
    return model.eval()


def save(model):
    with open(os.path.join(folder, "amplifier.json"), "w") as file:
        json.dump({"model_data": {"model": "SimpleRNN", "input_size": 1, "output_size": 1, "unit_type": "LSTM",
                                  "num_layers": 1, "hidden_size": HIDDEN, "skip": 1, "bias_fl": True},
                   "state_dict": {name: [[float(f"{w:.7g}") for w in row] for row in values.tolist()] if values.dim() == 2
                                  else [float(f"{w:.7g}") for w in values.tolist()]
                                  for name, values in model.state_dict().items()}}, file)
        file.write("\n")


def reference(x):
    """What the saved file says, in NumPy and double precision: gates i, f, g, o as PyTorch has them."""
    with open(os.path.join(folder, "amplifier.json")) as file:
        p = {name: np.array(values, np.float32).astype(float) for name, values in json.load(file)["state_dict"].items()}
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    h, c, y = np.zeros(HIDDEN), np.zeros(HIDDEN), np.empty_like(x)
    for t, value in enumerate(x):
        gates = p["rec.weight_ih_l0"][:, 0] * value + p["rec.weight_hh_l0"] @ h + p["rec.bias_ih_l0"] + p["rec.bias_hh_l0"]
        i, f, g, o = np.split(gates, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        y[t] = p["lin.weight"][0] @ h + p["lin.bias"][0] + value
    return y


if __name__ == "__main__":
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    save(train(rng))
    write_wav(os.path.join(folder, "guitar.wav"), guitar(rng, 0.5), RATE)
    x = read_wav(os.path.join(folder, "guitar.wav"))
    want, y = amplifier(x), reference(x)
    print(f"guitar.wav: error to signal {((y - want) ** 2).sum() / (want**2).sum():.5f}")
    write_wav(os.path.join(folder, "amplified.wav"), y, RATE)
