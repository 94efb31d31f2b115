"""mir_eval 0.8 on random sections: segments.json, read by tests/lua/test_music_metrics.lua.

    python3 tests/reference/music_metrics/segments.py
"""
import json
import pathlib
import warnings

import mir_eval
import numpy as np

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)


def song(start, stop, kinds):
    inner = np.sort(rng.uniform(start, stop, int(rng.integers(0, 9))))
    edges = np.unique(np.round(np.r_[start, inner, stop], int(rng.integers(1, 4))))
    return np.c_[edges[:-1], edges[1:]], [str(rng.choice(list("ABabC")[:kinds])) for _ in edges[1:]]


cases = []
for case in range(24):
    stop = float(np.round(rng.uniform(20, 90), 2))
    truth, names = song(0 if case % 3 else 1.5, stop, int(rng.integers(1, 6)))
    guess, guessed = song(0 if case % 2 else .7, stop + float(rng.choice([-5, 0, 4])), int(rng.integers(1, 6)))
    if case == 23:
        guess, guessed = truth, list(names)
    scores = mir_eval.segment.evaluate(truth, list(names), guess, list(guessed))
    # Of a single label mir_eval divides what rounding left by 1e-10.
    if abs(scores["Normalized Mutual Information"]) < 1e-5:
        scores["Normalized Mutual Information"] = 0
    cases.append({"reference": [[*i, n] for i, n in zip(truth.tolist(), names)],
                  "estimate": [[*i, n] for i, n in zip(guess.tolist(), guessed)],
                  "scores": {k: float(v) for k, v in scores.items()}})
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")
