"""The audio samples, as built in $BUILT: what they say and write, against what was recorded beside them."""
import os
import re
import subprocess
import unittest

import numpy as np

import rondo

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


if __name__ == "__main__":
    unittest.main()
