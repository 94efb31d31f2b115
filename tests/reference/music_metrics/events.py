"""mir_eval 0.8 on random beats, onsets, keys and tempi: events.json, read by tests/lua/test_music_metrics.lua.

    python3 tests/reference/music_metrics/events.py
"""
import json
import pathlib
import warnings

import mir_eval
import numpy as np

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)
beats, onsets = [], []
for case in range(24):
    period = rng.uniform(.3, .8)
    truth = np.cumsum(rng.normal(period, .01, int(rng.integers(6, 40)))) + rng.uniform(0, 6)
    estimate = truth + rng.normal(0, rng.choice([.01, .03, .08]), len(truth))
    change = case % 6
    if change == 1:
        estimate = estimate[::2]
    elif change == 2:
        estimate = np.sort(np.r_[estimate, estimate[:-1] + period / 2])
    elif change == 3:
        estimate = estimate + period / 2
    elif change == 4:
        estimate = estimate[rng.random(len(estimate)) < .8]
    elif change == 5:
        estimate = np.sort(rng.uniform(truth[0], truth[-1], len(truth)))
    truth, estimate = np.round(truth, 4), np.round(np.sort(estimate[estimate > 0]), 4)
    scores = mir_eval.beat.evaluate(truth, estimate)
    beats.append({"reference": truth.tolist(), "estimate": estimate.tolist(), "scores": {k: float(v) for k, v in scores.items()}})
    f, p, r = mir_eval.onset.f_measure(truth, estimate)
    onsets.append({"reference": truth.tolist(), "estimate": estimate.tolist(), "scores": [f, p, r]})

names = ["C major", "A minor", "a minor", "G major", "F major", "C minor", "Eb major", "F# minor", "Gb minor", "B major"]
keys = [[a, b, mir_eval.key.weighted_score(a, b)] for a in names for b in names]
tempi = []
for _ in range(30):
    truth, weight = np.sort(rng.uniform(50, 180, 2)), float(rng.uniform(0, 1))
    estimate = truth * rng.choice([1, 1.05, 1.1, 2], 2)
    p, one, both = mir_eval.tempo.detection(truth, weight, estimate)
    tempi.append([truth.tolist(), weight, estimate.tolist(), float(p), bool(one), bool(both)])
pathlib.Path(__file__).with_suffix(".json").write_text(
    json.dumps({"beats": beats, "onsets": onsets, "keys": keys, "tempi": tempi}) + "\n")
