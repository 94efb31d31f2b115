"""mir_eval 0.8 on random notes: notes.json, read by tests/lua/test_music_metrics.lua.

    python3 tests/reference/music_metrics/notes.py
"""
import json
import pathlib

import mir_eval
import numpy as np

rng = np.random.default_rng(5)
loudness = np.random.default_rng(6)


def hertz(pitches):
    return 440 * 2 ** ((pitches - 69) / 12)


cases = []
for case in range(16):
    n = int(rng.integers(4, 24))
    start = np.sort(rng.uniform(0, n * .15, n))
    length = rng.uniform(.08, 1, n)
    pitch = rng.integers(55, 60, n).astype(float)
    heard = rng.random(n) < .85
    truth = np.round(np.c_[start, start + length], 3)
    guess = np.round(truth[heard] + rng.normal(0, .035, (heard.sum(), 2)) + .2, 3)
    guess[:, 1] = np.maximum(guess[:, 1], guess[:, 0] + .03)
    truth += .2
    heard_pitch = np.round(pitch[heard] + rng.normal(0, .3, heard.sum()), 3)
    order = np.argsort(guess[:, 0], kind="stable")
    guess, heard_pitch = guess[order], heard_pitch[order]
    guess = np.maximum(guess, 0)
    scores = mir_eval.transcription.evaluate(truth, hertz(pitch), guess, hertz(heard_pitch))
    velocity = loudness.integers(20, 128, n)
    heard_velocity = np.clip(velocity[heard][order] * .5 + loudness.normal(0, 8, heard.sum()), 0, 127).round()
    if case == 3:
        velocity[:] = 64
    if case == 4:
        heard_velocity[:] = 64
    louder = mir_eval.transcription_velocity.evaluate(
        truth, hertz(pitch), velocity, guess, hertz(heard_pitch), heard_velocity)
    scores.update({"Velocity_" + name: value for name, value in louder.items()})
    cases.append({"reference": np.c_[truth, pitch, velocity].tolist(),
                  "estimate": np.c_[guess, heard_pitch, heard_velocity].tolist(),
                  "scores": {k: float(v) for k, v in scores.items()}})
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")
