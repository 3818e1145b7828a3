"""Sound at 8000 samples a second as energies in bands, in NumPy: what bands.c computes, for the scripts that train.

A frame is 256 samples under a sine window, and one begins every 128; a band is a triangle over the bins of its spectrum.
"""
import numpy as np

RATE, FRAME, HOP, BANDS = 8000, 256, 128, 16
WINDOW = np.sin(np.pi * (np.arange(FRAME) + 0.5) / FRAME)


def mel(hertz):
    return 2595 * np.log10(1 + hertz / 700)


def hertz(mel):
    return 700 * (10 ** (mel / 2595) - 1)


def triangles():
    """[BANDS, bins]: the weight of each bin of the spectrum in each band."""
    edges = hertz(np.linspace(mel(60), mel(3900), BANDS + 2)) * FRAME / RATE
    bins = np.arange(FRAME // 2 + 1)
    rising = [(bins - edges[b]) / (edges[b + 1] - edges[b]) for b in range(BANDS)]
    falling = [(edges[b + 2] - bins) / (edges[b + 2] - edges[b + 1]) for b in range(BANDS)]
    return np.maximum(0, np.minimum(rising, falling))


def energies(sound):
    """sound[..., N] -> the energy of each band in each frame, [..., frames, BANDS]."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME, axis=-1)[..., ::HOP, :]
    power = np.abs(np.fft.rfft(frames * WINDOW)) ** 2 / FRAME**2
    return power @ triangles().T


def spectra(sound):
    """sound[N] -> the spectrum of each frame, [frames, bins]."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
    return np.fft.rfft(frames * WINDOW)


def with_gains(sound, gains):
    """The sound with each frame's bands made quieter: gains[frames, BANDS]. Frames overlap and add up to the whole."""
    weights = triangles()
    per_bin = gains @ (weights / np.maximum(weights.sum(axis=0), 1e-9))
    frames = np.fft.irfft(spectra(sound) * per_bin, FRAME) * WINDOW
    result = np.zeros(len(sound))
    for t, frame in enumerate(frames):
        result[t * HOP:t * HOP + FRAME] += frame
    return result


def features(sound):
    """What the models hear: the logarithm of the energies, roughly between -1 and 1."""
    return ((np.log10(energies(sound) + 1e-8) + 6) / 2).astype(np.float32)
