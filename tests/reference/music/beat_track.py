"""Beats by librosa 0.11 of made-up onset strengths: the numbers in tests/core/music/test_beat_track.c, which makes the same.

    python3 tests/reference/music/beat_track.py
"""
import librosa
import numpy as np


def curve(seed, frames, clicks):
    """Noise of a linear congruential generator, with a click every so many frames from the third last of them on."""
    out = np.empty(frames, np.float32)
    for i in range(frames):
        seed = (seed * 1664525 + 1013904223) % 2 ** 32
        out[i] = 0.3 * seed / 2 ** 32 + ((i + 3) % clicks == 0)
    return out


for name, seed, frames, period, clicks in ("steady", 1, 400, 20, 20), ("twice", 2, 300, 7, 14), ("noise", 3, 257, 31, 1000):
    _, beats = librosa.beat.beat_track(onset_envelope=curve(seed, frames, clicks), bpm=60 * 22050 / 512 / period,
                                       units="frames")
    print(name, [int(x) for x in beats])
