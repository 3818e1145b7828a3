"""WAV files of one channel and 16 bits, for the scripts that make the samples' models."""
import wave

import numpy as np


def write_wav(path, sound, rate):
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(np.clip(sound, -1, 32767 / 32768) * 32768).astype("<i2").tobytes())


def read_wav(path):
    with wave.open(path, "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768
