"""The audio samples, as built in $BUILT: what they say and write, against what was recorded beside them."""
import os
import re
import subprocess
import unittest

import numpy as np

import bands
import rondo
from wav import read_wav

BUILT = os.environ["BUILT"]
SAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "samples", "audio")


def sample(name):
    return os.path.join(SAMPLES, name)


def run(program, *arguments):
    done = subprocess.run([os.path.join(BUILT, program), *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{program}: {done.stdout}{done.stderr}")
    return done.stdout


def compiled(model, *options):
    name = re.sub(r".*/|\..*", "", model)
    library = os.path.join(BUILT, name + ".so")
    subprocess.run([os.environ["RONDO"], "compile", sample(model), "-o", library, *options], check=True)
    return rondo.Model(library)


class Amplifier(unittest.TestCase):
    def test_it_plays_as_recorded_in_any_blocks(self):
        """To one step of 16 bits; and not one bit depends on the blocks."""
        results = []
        for block in ("1", "64", "1000", "1000000"):
            result = os.path.join(BUILT, "result.wav")
            said = run("amplify", sample("amplifier/guitar.wav"), result, block)
            self.assertGreater(float(re.search(r"([0-9.]+) times faster than real time", said)[1]), 1)
            with open(result, "rb") as file:
                results.append(file.read())
        self.assertEqual(results, results[:1] * 4)
        error = np.abs(read_wav(result) - read_wav(sample("amplifier/amplified.wav")))
        self.assertLessEqual(error.max() * 32768, 1)

    def test_it_refuses_what_is_no_sound(self):
        short = os.path.join(BUILT, "short.wav")
        with open(sample("amplifier/guitar.wav"), "rb") as whole, open(short, "wb") as cut:
            cut.write(whole.read()[:1000])
        for arguments, code, said in ((["absent.wav", "x.wav"], 1, "cannot be opened"), ([], 2, "usage"),
                                      ([__file__, "x.wav"], 1, "not a WAV file"), ([short, "x.wav"], 1, "ends before")):
            done = subprocess.run([os.path.join(BUILT, "amplify"), *arguments], capture_output=True, text=True)
            self.assertEqual(done.returncode, code)
            self.assertIn(said, done.stderr)


class Keyword(unittest.TestCase):
    def test_it_hears_when_and_what_was_recorded(self):
        posteriors = np.load(sample("keyword/posteriors.npy"))
        now = np.where(posteriors[:, 1] > 0.5, 1, np.where(posteriors[:, 2] > 0.5, 2, 0))
        want = [f'{t * 128 / 8000:.3f} s: "{["", "ya", "wee"][now[t]]}", probability {posteriors[t, now[t]]:.3f}'
                for t in range(1, len(now)) if now[t] and now[t] != now[t - 1]]
        self.assertEqual(len(want), 3)
        self.assertEqual(run("listen", sample("keyword/words.wav")).splitlines(), want)

    def test_the_model_is_the_recorded_one(self):
        stream = compiled("keyword/keyword.onnx", "--state=h=hn").instance()
        x = np.load(sample("keyword/features.npy"))
        got = stream.steps(x=x[:, None, None])["posterior"]
        np.testing.assert_allclose(got[:, 0, 0], np.load(sample("keyword/posteriors.npy")), rtol=1e-4, atol=1e-5)


class Denoiser(unittest.TestCase):
    def test_it_writes_what_the_recorded_gains_make(self):
        result = os.path.join(BUILT, "clean.wav")
        said = run("denoise", sample("denoiser/noisy.wav"), result, sample("denoiser/clean.wav"))
        noisy, clean = read_wav(sample("denoiser/noisy.wav")), read_wav(sample("denoiser/clean.wav"))
        want = bands.with_gains(noisy, np.load(sample("denoiser/gains.npy")).astype(float))
        self.assertLessEqual(np.abs(read_wav(result) - want).max() * 32768, 2)
        ratio = lambda sound: 10 * np.log10((clean**2).sum() / ((sound - clean) ** 2).sum())
        self.assertEqual(said, f"signal to noise: {ratio(noisy):.1f} dB before, {ratio(want):.1f} dB after\n")
        self.assertGreater(ratio(want), ratio(noisy) + 3)

    def test_the_model_is_the_recorded_one(self):
        x = bands.features(read_wav(sample("denoiser/noisy.wav")))[:, None]
        gains = compiled("denoiser/denoiser.onnx").run(x=x)["gains"]
        np.testing.assert_allclose(gains[:, 0], np.load(sample("denoiser/gains.npy")), rtol=1e-4, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
