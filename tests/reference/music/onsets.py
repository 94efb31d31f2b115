"""Onsets and tempo of librosa 0.11.0 for tones that begin every third of a second, slower and slower: onsets.npz.

    python3 tests/reference/music/onsets.py

samples: 16 bit, 22 050 Hz; onsets, backtracked: seconds; tempo: BPM.
"""
import pathlib

import librosa
import numpy as np

assert librosa.__version__ == "0.11.0"
rate = 22050
rng = np.random.default_rng(5)
y = np.zeros(9 * rate)
at = .2
while at < 8.8:
    n = int(.25 * rate)
    start, t = int(at * rate), np.arange(n) / rate
    end = min(start + n, len(y))
    tone = np.sin(2 * np.pi * rng.choice([220, 330, 440, 660]) * t) * np.exp(-t * 9) * rng.uniform(.2, .6)
    y[start:end] += tone[:end - start]
    at += .33 + at / 60
samples = np.round(32768 * y).astype(np.int16)
x = samples.astype(np.float32) / 32768
np.savez_compressed(
    pathlib.Path(__file__).with_suffix(".npz"), samples=samples,
    onsets=librosa.onset.onset_detect(y=x, sr=rate, units="time"),
    backtracked=librosa.onset.onset_detect(y=x, sr=rate, units="time", backtrack=True),
    tempo=librosa.feature.tempo(y=x, sr=rate))
