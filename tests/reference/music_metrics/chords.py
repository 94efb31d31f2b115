"""mir_eval 0.8 on random sequences of chords: chords.json, read by tests/lua/test_music_metrics.lua.

    python3 tests/reference/music_metrics/chords.py
"""
import json
import pathlib
import warnings

import mir_eval
import numpy as np

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)
shorthands = ["", ":maj", ":min", ":7", ":maj7", ":min7", ":sus4", ":dim", ":aug", ":hdim7", ":9", ":min9", ":maj(9)", ":(3,5)",
              ":5", ":1", ":maj/3", ":min/b3", ":7/b7", ":maj/5", ":min7(*5)", ":13", ":maj6", ":dim7", ":min11", ":minmaj7"]
roots = ["C", "Db", "D#", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B", "Cb", "E#"]


def label():
    if rng.random() < .08:
        return "N"
    if rng.random() < .04:
        return "X"
    return rng.choice(roots) + rng.choice(shorthands)


def sequence(start, stop, n):
    cuts = np.round(np.sort(rng.uniform(start, stop, n - 1)), 3)
    times = np.r_[start, np.unique(cuts), stop]
    return np.c_[times[:-1], times[1:]], [label() for _ in times[1:]]


cases = []
for case in range(30):
    reference, truth = sequence(0., 30., int(rng.integers(3, 25)))
    if case % 3 == 0:
        estimate, found = reference.copy(), [t if rng.random() < .6 else label() for t in truth]
        shift = np.round(rng.uniform(0, .1, len(estimate) - 1), 3)
        estimate[:-1, 1] += shift * (np.diff(estimate[:, 0]) > .2)
        estimate[1:, 0] = estimate[:-1, 1]
    else:
        estimate, found = sequence(rng.choice([0., .5]), rng.choice([29., 30., 31.]), int(rng.integers(3, 25)))
    if rng.random() < .3:
        found = [t.split("/")[0] for t in found]
    if (np.diff(estimate) <= 0).any():
        continue
    scores = mir_eval.chord.evaluate(reference, truth, estimate, found)
    cases.append({"reference": [[*i, t] for i, t in zip(reference.tolist(), truth)],
                  "estimate": [[*i, str(t)] for i, t in zip(estimate.tolist(), found)],
                  "scores": {k: float(v) for k, v in scores.items()}})
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases, default=str) + "\n")
