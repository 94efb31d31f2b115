"""Chroma, key and triads as lua/moonlark/music has them without a network, written with numpy: harmony.npz.

    python3 tests/reference/music/harmony.py

samples: 16 bit, 22 050 Hz, 30 cents over 440 Hz. tuning in semitones; chroma, bass: 12 x frames from C, 10 a second;
correlations: 24 keys, major from C first; triads: 25 x frames, what music/triads.lua gives for a bass of 0.12.
"""
import pathlib

import numpy as np

RATE, N_FFT, HOP = 22050, 8192, 2205
MAJOR = [1, 0, .42, 0, .53, .37, 0, .77, 0, .38, .21, .30]
MINOR = [1, 0, .36, .39, 0, .38, 0, .74, .27, 0, .42, .23]
CHORDS = [(45, 57, 60, 64), (41, 57, 60, 65), (43, 55, 59, 62), (45, 57, 60, 64), ()]


def song():
    t, parts = np.arange(RATE // 2) / RATE, []
    for chord in CHORDS:
        y = np.zeros(len(t))
        for pitch in chord:
            hz = 440 * 2 ** ((pitch - 69 + .3) / 12)
            y += sum(np.sin(2 * np.pi * hz * k * t) * .6 ** k for k in range(1, 6))
        parts.append(.02 * y * np.exp(-2 * t))
    return np.round(32768 * np.concatenate(parts)).astype(np.int16)


def log_spectrum(samples):
    window = np.hanning(N_FFT + 1)[:-1]
    padded = np.pad(samples / 32768, N_FFT // 2)
    frames = np.array([padded[i * HOP:i * HOP + N_FFT] for i in range(1 + len(samples) // HOP)])
    magnitude = np.abs(np.fft.rfft(frames * window / window.sum()))
    hz, rows = np.fft.rfftfreq(N_FFT, 1 / RATE), []
    for band in range(216):
        centre = 55 * 2 ** (band / 36)
        width = max(centre - centre * 2 ** (-1 / 36), RATE / N_FFT)
        with np.errstate(divide="ignore"):
            triangle = np.maximum(0, 1 - np.abs(np.log2(hz / centre)) / np.log2((centre + width) / centre))
        rows.append(magnitude @ (triangle / triangle.sum()))
    return np.array(rows)


def tuning_of(spectrum):
    phasor = np.exp(-2j * np.pi * np.arange(216) / 3)
    return -np.angle((spectrum.mean(1) * phasor).sum()) / (2 * np.pi)


def tuned(spectrum, tuning):
    at = np.arange(216) + 3 * tuning
    return np.array([np.interp(at, np.arange(216), column) for column in spectrum.T]).T


def whitened(spectrum):
    x = np.log1p(1000 * spectrum)
    around = np.pad(x, ((18, 18), (0, 0)), mode="symmetric")
    return np.maximum(0, x - np.array([around[i:i + 37].mean(0) for i in range(216)]))


def folded(x, first, last):
    padded = np.pad(x, ((1, 1), (0, 0)))
    notes = padded[1:-1:3] + .5 * (padded[:-2:3] + padded[2::3])
    out = np.zeros((12, x.shape[1]))
    for i in range(12 * first, 12 * (last + 1)):
        out[(i + 9) % 12] += notes[i]  # the lowest note is an A
    return out


def correlations(chroma):
    lengths = np.linalg.norm(chroma, axis=0)
    mean = (chroma / (lengths + 1e-3 * lengths.max())).mean(1)
    return np.array([np.corrcoef(np.roll(profile, k), mean)[0, 1] for profile in (MAJOR, MINOR) for k in range(12)])


def triads(chroma, bass):
    rows = []
    lengths = np.linalg.norm(chroma, axis=0) + 1e-9
    deep = bass / (bass.max(0) + 1e-9)
    for third in (4, 3):
        for root in range(12):
            notes = [root, (root + third) % 12, (root + 7) % 12]
            rows.append(chroma[notes].sum(0) / np.sqrt(3) / lengths + .12 * deep[root])
    rows.append(.55 + .06 + 10 * (lengths < .01 * lengths.max()))
    return 12 * np.array(rows)


samples = song()
plain = log_spectrum(samples)
tuning = tuning_of(plain)
white = whitened(tuned(plain, tuning))
chroma, bass = folded(white, 1, 5), folded(white, 0, 1)
np.savez_compressed(pathlib.Path(__file__).with_suffix(".npz"), samples=samples, tuning=np.array([tuning], np.float32),
                    chroma=chroma.astype(np.float32), bass=bass.astype(np.float32),
                    correlations=correlations(chroma).astype(np.float32), triads=triads(chroma, bass).astype(np.float32))
