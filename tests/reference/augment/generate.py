"""Freezes what scipy and librosa 0.11.0 make where the engine augments: augment.safetensors, read by
tests/core/dsp/test_augment.c.

    python3 tests/reference/augment/generate.py

sound (float32, 22050 Hz); equalize.db (gains of five bands), equalize.out (scipy's filters of the same formulas, in
float64); stretch_080, stretch_125 (librosa.effects.time_stretch on float64), pitch_3, pitch_-4 (librosa's pitch_shift
by semitones, soxr_hq); probabilities, and at these the quantiles of the normal distribution and of Beta(a, a):
normal, beta_A.
"""
import pathlib

import librosa
import numpy as np
import scipy.signal
import scipy.stats
from safetensors.numpy import save_file

assert librosa.__version__ == "0.11.0"
RATE = 22050
rng = np.random.default_rng(5)
n = 30000
t = np.arange(n) / RATE
sound = 0.3 * np.sin(2 * np.pi * 220 * t + 4 * np.sin(5 * t)) + 0.2 * np.sin(2 * np.pi * 1330 * t) * np.exp(-4 * (t % 0.3))
sound = (sound + 0.02 * rng.standard_normal(n)).astype(np.float32)
out = {"sound": sound}


def peaking(hz, octaves, db):
    """peakingEQ of the Audio EQ Cookbook, as a second-order section."""
    a = 10 ** (db / 40)
    w0 = 2 * np.pi * hz / RATE
    alpha = np.sin(w0) * np.sinh(np.log(2) / 2 * octaves * w0 / np.sin(w0))
    b = np.array([1 + alpha * a, -2 * np.cos(w0), 1 - alpha * a])
    d = np.array([1 + alpha / a, -2 * np.cos(w0), 1 - alpha / a])
    return np.concatenate([b, d]) / d[0]


gains = np.array([6.0, -9.5, 0.0, 3.25, -12.0])
edges = np.geomspace(50, 0.45 * RATE, len(gains) + 1)
sections = np.array([peaking(np.sqrt(lo * hi), np.log2(hi / lo), db) for lo, hi, db in zip(edges, edges[1:], gains)])
out["equalize.db"] = gains
out["equalize.out"] = scipy.signal.sosfilt(sections, sound.astype(np.float64))

for name, rate in {"stretch_080": 0.8, "stretch_125": 1.25}.items():
    out[name] = librosa.effects.time_stretch(sound.astype(np.float64), rate=rate)
for steps in (3, -4):
    out[f"pitch_{steps}"] = librosa.effects.pitch_shift(sound.astype(np.float64), sr=RATE, n_steps=steps,
                                                        res_type="soxr_hq")

p = np.arange(1, 200) / 200
out["probabilities"] = p
out["normal"] = scipy.stats.norm.ppf(p)
for a in (0.1, 0.2, 0.5, 1.0, 4.0):
    out[f"beta_{a}"] = scipy.stats.beta.ppf(p, a, a)

save_file({key: np.ascontiguousarray(value, np.float32) for key, value in out.items()},
          pathlib.Path(__file__).with_name("augment.safetensors"))
