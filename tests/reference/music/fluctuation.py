"""Danceability and its exponents by Essentia 2.1-beta6-dev of sounds whose level beats, wanders and stands: fluctuation.npz.

    python3 tests/reference/music/fluctuation.py

levels: sounds x levels of 220 samples at 22 050 Hz, each sample the level or less it; danceability: one of each sound;
exponents: sounds x 35.
"""
import pathlib

import essentia.standard as es
import numpy as np

rate, samples, count = 22050, 220, 1500
rng = np.random.default_rng(3)
t = np.arange(count) * samples / rate
beats = np.exp(-8 * (t % .5))  # 120 a minute
wanders = np.exp(np.interp(t, np.arange(17), rng.normal(size=17)))
levels = np.array([beats, wanders, beats * np.exp(.5 * np.sin(2 * np.pi * t / 6)), np.ones_like(t)])
levels = (.1 * levels * (1 + .2 * rng.normal(size=levels.shape))).astype(np.float32)
sounds = np.repeat(levels, samples, axis=1) * np.tile(np.float32([1, -1]), count * samples // 2)
danceability, exponents = zip(*[es.Danceability(sampleRate=rate)(x) for x in sounds])
np.savez_compressed(pathlib.Path(__file__).with_suffix(".npz"), levels=levels, danceability=np.array(danceability),
                    exponents=np.array(exponents))
