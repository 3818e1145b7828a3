#!/usr/bin/python3
"""Makes keyword.onnx, a GRU that hears two made-up words, "ya" and "wee", and recordings to test it with.

It is trained on synthetic speech (../speech.py): it shows how a keyword spotter is built and compiled, and knows no
human voice. The input is one frame's features, the output the probability of "nothing", "ya" and "wee"; the state
goes in as h and comes out as hn. Needs python3-torch and python3-numpy; the results are committed.
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
from bands import BANDS, FRAME, HOP, RATE, features  # noqa: E402
from speech import glide, noise  # noqa: E402
from wav import read_wav, write_wav  # noqa: E402

NAMES = ["nothing", "ya", "wee"]
WORDS = [("ia", 1), ("ui", 2)]
OTHERS = ["ai", "iu", "a", "i", "u", "e", "o", "oa", "ae", "ou", "au", "eo"]
HIDDEN, SECONDS, AFTER = 24, 1.5, 12  # a word is reported in the 12 frames after its end


class Spotter(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = torch.nn.GRU(BANDS, HIDDEN)
        self.out = torch.nn.Linear(HIDDEN, len(NAMES))

    def logits(self, x, h=None):
        y, hn = self.gru(x, h)
        return self.out(y), hn

    def forward(self, x, h):
        logits, hn = self.logits(x, h)
        return torch.softmax(logits, 2), hn


def clip(rng, word=None):
    """A second and a half with at most two words or other sounds in it, in noise; and what to answer in each frame."""
    samples = int(SECONDS * RATE)
    sound, answer = np.zeros(samples), np.zeros((samples - FRAME) // HOP + 1, np.int64)
    at = int(rng.uniform(0.05, 0.35) * RATE)
    for k in range(2):
        label = word if k == 0 and word is not None else rng.integers(0, 3)
        vowels = [w for w, n in WORDS if n == label] or [OTHERS[rng.integers(len(OTHERS))]]
        spoken = glide(rng, vowels[0]) * rng.uniform(0.15, 0.9)
        if at + len(spoken) > samples - AFTER * HOP:
            break
        sound[at:at + len(spoken)] += spoken
        end = (at + len(spoken)) // HOP
        answer[end:end + AFTER] = label
        at += len(spoken) + int(rng.uniform(0.15, 0.4) * RATE)
        if rng.uniform() < 0.4:
            break
    return sound + noise(rng, samples) * 10 ** rng.uniform(-3.2, -1.5), answer


def train(seed):
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    clips = [clip(rng) for _ in range(3000)]
    x = torch.tensor(np.stack([features(sound) for sound, _ in clips], axis=1))
    want = torch.tensor(np.stack([answer for _, answer in clips], axis=1))
    model = Spotter()
    optimizer = torch.optim.Adam(model.parameters(), 4e-3)
    rounds = 1500
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, rounds)
    for n in range(1, rounds + 1):
        pick = torch.randint(0, x.shape[1], (64,))
        logits, _ = model.logits(x[:, pick])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), want[:, pick].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rates.step()
        if n % 300 == 0:
            print(f"round {n}: loss {loss.item():.4f}")
    return model.eval()


def heard(posterior):
    """The words of a clip in order: where a probability rises above one half."""
    best = np.where(posterior[:, 1:].max(axis=1) > 0.5, 1 + posterior[:, 1:].argmax(axis=1), 0)
    return [int(b) for a, b in zip(np.append(0, best), best) if b and a != b]


def spoken(answer):
    return [int(b) for a, b in zip(np.append(0, answer), answer) if b and a != b]


def test(model, seed, count=500):
    """Clips that it was not trained on."""
    rng = np.random.default_rng(seed)
    right = 0
    for _ in range(count):
        sound, answer = clip(rng)
        with torch.no_grad():
            posterior, _ = model(torch.tensor(features(sound))[:, None], torch.zeros(1, 1, HIDDEN))
        right += heard(posterior[:, 0].numpy()) == spoken(answer)
    print(f"new clips in which exactly the words spoken are heard: {right} of {count}")


def record(model, seed):
    """words.wav: three clips after each other; posteriors.npy: what PyTorch computes on it, in double precision."""
    rng = np.random.default_rng(seed)
    clips = [clip(rng, word) for word in (1, 2, 1)]
    write_wav(os.path.join(folder, "words.wav"), np.concatenate([sound for sound, _ in clips]), RATE)
    x = features(read_wav(os.path.join(folder, "words.wav")))
    with torch.no_grad():
        posterior, _ = model.double()(torch.tensor(x.astype(float))[:, None], torch.zeros(1, 1, HIDDEN).double())
    model.float()
    posterior = posterior[:, 0].numpy()
    print("words.wav: spoken", [NAMES[n] for _, a in clips for n in spoken(a)], "heard", [NAMES[n] for n in heard(posterior)])
    np.save(os.path.join(folder, "features.npy"), x)
    np.save(os.path.join(folder, "posteriors.npy"), posterior.astype(np.float32))


if __name__ == "__main__":
    torch.set_num_threads(1)
    spotter = train(1)
    test(spotter, 2)
    torch.onnx.export(spotter, (torch.zeros(1, 1, BANDS), torch.zeros(1, 1, HIDDEN)), os.path.join(folder, "keyword.onnx"),
                      input_names=["x", "h"], output_names=["posterior", "hn"], opset_version=13)
    record(spotter, 3)
