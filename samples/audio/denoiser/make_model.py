#!/usr/bin/python3
"""Makes denoiser.onnx, a GRU that hears how loud each band is and says how much of it to keep, and recordings to test it with.

The idea is RNNoise's, at a size for a page: 16 bands, 24 units, no pitch. It is trained on synthetic speech and noise
(../speech.py) and knows no human voice. The model takes a whole sequence, x[T, 1, 16] -> gains[T, 1, 16]: `rondo compile
--stream` makes the step function. Needs python3-torch and python3-numpy; the results are committed.
"""
import os
import sys

try:
    import numpy as np
    import torch
except ImportError as missing:
    sys.exit(f"{missing}; what this script needs: apt-get install python3-numpy python3-torch, and run it with /usr/bin/python3")

folder = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(folder))
from bands import BANDS, RATE, energies, features, with_gains  # noqa: E402
from speech import VOWELS, glide, noise  # noqa: E402
from wav import read_wav, write_wav  # noqa: E402

HIDDEN, SECONDS = 24, 2.0


class Denoiser(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(BANDS, HIDDEN)
        self.out = torch.nn.Linear(HIDDEN, BANDS)

    def forward(self, x):
        return torch.sigmoid(self.out(self.gru(x)[0]))


def clip(rng):
    """Speech and noise apart: words of one to three vowels with pauses, and noise 0 to 15 dB below their mean power."""
    samples = int(SECONDS * RATE)
    speech, at = np.zeros(samples), int(rng.uniform(0.1, 0.5) * RATE)
    while True:
        word = glide(rng, [list(VOWELS)[k] for k in rng.integers(0, len(VOWELS), rng.integers(1, 4))])
        if at + len(word) > samples:
            break
        speech[at:at + len(word)] = word * rng.uniform(0.15, 0.6)
        at += len(word) + int(rng.uniform(0.05, 0.4) * RATE)
    loudness = np.sqrt((speech**2).mean()) * 10 ** (-rng.uniform(0, 15) / 20)
    return speech, loudness * noise(rng, samples)


def train(seed):
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    clips = [clip(rng) for _ in range(2000)]
    x = torch.tensor(np.stack([features(s + n) for s, n in clips], axis=1))
    ideal = [np.sqrt(energies(s) / (energies(s) + energies(n) + 1e-12)) for s, n in clips]
    want = torch.tensor(np.stack(ideal, axis=1).astype(np.float32))
    model = Denoiser()
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    rounds = 1200
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rounds)
    for n in range(1, rounds + 1):
        pick = torch.randint(0, x.shape[1], (32,))
        loss = ((model(x[:, pick]) - want[:, pick]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rates.step()
        if n % 300 == 0:
            print(f"round {n}: error {loss.item():.4f}", flush=True)
    return model.eval()


def gains_of(model, sound):
    with torch.no_grad():
        return model(torch.tensor(features(sound).astype(float))[:, None])[:, 0].numpy()


def signal_to_noise(clean, sound):
    return 10 * np.log10((clean**2).sum() / ((sound - clean) ** 2).sum())


def test(model, seed, count=200):
    """Clips that it was not trained on."""
    rng = np.random.default_rng(seed)
    better = []
    for _ in range(count):
        speech, added = clip(rng)
        result = with_gains(speech + added, gains_of(model, speech + added))
        better.append(signal_to_noise(speech, result) - signal_to_noise(speech, speech + added))
    print(f"new clips: signal to noise better by {np.mean(better):.1f} dB on average, by {np.min(better):.1f} dB at least")


def record(model, seed):
    rng = np.random.default_rng(seed)
    speech, added = clip(rng)
    write_wav(os.path.join(folder, "clean.wav"), speech, RATE)
    write_wav(os.path.join(folder, "noisy.wav"), speech + added, RATE)
    clean, noisy = (read_wav(os.path.join(folder, name)) for name in ("clean.wav", "noisy.wav"))
    gains = gains_of(model, noisy)
    np.save(os.path.join(folder, "gains.npy"), gains.astype(np.float32))
    print(f"noisy.wav: {signal_to_noise(clean, noisy):.1f} dB, and {signal_to_noise(clean, with_gains(noisy, gains)):.1f} dB after")


if __name__ == "__main__":
    torch.set_num_threads(1)
    denoiser = train(1)
    torch.onnx.export(denoiser, torch.zeros(2, 1, BANDS), os.path.join(folder, "denoiser.onnx"), input_names=["x"],
                      output_names=["gains"], dynamic_axes={"x": {0: "T"}, "gains": {0: "T"}}, opset_version=13)
    denoiser.double()
    test(denoiser, 2)
    record(denoiser, 3)
