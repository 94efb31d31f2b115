"""mir_eval 0.8 on random melodies: melodies.json, read by tests/lua/test_music_metrics.lua.

    python3 tests/reference/music_metrics/melodies.py
"""
import json
import pathlib
import warnings

import mir_eval
import numpy as np

warnings.simplefilter("ignore")
rng = np.random.default_rng(13)


def melody(n, hop, start):
    hz = 220 * 2 ** (np.cumsum(rng.normal(0, .3, n)) / 12)
    silent = np.repeat(rng.random(n // 5 + 1) < .3, 5)[:n]
    hz[silent] = 0
    return start + hop * np.arange(n), hz


cases = []
for case in range(16):
    times, truth = melody(60, .0116, [0, .05][case % 2])
    if case % 4 < 2:
        found_times, found = times, truth * 2 ** (rng.normal(0, .3, 60) / 12)
        found[rng.random(60) < .2] *= 2
        found[rng.random(60) < .2] *= -1
    else:
        found_times = np.arange(rng.integers(40, 80)) * .01 + [0, .02][case % 3 % 2]
        found = np.interp(found_times, times, truth) * 2 ** (rng.normal(0, .2, len(found_times)) / 12)
        found[rng.random(len(found)) < .2] = 0
    scores = mir_eval.melody.evaluate(times, truth, found_times, found)
    cases.append({"reference": {"times": times.tolist(), "hz": truth.tolist()},
                  "estimate": {"times": found_times.tolist(), "hz": found.tolist()},
                  "scores": {k: float(v) for k, v in scores.items()}})
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")
