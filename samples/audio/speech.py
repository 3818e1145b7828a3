"""Something like speech, for the scripts that train: vowels that glide from one to the next, and noises. No recording of
anybody: a voice's harmonics are added up under two formants."""
import numpy as np

from bands import RATE

VOWELS = {"i": (300, 2300), "e": (480, 1900), "a": (750, 1300), "o": (500, 900), "u": (320, 750)}  # formants, in hertz


def resonance(frequency, formant, width):
    return 1 / (1 + ((frequency - formant) / width) ** 2)


def glide(rng, vowels):
    """The vowels one after the other, 0.12 to 0.22 s each, by one speaker with a pitch of 90 to 220 Hz."""
    seconds = rng.uniform(0.12, 0.22) * len(vowels)
    time = np.arange(int(seconds * RATE)) / RATE / seconds
    size = rng.uniform(0.9, 1.12)  # of the speaker
    knots = np.linspace(0.15, 0.85, len(vowels)) if len(vowels) > 1 else [0.5]
    first, second = (size * np.interp(time, knots, [VOWELS[v][k] for v in vowels]) for k in (0, 1))
    pitch = rng.uniform(90, 220) * (1 + rng.uniform(-0.2, 0.2) * (time - 0.5))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE + rng.uniform(0, 2 * np.pi)
    sound = np.zeros_like(time)
    for k in range(1, 41):
        frequency = k * pitch
        loudness = (resonance(frequency, first, 80) + 0.5 * resonance(frequency, second, 120)) / k**0.5
        sound += np.where(frequency < 0.45 * RATE, loudness, 0) * np.sin(k * phase)
    sound *= np.minimum(1, np.minimum(time, 1 - time) * seconds / 0.03)  # fades in and out
    return sound / np.abs(sound).max()


def noise(rng, samples):
    """Noise of a random colour, whose loudness wanders."""
    spectrum = np.fft.rfft(rng.normal(0, 1, samples))
    frequency = np.fft.rfftfreq(samples, 1 / RATE)
    spectrum *= (1 + frequency / 200) ** -rng.uniform(0, 1.2)
    if rng.uniform() < 0.5:
        spectrum *= 0.2 + resonance(frequency, rng.uniform(200, 3500), rng.uniform(100, 1000))
    sound = np.fft.irfft(spectrum, samples)
    loudness = np.interp(np.arange(samples), np.linspace(0, samples, 8), rng.uniform(0.5, 1, 8))
    return loudness * sound / sound.std()
