"""mir_eval 0.8's sonification of chords, notes and a contour: tones.json, read by tests/lua/test_annotation.lua.

    python3 tests/reference/annotation/tones.py

Every seventh sample is kept; frequencies are rounded to 1 mHz.
"""
import json
import pathlib

import numpy as np
from mir_eval import sonify

rate, step = 4000, 7
labels = ["C:maj", "A:min7/b3", "N", "F#:sus4"]
intervals = np.array([[0.1, 0.5], [0.5, 0.9], [0.9, 1.1], [1.1, 1.4]])
chords = sonify.chords(labels, intervals, rate, length=6000, n_dec=3)

pitches, times = np.array([60, 67]), np.array([[0.0, 0.3], [0.3, 0.6], [0.6, 0.8]])
gram = np.array([[1.0, 1.0, 0.0], [0.0, 0.5, 0.5]])
notes = sonify.time_frequency(gram, 440 * 2.0 ** ((pitches - 69) / 12), times, rate, length=3600, n_dec=3)

frames = np.arange(20) / 20
hz = 220 * 2 ** (np.sin(frames * 5) / 3)
contour = sonify.pitch_contour(frames, hz, rate)

out = {"rate": rate, "step": step, "hz": hz.tolist()}
for name, wave in {"chords": chords, "notes": notes, "contour": contour}.items():
    out[name] = np.round(wave[::step], 6).tolist()
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
