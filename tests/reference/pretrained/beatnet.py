"""BeatNet's front end in numpy, as its log-spectrogram of madmom computes it: features of a second of drum-like sound.

    python beatnet.py        writes beatnet/features.safetensors
"""
import os

import numpy as np
from safetensors.numpy import save_file

RATE, HOP, LENGTH, BINS = 22050, 441, 1411, 705


def filters():
    steps = np.arange(np.ceil(24 * np.log2(30 / 440)), np.floor(24 * np.log2(17000 / 440)) + 1)
    centres, bins = 440 * 2 ** (steps / 24), np.arange(BINS) * RATE / 1410
    index = np.clip(bins.searchsorted(centres), 1, BINS - 1)
    index -= centres - bins[index - 1] < bins[index] - centres
    index = np.unique(index)
    bank = np.zeros((BINS, len(index) - 2))
    for k in range(len(index) - 2):
        low, centre, high = index[k:k + 3]
        bank[low:centre, k] = np.linspace(0, 1, centre - low, endpoint=False)
        bank[centre:high, k] = np.linspace(1, 0, high - centre, endpoint=False)
    return bank / bank.sum(0)


def features(wave):
    frames = -(-len(wave) // HOP)
    padded = np.concatenate([np.zeros(BINS), wave, np.zeros(LENGTH + HOP)])
    rows = [padded[i * HOP:i * HOP + LENGTH] * np.hanning(LENGTH) for i in range(frames)]
    magnitude = np.abs(np.fft.rfft(rows, axis=1))[:, :BINS]
    x = np.log10(1 + magnitude @ filters())
    rise = np.maximum(np.diff(x, axis=0, prepend=x[:1]), 0)
    return np.concatenate([x, rise], 1).astype(np.float32)


random = np.random.default_rng(1)
time = np.arange(RATE) / RATE
sound = (random.standard_normal(RATE) * np.exp(-(time % 0.25) * 30) * 0.3).astype(np.float32)
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "beatnet")
os.makedirs(folder, exist_ok=True)
save_file({"waveform": sound, "features": features(sound)}, os.path.join(folder, "features.safetensors"))
