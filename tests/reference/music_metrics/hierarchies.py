"""mir_eval 0.8 on random hierarchies of sections: hierarchies.json, read by tests/lua/test_music_metrics.lua.

    python3 tests/reference/music_metrics/hierarchies.py
"""
import json
import pathlib
import warnings

import mir_eval
import numpy as np

warnings.simplefilter("ignore")
rng = np.random.default_rng(17)


def hierarchy(stop, levels):
    """Each level divides the one before."""
    edges, made = np.array([0, stop]), []
    for level in range(levels):
        edges = np.unique(np.r_[edges, np.round(rng.uniform(0, stop, int(rng.integers(1, 5))), 2)])
        labels = [str(rng.choice(list("abAcd")[:2 + level])) for _ in edges[1:]]
        made.append((np.c_[edges[:-1], edges[1:]], labels))
    return made


def rows(levels):
    return [[[*i, n] for i, n in zip(intervals.tolist(), labels)] for intervals, labels in levels]


cases = []
for case in range(12):
    stop = float(np.round(rng.uniform(15, 60), 2))
    truth = hierarchy(stop, 1 + case % 3)
    guess = truth if case == 11 else hierarchy(stop + float(rng.choice([-3, 0, 3])), 1 + case % 4)
    scores = mir_eval.hierarchy.evaluate(*zip(*truth), *zip(*guess))
    cases.append({"reference": rows(truth), "estimate": rows(guess), "scores": {k: float(v) for k, v in scores.items()}})
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")
