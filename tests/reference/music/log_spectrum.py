"""The spectrum that harmony is heard in (core/dsp/log_spectrum.c), written with numpy: log_spectrum.npz.

    python3 tests/reference/music/log_spectrum.py

samples: 16 bit, 22 050 Hz; spectrum: 216 bands x frames, every 2205 samples.
"""
import pathlib

import numpy as np

rate, n_fft, hop = 22050, 8192, 2205
rng = np.random.default_rng(3)
t = np.arange(int(1.3 * rate)) / rate
y = .2 * np.sin(2 * np.pi * 220 * t) + .1 * np.sin(2 * np.pi * (700 + 300 * t) * t) + .02 * rng.standard_normal(len(t))
samples = np.round(32768 * y).astype(np.int16)

window = np.hanning(n_fft + 1)[:-1]
padded = np.pad(samples / 32768, n_fft // 2)
frames = [padded[i * hop:i * hop + n_fft] for i in range(1 + len(samples) // hop)]
magnitude = np.abs(np.fft.rfft(np.array(frames) * window / window.sum()))

hz = np.fft.rfftfreq(n_fft, 1 / rate)
spectrum = []
for band in range(216):
    centre = 55 * 2 ** (band / 36)
    width = max(centre - centre * 2 ** (-1 / 36), rate / n_fft)
    with np.errstate(divide="ignore"):
        triangle = np.maximum(0, 1 - np.abs(np.log2(hz / centre)) / np.log2((centre + width) / centre))
    spectrum.append(magnitude @ (triangle / triangle.sum()))
np.savez_compressed(pathlib.Path(__file__).with_suffix(".npz"), samples=samples, spectrum=np.array(spectrum, np.float32))
