"""Freezes what librosa 0.11.0 makes of short sounds: effects.safetensors, read by tests/lua/test_effects.lua.

    python3 tests/reference/effects/generate.py

Names: NAME (the sound, float32), NAME.harmonic, NAME.percussive (and with kernels of 17 x 9, margins 1.5 and 3:
NAME.harmonic_wide ...), NAME.stretch_RATE and NAME.shift_STEPS. Stretching runs on float64 samples: with float32 ones
librosa sums the phases in single precision, which wanders.
"""
import pathlib

import librosa
import numpy as np
from safetensors.numpy import save_file

assert librosa.__version__ == "0.11.0"
RATE = 22050
rng = np.random.default_rng(5)
t = np.arange(int(0.45 * RATE)) / RATE


def music():
    y = sum(0.15 / k * np.sin(2 * np.pi * 196 * k * t + k) for k in range(1, 9))
    for start in range(0, len(t), 2500):
        y[start:start + 600] += 0.5 * rng.standard_normal(len(y[start:start + 600])) * np.exp(-np.arange(600) / 90)[:len(y[start:start + 600])]
    return y


sounds = {"music": music(), "noise": 0.1 * rng.standard_normal(len(t)), "silence": np.zeros(2000),
          "half": np.concatenate([np.zeros(3000), 0.3 * np.sin(2 * np.pi * 440 * t[:5000])])}
out = {}
for name, y in sounds.items():
    y = y.astype(np.float32)
    out[name] = y
    out[f"{name}.harmonic"], out[f"{name}.percussive"] = librosa.effects.hpss(y)
    out[f"{name}.harmonic_wide"], out[f"{name}.percussive_wide"] = librosa.effects.hpss(
        y, kernel_size=(17, 9), margin=(1.5, 3.0))
    out[f"{name}.harmonic_hard"], out[f"{name}.percussive_hard"] = librosa.effects.hpss(y, power=np.inf)
    for rate in (0.7, 1.0, 1.6):
        out[f"{name}.stretch_{rate}"] = librosa.effects.time_stretch(y.astype(np.float64), rate=rate)
    for steps in (-5, 3):
        out[f"{name}.shift_{steps}"] = librosa.effects.pitch_shift(y.astype(np.float64), sr=RATE, n_steps=steps)
save_file({k: np.ascontiguousarray(v, dtype=np.float32) for k, v in out.items()},
          pathlib.Path(__file__).parent / "effects.safetensors")
